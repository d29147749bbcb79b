#include <algorithm>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <memory>
#include <span>
#include <string_view>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::test::doubles;
using xg::test::values_of;
using Tensors = std::vector<Tensor>;
using Values = std::vector<double>;

namespace {

void check_close(const Tensor& found, const Tensor& expected) {
  REQUIRE(found.shape() == expected.shape());
  const Values a = values_of(found);
  const Values b = values_of(expected);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-11));
  }
}

/// h′ = tanh(h U + x W), which is output as well as its squares: by scan, and written out.
struct Recurrence {
  Tensor W;
  Tensor U;

  [[nodiscard]] xg::ScanStep step(const Tensor& h, const Tensor& x) const {
    const Tensor next = tanh(matmul(h, U) + matmul(x, W));
    return {{next}, {square(next), next}};
  }
  [[nodiscard]] xg::Scanned by_scan(const Tensor& h, const Tensor& xs, bool reverse) const {
    return scan([this](const Tensors& carry, const Tensors& x) { return step(carry[0], x[0]); }, Tensors{h},
                Tensors{xs}, {.reverse = reverse});
  }
  [[nodiscard]] xg::Scanned written_out(Tensor h, const Tensor& xs, bool reverse) const {
    std::vector<Tensors> outputs(2, Tensors(static_cast<std::size_t>(xs.dim(0))));
    for (std::int64_t k = 0; k < xs.dim(0); ++k) {
      const std::int64_t t = reverse ? xs.dim(0) - 1 - k : k;
      const xg::ScanStep each = step(h, xs.at({t}));
      h = each.carry[0];
      outputs[0][static_cast<std::size_t>(t)] = each.outputs[0];
      outputs[1][static_cast<std::size_t>(t)] = each.outputs[1];
    }
    return {{h}, {stack(outputs[0]), stack(outputs[1])}};
  }
};

/// x itself; refuses memory that doesn't start on 64 bytes, as a plan promises to kernels.
class Aligned final : public xg::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "aligned"; }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  void evaluate(std::span<const xg::ConstArray> inputs, const xg::Array& output) const override {
    for (const void* memory : {inputs[0].data, static_cast<const void*>(output.data)}) {
      if (reinterpret_cast<std::uintptr_t>(memory) % 64 != 0) {
        throw xg::ValueError{"[aligned] found memory that doesn't start on 64 bytes"};
      }
    }
    std::copy_n(static_cast<const double*>(inputs[0].data), output.shape.size(), static_cast<double*>(output.data));
  }
};

struct Drawn {
  xg::Random random{3};
  Tensor normal(const xg::Shape& shape) { return xg::variable(random.normal(shape, 0, 1, xg::float64)); }
};

Tensor weighted(const xg::Scanned& scanned, std::uint64_t seed) {
  xg::Random random{seed};
  const auto part = [&random](const Tensor& each) {
    return sum(each * random.normal(each.shape(), 0, 1, xg::float64));
  };
  return part(scanned.carry[0]) + part(scanned.outputs[0]) + part(scanned.outputs[1]);
}

}  // namespace

TEST_CASE("scan: carries and stacked outputs are those of the loop") {
  const auto running = scan(
      [](const Tensor& c, const Tensor& x) {
        return std::pair{c * 2 + x, c};
      },
      doubles({1, 10}), doubles({{1, 2}, {3, 4}, {5, 6}}));
  CHECK(values_of(running.first) == Values{8 + 4 + 6 + 5, 80 + 8 + 8 + 6});
  CHECK(values_of(running.second) == Values{1, 10, 3, 22, 9, 48});
  const auto back = scan(
      [](const Tensor& c, const Tensor& x) {
        return std::pair{c * 2 + x, c};
      },
      doubles({1, 10}), doubles({{1, 2}, {3, 4}, {5, 6}}), {.reverse = true});
  CHECK(values_of(back.first) == Values{8 + 20 + 6 + 1, 80 + 24 + 8 + 2});
  CHECK(values_of(back.second) == Values{17, 56, 7, 26, 1, 10});
}

TEST_CASE("scan: exchanged carries, carries that stay, outputs that are inputs or numbers") {
  const auto step = [](const Tensors& carry, const Tensors& xs) {
    return xg::ScanStep{{carry[1], carry[0], carry[2]}, {xs[0], carry[2], xg::full({2}, 7.0, xg::float64), carry[0]}};
  };
  for (const bool differentiated : {false, true}) {
    CAPTURE(differentiated);
    const Tensor a = differentiated ? xg::variable(doubles({1, 2})) : doubles({1, 2});
    const auto result =
        scan(step, Tensors{a, doubles({3, 4}), doubles({5, 6})}, Tensors{doubles({{1, 1}, {2, 2}, {3, 3}})});
    CHECK(values_of(result.carry[0]) == Values{3, 4});
    CHECK(values_of(result.carry[1]) == Values{1, 2});
    CHECK(values_of(result.carry[2]) == Values{5, 6});
    CHECK(values_of(result.outputs[0]) == Values{1, 1, 2, 2, 3, 3});
    CHECK(values_of(result.outputs[1]) == Values{5, 6, 5, 6, 5, 6});
    CHECK(values_of(result.outputs[2]) == Values(6, 7));
    CHECK(values_of(result.outputs[3]) == Values{1, 2, 3, 4, 1, 2});
  }
}

TEST_CASE("scan: gradients of every order by carry, sequence and what is captured are those of the loop written out") {
  for (const bool reverse : {false, true}) {
    CAPTURE(reverse);
    Drawn drawn;
    const Tensor h = drawn.normal({2, 3});
    const Tensor xs = drawn.normal({4, 2, 2});
    const Recurrence recurrence{drawn.normal({2, 3}), drawn.normal({3, 3})};
    const Tensors by{h, xs, recurrence.W, recurrence.U};
    Tensor found = weighted(recurrence.by_scan(h, xs, reverse), 5);
    Tensor expected = weighted(recurrence.written_out(h, xs, reverse), 5);
    for (int order = 1; order <= 3; ++order) {
      CAPTURE(order);
      const Tensors a = xg::gradients(found, by);
      const Tensors b = xg::gradients(expected, by);
      xg::Random random{11};
      found = xg::scalar(0, xg::float64);
      expected = xg::scalar(0, xg::float64);
      for (std::size_t i = 0; i < by.size(); ++i) {
        check_close(a[i], b[i]);
        const Tensor v = random.normal(by[i].shape(), 0, 1, xg::float64);
        found = found + sum(a[i] * v);
        expected = expected + sum(b[i] * v);
      }
    }
  }
}

TEST_CASE("scan: forward mode, integer sequences, several carries, results that nothing depends on") {
  const Tensor table = xg::variable(doubles({{1, 2}, {3, 4}, {5, 6}}));
  const Tensor words = xg::tensor({2, 0, 2}, xg::int64);
  const auto step = [&](const Tensors& carry, const Tensors& xs) {
    const Tensor word = take(table, xs[0]);
    return xg::ScanStep{{carry[0] * word, carry[1] + sum(carry[0])}, {word}};
  };
  const auto result = scan(step, Tensors{doubles({1, 1}), xg::scalar(0, xg::float64)}, Tensors{words});
  CHECK(values_of(result.carry[0]) == Values{25, 72});
  CHECK(values_of(result.carry[1]) == Values{2 + 11 + 17});
  // c₀ = t₂² t₀, c₁ = Σ 1 + t₂ + t₂ t₀.
  const Tensors gradient = xg::gradients(sum(result.carry[0]) + result.carry[1], {table});
  CHECK(values_of(gradient[0]) == Values{25 + 5, 36 + 6, 0, 0, 10 + 1 + 1, 24 + 1 + 2});
  const Tensor tangent = doubles({{1, 0}, {0, 0}, {0, 1}});
  const Tensors forward = xg::jvp(Tensors{result.carry[0]}, Tensors{table}, Tensors{tangent});
  CHECK(values_of(forward[0]) == Values{25, 24});
}

TEST_CASE("scan: what a step reads starts where kernels expect it, wherever it lies in the sequence") {
  const auto aligned = [](const Tensor& x) { return xg::apply(std::make_shared<const Aligned>(), {x}); };
  const auto result = scan(
      [&](const Tensor& c, const Tensor& x) {
        return std::pair{aligned(c) + aligned(x), aligned(x) * 2};
      },
      doubles({1, 1, 1}), doubles({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}));
  CHECK(values_of(result.first) == Values{13, 16, 19});
  CHECK(values_of(result.second) == Values{2, 4, 6, 8, 10, 12, 14, 16, 18});
}

TEST_CASE("scan: nests, and its inner loop captures the outer one's tensors") {
  const Tensor a = xg::variable(doubles({0.5, -1.5}));
  const Tensor xs = doubles({{1, 2}, {3, 4}});
  const auto inner = [](const Tensor& scale, const Tensor& start) {
    return scan(
        [&](const Tensor& c, const Tensor& x) {
          return std::pair{c * scale + x, sin(c)};
        },
        start, doubles({{1, 1}, {2, 3}, {1, 0}}));
  };
  const auto outer = scan(
      [&](const Tensor& c, const Tensor& x) {
        const auto [last, all] = inner(x * a, c);
        return std::pair{last, sum(all)};
      },
      doubles({1, 1}), xs);
  Tensor c = doubles({1, 1});
  Tensor total = xg::scalar(0, xg::float64);
  const Tensor starts = doubles({{1, 1}, {2, 3}, {1, 0}});
  for (std::int64_t t = 0; t < 2; ++t) {
    for (std::int64_t k = 0; k < 3; ++k) {
      total = total + sum(sin(c)) * static_cast<double>(t + 1);
      c = c * (xs.at({t}) * a) + starts.at({k});
    }
  }
  const Tensor found = sum(outer.second * doubles({1, 2})) + sum(outer.first);
  check_close(found, total + sum(c));
  const Tensor first = xg::gradients(found, {a})[0];
  const Tensor expected = xg::gradients(total + sum(c), {a})[0];
  check_close(first, expected);
  check_close(xg::gradients(sum(first * a), {a})[0], xg::gradients(sum(expected * a), {a})[0]);
}

TEST_CASE("scan: trains inside compile() as eager; plans are found again; numbers in the step count") {
  xg::Random random{7};
  const xg::nn::GRUCell cell{2, 3, random, {.dtype = xg::float64}};
  const xg::nn::GRUCell twin = xg::nn::clone(cell);
  const Tensor xs = random.normal({6, 4, 2}, 0, 1, xg::float64);
  const Tensor h = xg::zeros({4, 3}, xg::float64);
  const auto loss_of = [&](const xg::nn::GRUCell& each) {
    return mean(square(scan(
                           [&](const Tensor& carry, const Tensor& x) {
                             const Tensor next = each(x, carry);
                             return std::pair{next, next};
                           },
                           h, xs)
                           .second -
                       0.5));
  };
  xg::optim::SGD eager{xg::nn::parameters(cell), {.learning_rate = 0.5}};
  xg::optim::SGD compiled{xg::nn::parameters(twin), {.learning_rate = 0.5}};
  auto step = xg::compile([&] {
    const Tensor loss = loss_of(twin);
    compiled.step(loss);
    return loss;
  });
  for (int i = 0; i < 4; ++i) {
    const Tensor loss = loss_of(cell);
    eager.step(loss);
    CHECK(step().item() == doctest::Approx(loss.item()).epsilon(1e-13));
  }
  const auto scaled = [&](double factor) {
    return scan(
               [=](const Tensor& c, const Tensor& x) {
                 return std::pair{c * factor + x, c};
               },
               doubles({1}), doubles({{1}, {1}}))
        .first;
  };
  CHECK(values_of(scaled(3)) == Values{13});
  CHECK(values_of(scaled(4)) == Values{21});
}

TEST_CASE("scan: without sequences, and without steps") {
  const auto powers = [](const Tensors& carry, const Tensors& /*xs*/) {
    return xg::ScanStep{{carry[0] * 2}, {carry[0]}};
  };
  const auto three = scan(powers, Tensors{doubles({1})}, Tensors{}, {.length = 3});
  CHECK(values_of(three.outputs[0]) == Values{1, 2, 4});
  const auto none = scan(powers, Tensors{doubles({1})}, Tensors{}, {.length = 0});
  CHECK(values_of(none.carry[0]) == Values{1});
  CHECK(none.outputs[0].shape() == xg::Shape{0, 1});
}

TEST_CASE("scan: ten thousand steps") {
  const xg::Parameter a{xg::scalar(0.999, xg::float64), "a"};
  const Tensor xs = xg::ones({10'000}, xg::float64);
  const auto loss = [&] {
    return scan(
               [&](const Tensor& c, const Tensor& x) {
                 return std::pair{c * a + x, c};
               },
               xg::scalar(0, xg::float64), xs)
        .first;
  };
  // Σ aᵏ for k < n, and its derivative.
  const double n = 10'000;
  const double power = std::pow(0.999, n);
  CHECK(loss().item() == doctest::Approx((1 - power) / 0.001).epsilon(1e-10));
  const double derivative = (1 - power) / 1e-6 - n * std::pow(0.999, n - 1) / 0.001;
  CHECK(xg::gradients(loss(), {a})[0].item() == doctest::Approx(derivative).epsilon(1e-9));
}

TEST_CASE("scan: the plan of a loop and its gradient has as many steps for ten thousand steps as for ten") {
  const auto steps_of = [](std::int64_t length) {
    const xg::Parameter a{xg::scalar(0.5, xg::float64), "a"};
    const Tensor last = scan(
                            [&](const Tensor& c, const Tensor& x) {
                              return std::pair{sin(c * a) + x, c};
                            },
                            xg::scalar(0, xg::float64), xg::ones({length}, xg::float64))
                            .first;
    const std::string plan = xg::describe_plan(std::vector<Tensor>{last, xg::gradients(last, {a})[0]});
    return std::count(plan.begin(), plan.end(), '\n');
  };
  CHECK(steps_of(10) > 3);
  CHECK(steps_of(10) == steps_of(10'000));
}

TEST_CASE("scan: says what doesn't fit") {
  const Tensor x = xg::zeros({4, 2}, xg::float64);
  const Tensor c = xg::zeros({2}, xg::float64);
  const auto keeps = [](const Tensors& carry, const Tensors& /*xs*/) { return xg::ScanStep{carry, {}}; };
  CHECK(message_of<xg::ShapeError>([&] {
          return scan(keeps, Tensors{c}, Tensors{x, xg::zeros({3}, xg::float64)});
        }) == "[scan] sequence 1 is (3,); expected 4 elements along its first axis");
  CHECK(message_of<xg::ShapeError>([&] { return scan(keeps, Tensors{c}, Tensors{x}, {.length = 5}); }) ==
        "[scan] sequence 0 is (4, 2); expected 5 elements along its first axis");
  CHECK(message_of<xg::ValueError>([&] { return scan(keeps, Tensors{c}, Tensors{}); }) ==
        "[scan] without sequences needs a length");
  CHECK(message_of<xg::ValueError>([&] { return scan(keeps, Tensors{c}, Tensors{}, {.length = -1}); }) ==
        "[scan] of -1 steps");
  CHECK(message_of<xg::ValueError>([&] { return scan(keeps, Tensors{Tensor{}}, Tensors{x}); }) ==
        "[scan] carry 0 is an undefined Tensor");
  CHECK(message_of<xg::ValueError>([&] { return scan(xg::ScanFunction{}, Tensors{c}, Tensors{x}); }) ==
        "[scan] of an empty function");
  const auto stepping = [&](const xg::ScanStep& step) {
    return [&, step] {
      return scan([step](const Tensors& /*c*/, const Tensors& /*x*/) { return step; }, Tensors{c}, Tensors{x});
    };
  };
  CHECK(message_of<xg::ValueError>(stepping({{}, {}})) == "[scan] 1 tensors are carried in, 0 out");
  CHECK(message_of<xg::ShapeError>(stepping({{x}, {}})) ==
        "[scan] carry 0 comes in as float64 (2,), and goes out as float64 (4, 2)");
  CHECK(message_of<xg::ShapeError>(stepping({{xg::zeros({2})}, {}})) ==
        "[scan] carry 0 comes in as float64 (2,), and goes out as float32 (2,)");
  CHECK(message_of<xg::DTypeError>(stepping({{c}, {xg::zeros({2}, xg::int64)}})) ==
        "[scan] carries and outputs are float32 or all float64; found float64 and int64");
  CHECK(message_of<xg::ValueError>(stepping({{c}, {Tensor{}}})) == "[scan] output 0 is an undefined Tensor");
  xg::Random random{1};
  const auto draws = [&](const Tensors& carry, const Tensors& /*xs*/) {
    return xg::ScanStep{{carry[0] + random.normal({2}, 0, 1, xg::float64)}, {}};
  };
  CHECK(contains(message_of<xg::ValueError>([&] { return scan(draws, Tensors{c}, Tensors{x}); }),
                 "[scan] the step sets a State, as a draw of random numbers does"));
  const xg::Parameter p{c, "p"};
  const auto sets = [&](const Tensors& carry, const Tensors& /*xs*/) {
    p.set(carry[0]);
    return xg::ScanStep{carry, {}};
  };
  CHECK(contains(message_of<xg::ValueError>([&] { return scan(sets, Tensors{c}, Tensors{x}); }),
                 "[scan] the step sets a Parameter"));
  const auto reads = [](const Tensors& carry, const Tensors& /*xs*/) {
    carry[0].eval();
    return xg::ScanStep{carry, {}};
  };
  CHECK_THROWS_AS(static_cast<void>(scan(reads, Tensors{c}, Tensors{x})), xg::ValueError);
  p.set(c);  // nothing is left over
}
