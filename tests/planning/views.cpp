// Operations that only arrange elements, in plans: their result isn't written where others can read it in place.
#include <algorithm>
#include <array>
#include <cstdint>
#include <doctest/doctest.h>
#include <functional>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/arranged.hpp"
#include "support/doubles.hpp"
#include "support/message_of.hpp"
#include "support/thread_count.hpp"

namespace xg = xgrad;
using xg::Slice;
using xg::Tensor;
using xgrad::test::Both;
using xgrad::test::Doubles;
using xgrad::test::flipped;
using xgrad::test::Lengths;
using xgrad::test::numbers;
using xgrad::test::permuted;
using xgrad::test::Reference;
using xgrad::test::reshaped;
using xgrad::test::sliced;
using xgrad::test::values_of;

namespace {

class Draw {
 public:
  explicit Draw(unsigned seed) : engine_{seed} {}
  std::int64_t up_to(std::int64_t most) { return std::uniform_int_distribution<std::int64_t>{0, most}(engine_); }

 private:
  std::mt19937 engine_;
};

Both arranged_at_random(Both x, Draw& draw) {
  const auto rank = static_cast<std::int64_t>(x.reference.shape.size());
  const auto axis = static_cast<std::size_t>(draw.up_to(rank - 1));
  const std::int64_t length = x.reference.shape[axis];
  switch (draw.up_to(3)) {
    case 0: {
      Lengths axes(static_cast<std::size_t>(rank));
      std::iota(axes.begin(), axes.end(), 0);
      for (std::size_t i = axes.size(); i-- > 1;) {
        std::swap(axes[i], axes[static_cast<std::size_t>(draw.up_to(static_cast<std::int64_t>(i)))]);
      }
      return permuted(x, axes);
    }
    case 1: {
      const std::int64_t start = draw.up_to(length - 1);
      return sliced(x, axis, start, start + 1 + draw.up_to(length - 1 - start), 1 + draw.up_to(1));
    }
    case 2:
      return flipped(x, axis);
    default: {
      Lengths shape = x.reference.shape;
      if (draw.up_to(1) == 0 && shape.size() > 1) {  // two axes become one
        const std::size_t first = std::min(axis, shape.size() - 2);
        shape[first] *= shape[first + 1];
        shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(first) + 1);
      } else if (length % 2 == 0 && shape.size() < 5) {  // one becomes two
        shape[axis] = 2;
        shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, length / 2);
      } else if (shape.size() < 5) {
        shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
      }
      return reshaped(x, shape);
    }
  }
}

bool has_step(const std::vector<Tensor>& outputs, const std::string& word) {
  return xg::describe_plan(outputs).find(word) != std::string::npos;
}
bool has_step(const Tensor& output, const std::string& word) {
  return has_step(std::vector{output}, word);
}

/// Every other row, from the last one on; its kernel is never called where it can be read in place.
class EveryOther final : public xg::Operation {
 public:
  explicit EveryOther(std::int64_t wrong = 0, std::int64_t step = -2, std::size_t axis = 0)
      : wrong_{wrong}, step_{step}, axis_{axis} {}
  [[nodiscard]] std::string_view name() const noexcept override { return "every_other"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override {
    return {{"wrong", wrong_}, {"step", step_}, {"axis", static_cast<std::int64_t>(axis_)}};
  }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> inputs) const override {
    const xg::Shape& shape = inputs[0].shape();
    return {shape.with(0, (shape[0] + 1) / 2), inputs[0].dtype()};
  }
  [[nodiscard]] std::optional<xg::Arrangement> arrangement(const xg::Shape& input) const override {
    return xg::Arrangement{{input[0] - 1 + wrong_, 0}, {{axis_, step_}, {1, 1}}};
  }
  void evaluate(std::span<const xg::ConstArray> /*inputs*/, const xg::Array& /*output*/) const override {
    throw xg::ValueError{"[every_other] was computed"};
  }

 private:
  std::int64_t wrong_;
  std::int64_t step_;
  std::size_t axis_;
};

}  // namespace

TEST_CASE("whatever reads an arrangement of elements reads the right ones") {
  for (unsigned seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Draw draw{seed};
    Both x = numbers({4, 6, 2, 8}, 0.5);
    // Pending: what lies behind is part of the plan, too.
    if (draw.up_to(1) == 0) {
      x.tensor = x.tensor + 0.0 * xg::exp(xg::zeros({8}, xg::float64));
    }
    const Both start = x;
    for (std::int64_t i = draw.up_to(3); i >= 0; --i) {
      x = arranged_at_random(x, draw);
    }
    const Lengths& shape = x.reference.shape;
    const auto size = static_cast<std::int64_t>(x.reference.values.size());
    const auto last = static_cast<std::size_t>(shape.back());
    // Several readers of one arrangement in one plan. Some see it held, and so computed.
    const Tensor held = draw.up_to(3) == 0 ? x.tensor : Tensor{};
    const Tensor shifted = x.tensor * 2.0 + 1.0;
    const Tensor total = xg::sum(x.tensor);
    const Tensor rows = xg::sum(x.tensor, -1);
    const Tensor joined = xg::concatenate({x.tensor, x.tensor}, 0);
    const Tensor other = xg::sin(start.tensor);
    const Tensor weights = numbers({shape.back(), 3}, -1).tensor;
    const Tensor product = x.tensor.rank() > 1 ? xg::matmul(x.tensor, weights) : Tensor{};
    std::vector<Tensor> outputs{shifted, total, rows, joined, other};
    if (product.defined()) {
      outputs.push_back(product);
    }
    x.tensor = Tensor{};
    xg::eval(outputs);

    Doubles expected = x.reference.values;
    std::transform(expected.begin(), expected.end(), expected.begin(), [](double v) { return v * 2 + 1; });
    CHECK(values_of(shifted) == expected);
    CHECK(total.item() == std::accumulate(x.reference.values.begin(), x.reference.values.end(), 0.0));
    Doubles row_sums(static_cast<std::size_t>(size) / last, 0.0);
    for (std::size_t i = 0; i < x.reference.values.size(); ++i) {
      row_sums[i / last] += x.reference.values[i];
    }
    CHECK(values_of(rows) == row_sums);
    Doubles twice = x.reference.values;
    twice.insert(twice.end(), x.reference.values.begin(), x.reference.values.end());
    CHECK(values_of(joined) == twice);
    if (product.defined()) {
      Doubles products(row_sums.size() * 3, 0.0);
      for (std::size_t i = 0; i < x.reference.values.size(); ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
          products[i / last * 3 + j] += x.reference.values[i] * static_cast<double>(i % last * 3 + j);
        }
      }
      const Doubles found = values_of(product);
      REQUIRE(found.size() == products.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i] == doctest::Approx(products[i]).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("each reader alone") {
  for (unsigned seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Draw draw{seed + 1000};
    Both x = numbers({2, 12, 16}, 0.25);
    for (std::int64_t i = draw.up_to(2); i >= 0; --i) {
      x = arranged_at_random(x, draw);
    }
    switch (seed % 3) {
      case 0: {
        Doubles expected = x.reference.values;
        std::transform(expected.begin(), expected.end(), expected.begin(), [](double v) { return v + 3; });
        const Tensor result = x.tensor + 3.0;
        x.tensor = Tensor{};
        CHECK(values_of(result) == expected);
        break;
      }
      case 1: {
        const Tensor result = xg::max(x.tensor);
        x.tensor = Tensor{};
        CHECK(result.item() == *std::max_element(x.reference.values.begin(), x.reference.values.end()));
        break;
      }
      default: {
        if (x.reference.shape.size() < 2) {
          break;
        }
        // X Xᵀ, per matrix of the batch.
        const auto rows = static_cast<std::size_t>(x.reference.shape[x.reference.shape.size() - 2]);
        const auto columns = static_cast<std::size_t>(x.reference.shape.back());
        const Doubles& v = x.reference.values;
        Doubles expected;
        for (std::size_t matrix = 0; matrix < v.size() / (rows * columns); ++matrix) {
          for (std::size_t i = 0; i < rows; ++i) {
            for (std::size_t j = 0; j < rows; ++j) {
              const double* first = v.data() + (matrix * rows + i) * columns;
              expected.push_back(
                  std::inner_product(first, first + columns, v.data() + (matrix * rows + j) * columns, 0.0));
            }
          }
        }
        const Tensor result = xg::matmul(x.tensor, xg::transpose(x.tensor));
        x.tensor = Tensor{};
        const Doubles found = values_of(result);
        REQUIRE(found.size() == expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
          CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-12));
        }
      }
    }
  }
}

TEST_CASE("the heads of an attention are read where they are") {
  constexpr std::int64_t batch = 2;
  constexpr std::int64_t time = 5;
  constexpr std::int64_t heads = 3;
  constexpr std::int64_t width = 4;
  const Both all = numbers({batch, time, 3 * heads * width}, -100);
  const auto head = [&](std::int64_t part) {  // nobody holds what lies between
    const std::vector<Tensor> parts = xg::split(all.tensor * 0.01, 3, -1);
    return xg::permute(xg::reshape(parts[static_cast<std::size_t>(part)], {batch, time, heads, width}), {0, 2, 1, 3});
  };
  const Tensor context = xg::matmul(xg::matmul(head(0), xg::transpose(head(1))), head(2));
  CHECK_FALSE(has_step(context, "slice"));
  CHECK_FALSE(has_step(context, "permute"));
  CHECK(has_step(context, "matmul: 6 × gemm"));

  const auto element = [&](std::int64_t part, std::int64_t b, std::int64_t h, std::int64_t t, std::int64_t d) {
    return 0.01 * all.reference.at({b, t, part * heads * width + h * width + d});
  };
  const Reference expected = Reference::of({batch, heads, time, width}, [&](const Lengths& i) {
    double sum = 0;
    for (std::int64_t s = 0; s < time; ++s) {
      double score = 0;
      for (std::int64_t d = 0; d < width; ++d) {
        score += element(0, i[0], i[1], i[2], d) * element(1, i[0], i[1], s, d);
      }
      sum += score * element(2, i[0], i[1], s, i[3]);
    }
    return sum;
  });
  const Doubles found = values_of(context);
  REQUIRE(found.size() == expected.values.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i] == doctest::Approx(expected.values[i]).epsilon(1e-12));
  }
}

TEST_CASE("rows of a batch are no copy for a layer, a reduction or an element-wise pass") {
  const Both x = numbers({10, 7}, 0);
  const Both w = numbers({7, 3}, -10);
  const auto rows = [&] { return xg::slice(x.tensor, {3, 6}, 0); };
  // Returned by a function, so that no temporary is held when the plan is made.
  const auto layer = [&] { return xg::matmul(rows(), w.tensor); };
  const auto reduction = [&] { return xg::softmax(rows()); };
  const auto pass = [&] { return rows() + 1.0; };
  const auto columns = [&] { return xg::matmul(xg::slice(w.tensor, {1, 3}, 1), xg::ones({2, 4}, xg::float64)); };
  const auto short_runs = [&] { return xg::slice(numbers({100, 7}, 0).tensor, {1, 3}, 1) + 1.0; };
  const auto sums = [&] { return xg::sum(rows(), 0); };
  CHECK_FALSE(has_step(layer(), "slice"));
  CHECK_FALSE(has_step(reduction(), "slice"));
  CHECK_FALSE(has_step(pass(), "slice"));
  CHECK_FALSE(has_step(columns(), "slice"));
  // Who is asked for it gets it, and short runs are copied once.
  CHECK(has_step(rows(), "slice"));
  CHECK(has_step(short_runs(), "slice"));
  CHECK(values_of(sums()) ==
        Doubles{22 + 29 + 36, 23 + 30 + 37, 24 + 31 + 38, 25 + 32 + 39, 26 + 33 + 40, 27 + 34 + 41, 28 + 35 + 42});
}

TEST_CASE("nothing is written over what is read in another order") {
  const Both x = numbers({6, 10}, 0);
  const Tensor a = x.tensor * 2.0;  // memory of the plan, which a pass could write over
  const Doubles found = values_of(a + xg::flip(a, 1));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t row = i / 10;
    CHECK(found[i] == 2 * (x.reference.values[i] + x.reference.values[row * 10 + 9 - i % 10]));
  }
  // A parameter whose rows are read shifted while all of it is written.
  const xg::Parameter p{numbers({4, 10}, -1).tensor, "p"};
  xg::optim::SGD sgd{{{"p", p}}, {.learning_rate = 1.0}};
  const auto loss = [&] { return xg::sum(p * xg::concatenate({xg::slice(p, {1, 4}), xg::slice(p, {0, 1})}, 0)); };
  auto step = xg::compile([&] { return sgd.step(loss()); });
  Doubles expected(40);
  std::iota(expected.begin(), expected.end(), 0.0);
  for (int i = 0; i < 3; ++i) {
    // ∂/∂p_r of Σ p_r p_(r+1) is p_(r+1) + p_(r−1).
    Doubles next = expected;
    for (std::size_t r = 0; r < 4; ++r) {
      for (std::size_t c = 0; c < 10; ++c) {
        next[r * 10 + c] -= expected[(r + 1) % 4 * 10 + c] + expected[(r + 3) % 4 * 10 + c];
      }
    }
    step();
    expected = next;
    CHECK(values_of(p.value()) == expected);
  }
}

TEST_CASE("a product with the first rows of a matrix isn't joined with the update of all of it") {
  constexpr std::int64_t rows = 256;
  constexpr std::int64_t columns = 100;
  const Both w = numbers({rows, columns}, -12000);
  const Both delta = numbers({rows}, -120);
  const Both x = numbers({columns}, -50);
  const auto back = [&] {
    return xg::matmul(xg::transpose(xg::slice(w.tensor, {0, 128})), xg::slice(delta.tensor, {0, 128}));
  };
  const auto update = [&] { return w.tensor - xg::outer(delta.tensor, x.tensor); };
  const std::vector<Tensor> results{back(), update()};
  xg::eval(results);
  const Doubles y = values_of(results[0]);
  for (std::int64_t c = 0; c < columns; ++c) {
    double sum = 0;
    for (std::int64_t r = 0; r < 128; ++r) {
      sum += w.reference.at({r, c}) * delta.reference.at({r});
    }
    CHECK(y[static_cast<std::size_t>(c)] == doctest::Approx(sum).epsilon(1e-12));
  }
  const Doubles updated = values_of(results[1]);
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const std::int64_t r = i / columns;
    const std::int64_t c = i % columns;
    CHECK(updated[static_cast<std::size_t>(i)] ==
          w.reference.at({r, c}) - delta.reference.at({r}) * x.reference.at({c}));
  }
}

/// x in the shape of y, whose values it doesn't read.
class Like final : public xg::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "like"; }
  [[nodiscard]] bool aliases_input() const noexcept override { return true; }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[1].shape(), inputs[0].dtype()};
  }
  void evaluate(std::span<const xg::ConstArray> /*inputs*/, const xg::Array& /*output*/) const override {}
};

TEST_CASE("an alias is of its first input, whatever the others are") {
  const Both x = numbers({8}, 0);
  const Both y = numbers({2, 8}, 100);
  const auto plus_one = [&] {
    return xg::apply(std::make_shared<Like>(), {x.tensor, xg::slice(y.tensor, {1, 2})}) + 1.0;
  };
  CHECK(values_of(plus_one()) == Doubles{2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("views of every element size, from any first element, of an argument of a compiled function") {
  for (const xg::DType dtype : {xg::float32, xg::float64, xg::int64, xg::boolean}) {
    CAPTURE(xg::to_string(dtype));
    for (std::int64_t first = 0; first < 9; ++first) {
      auto f = xg::compile([&](const Tensor& x) {
        const Tensor part = xg::slice(x, {first, first + 70});
        const Tensor every_other = xg::flip(xg::slice(x, {first, first + 64, 2}));
        return std::vector<Tensor>{xg::cast(part, xg::float64) + 0.5, xg::cast(every_other, xg::float64) + 0.5};
      });
      const Tensor source = xg::cast(xg::arange(0, 100, 1, xg::int64), dtype).eval();
      const std::vector<Tensor> found = f(source);
      const auto element = [&](std::int64_t i) {
        return 0.5 + (dtype == xg::boolean ? (i == 0 ? 0.0 : 1.0) : static_cast<double>(i));
      };
      for (std::int64_t i = 0; i < 70; ++i) {
        CHECK(values_of(found[0])[static_cast<std::size_t>(i)] == element(first + i));
      }
      for (std::int64_t i = 0; i < 32; ++i) {
        CHECK(values_of(found[1])[static_cast<std::size_t>(i)] == element(first + 62 - 2 * i));
      }
    }
  }
}

TEST_CASE("large views on several threads") {
  constexpr std::int64_t rows = 600;
  constexpr std::int64_t columns = 1000;
  const Tensor x = xg::reshape(xg::arange(0, rows * columns, 1, xg::float64), {rows, columns});
  const auto result = [&](int threads) {
    const xg::test::ThreadCount count{threads};
    const auto both = [&] {
      const Tensor inner = xg::slice(x, {100, 900}, 1);
      return xg::flip(inner, 0) * 2.0 + inner;
    };
    CHECK_FALSE(has_step(both(), "slice"));
    return values_of(both());
  };
  const Doubles one = result(1);
  CHECK(one == result(2));
  for (std::int64_t r = 0; r < rows; r += 7) {
    for (std::int64_t c = 0; c < 800; c += 13) {
      const double expected =
          2.0 * static_cast<double>((rows - 1 - r) * columns + 100 + c) + static_cast<double>(r * columns + 100 + c);
      CHECK(one[static_cast<std::size_t>(r * 800 + c)] == expected);
    }
  }
}

TEST_CASE("a user's operation that arranges elements has the same rights") {
  const Both x = numbers({5, 9}, 0);
  const auto plus_one = [&] { return xg::apply(std::make_shared<EveryOther>(), {x.tensor}) + 1.0; };
  CHECK_FALSE(has_step(plus_one(), "every_other"));
  Doubles expected;
  for (const std::size_t row : {4U, 2U, 0U}) {
    for (std::size_t column = 0; column < 9; ++column) {
      expected.push_back(x.reference.values[row * 9 + column] + 1);
    }
  }
  CHECK(values_of(plus_one()) == expected);
  const auto message = [&](std::int64_t wrong, std::int64_t step, std::size_t axis) {
    const auto plus = [&] { return xg::apply(std::make_shared<EveryOther>(wrong, step, axis), {x.tensor}) + 1.0; };
    return message_of<xg::ValueError>([&] { return values_of(plus()); });
  };
  const std::string outside = "[every_other] arrangement() of (5, 9) to (3, 9) takes elements that aren't there";
  CHECK(message(1, -2, 0) == outside);
  CHECK(message(-1, -2, 0) == outside);
  CHECK(message(0, std::int64_t{1} << 62, 0) == outside);
  CHECK(message(0, -2, 2) == "[every_other] arrangement() of (5, 9) to (3, 9) runs along axis 2, which isn't there");
}
