#include <algorithm>
#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <string>
#include <tuple>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using Values = std::vector<double>;
using xgrad::test::doubles;
using xgrad::test::values_of;

namespace {

xg::nn::Sequential network(std::uint64_t seed, xg::DType dtype = xg::float64) {
  xg::Random random{seed};
  const xg::nn::DenseOptions options{.dtype = dtype};
  return xg::nn::Sequential{xg::nn::Dense{5, 4, random, options}, xg::nn::Sigmoid{},
                            xg::nn::Dense{4, 3, random, options}, xg::nn::Sigmoid{}};
}

void check_close(const xg::Tensor& a, const xg::Tensor& b, double tolerance) {
  REQUIRE(a.shape() == b.shape());
  const Values x = values_of(xg::cast(a, xg::float64));
  const Values y = values_of(xg::cast(b, xg::float64));
  for (std::size_t i = 0; i < x.size(); ++i) {
    CHECK(std::abs(x[i] - y[i]) <= tolerance * std::max(1.0, std::abs(y[i])));
  }
}

// Trains one copy define-by-run and one compiled; returns how far parameters are apart at the end.
template <class MakeOptimizer>
void compare_training(MakeOptimizer make, xg::DType dtype, double tolerance) {
  const auto eager_net = network(3, dtype);
  const auto compiled_net = network(3, dtype);
  auto eager_rule = make(eager_net.parameters());
  auto compiled_rule = make(compiled_net.parameters());
  const xg::nn::QuadraticLoss objective;
  auto step = xg::compile(
      [&](const xg::Tensor& x, const xg::Tensor& y) { return compiled_rule.step(objective(compiled_net(x), y)); });
  xg::Random random{8};
  for (int i = 0; i < 12; ++i) {
    const xg::Tensor x = random.normal({7, 5}, 0, 1, dtype);
    const xg::Tensor y = random.uniform({7, 3}, 0, 1, dtype);
    const xg::Tensor expected = eager_rule.step(objective(eager_net(x), y));
    const xg::Tensor loss = step(x, y);
    check_close(loss, expected, tolerance);
    if (i == 5) {
      eager_rule.set_learning_rate(0.05);
      compiled_rule.set_learning_rate(0.05);
    }
  }
  CHECK(step.trace_count() == 1);
  CHECK(eager_rule.steps() == 12);
  CHECK(compiled_rule.steps() == 12);
  const auto expected = eager_net.parameters();
  const auto found = compiled_net.parameters();
  for (std::size_t i = 0; i < found.size(); ++i) {
    check_close(found[i].parameter, expected[i].parameter, tolerance);
  }
}

}  // namespace

TEST_CASE("compile: a function of tensors gives its formula's values, at every call") {
  auto f = xg::compile([](const xg::Tensor& a, const xg::Tensor& b) { return a * b + xg::exp(a); });
  for (double x = -2; x < 2; x += 0.5) {
    const xg::Tensor y = f(xg::scalar(x, xg::float64), doubles({1, 2}));
    CHECK(values_of(y)[0] == doctest::Approx(x + std::exp(x)).epsilon(1e-15));
    CHECK(values_of(y)[1] == doctest::Approx(2 * x + std::exp(x)).epsilon(1e-15));
  }
  CHECK(f.trace_count() == 1);
}

TEST_CASE("compile: other shapes and dtypes are traced again, known ones are not") {
  int traces = 0;
  auto f = xg::compile([&traces](const xg::Tensor& a) {
    ++traces;
    return xg::sum(a * a);
  });
  CHECK(f(doubles({1, 2})).item() == 5);
  CHECK(f(doubles({1, 2, 3})).item() == 14);
  CHECK(f(xg::tensor({1, 2})).item() == 5);
  CHECK(f(doubles({3, 4})).item() == 25);
  CHECK(traces == 3);
  CHECK(f.trace_count() == 3);
}

TEST_CASE("compile: results may be tuples, vectors, structs, or nothing") {
  struct Pair {
    xg::Tensor sum;
    std::vector<xg::Tensor> rest;
  };
  auto tuple = xg::compile([](const xg::Tensor& a) { return std::tuple{a + 1.0, a * 2.0}; });
  const auto [plus, times] = tuple(doubles({1, 2}));
  CHECK(values_of(plus) == Values{2, 3});
  CHECK(values_of(times) == Values{2, 4});
  auto object = xg::compile([](const xg::Tensor& a) { return Pair{xg::sum(a), {a, -a}}; });
  const Pair pair = object(doubles({1, 2}));
  CHECK(pair.sum.item() == 3);
  REQUIRE(pair.rest.size() == 2);
  CHECK(values_of(pair.rest[0]) == Values{1, 2});
  CHECK(values_of(pair.rest[1]) == Values{-1, -2});
  const xg::Parameter total{doubles({0, 0}), "total"};
  auto nothing = xg::compile([&](const xg::Tensor& a) { total.set(total + a); });
  nothing(doubles({1, 2}));
  nothing(doubles({10, 20}));
  CHECK(values_of(total) == Values{11, 22});
  auto without_arguments = xg::compile([&] { return total * 2.0; });
  CHECK(values_of(without_arguments()) == Values{22, 44});
  total.set(doubles({1, 1}));
  CHECK(values_of(without_arguments()) == Values{2, 2});
}

TEST_CASE("compile: value and gradients, also of an argument") {
  const xg::Parameter w{doubles({2, 3}), "w"};
  auto f = xg::compile([&](const xg::Tensor& x) { return xg::value_and_gradients(xg::sum(w * x * x), {w, x}); });
  const auto [value, gradients] = f(doubles({5, 7}));
  CHECK(value.item() == 2 * 25 + 3 * 49);
  CHECK(values_of(gradients[0]) == Values{25, 49});
  CHECK(values_of(gradients[1]) == Values{20, 42});
  CHECK_FALSE(value.has_history());
}

TEST_CASE("compile: training equals define-by-run training, with every optimiser and dtype") {
  const auto sgd = [](auto parameters) { return xg::optim::SGD{std::move(parameters), {.learning_rate = 0.7}}; };
  const auto momentum = [](auto parameters) {
    return xg::optim::SGD{std::move(parameters), {.learning_rate = 0.3, .momentum = 0.9, .weight_decay = 1e-2}};
  };
  const auto nesterov = [](auto parameters) {
    return xg::optim::SGD{std::move(parameters), {.learning_rate = 0.3, .momentum = 0.8, .nesterov = true}};
  };
  const auto adam = [](auto parameters) { return xg::optim::Adam{std::move(parameters), {.learning_rate = 0.02}}; };
  for (const auto& [dtype, tolerance] : {std::pair{xg::float64, 1e-13}, std::pair{xg::float32, 3e-5}}) {
    compare_training(sgd, dtype, tolerance);
    compare_training(momentum, dtype, tolerance);
    compare_training(nesterov, dtype, tolerance);
    compare_training(adam, dtype, tolerance);
  }
}

TEST_CASE("compile: Adam's correction follows the step count") {
  // With g = 1 throughout, m̂ = v̂ = 1 at every step: W falls by η / (1 + ε) each time.
  const xg::Parameter w{doubles({1.0}), "w"};
  xg::optim::Adam adam{{{"w", w}}, {.learning_rate = 0.1}};
  auto step = xg::compile([&] { return adam.step(xg::sum(w)); });
  for (int i = 1; i <= 20; ++i) {
    step();
    CHECK(w.value().to_vector<double>()[0] == doctest::Approx(1.0 - 0.1 * i).epsilon(1e-7));
  }
}

TEST_CASE("compile: a parameter is updated in place, unless somebody holds the old value") {
  const xg::Parameter w{doubles({1, 2, 3}), "w"};
  auto step = xg::compile([&](const xg::Tensor& x) { w.set(w - 0.5 * x); });
  const xg::Tensor x = doubles({2, 2, 2});
  step(x);
  const void* memory = w.value().data<double>().data();
  step(x);
  CHECK(static_cast<const void*>(w.value().data<double>().data()) == memory);
  CHECK(values_of(w) == Values{-1, 0, 1});
  const xg::Tensor held = w.value();
  const xg::Tensor graph = xg::sum(w * w);  // built on the old value
  step(x);
  CHECK(values_of(w) == Values{-2, -1, 0});
  CHECK(values_of(held) == Values{-1, 0, 1});
  CHECK(graph.item() == 2);
  CHECK(static_cast<const void*>(w.value().data<double>().data()) !=
        static_cast<const void*>(held.data<double>().data()));
  const xg::Tensor shared = w.value().detach();  // the same memory under another node
  step(x);
  CHECK(values_of(shared) == Values{-2, -1, 0});
  CHECK(values_of(w) == Values{-3, -2, -1});
}

TEST_CASE("compile: what is read after an update is the new value, what was read before the old one") {
  const xg::Parameter w{doubles({1.0}), "w"};
  auto step = xg::compile([&] {
    const xg::Tensor before = w.value();
    w.set(w * 10.0);
    const xg::Tensor between = w.value();
    w.set(w + 1.0);
    return std::array{before + 0.0, between, w.value(), xg::gradients(xg::sum(w * w), {w})[0]};
  });
  const auto [before, between, after, gradient] = step();
  CHECK(values_of(before) == Values{1});
  CHECK(values_of(between) == Values{10});
  CHECK(values_of(after) == Values{11});
  CHECK(values_of(gradient) == Values{22});
  CHECK(values_of(w) == Values{11});
  step();
  CHECK(values_of(w) == Values{111});
  CHECK(values_of(after) == Values{11});
}

TEST_CASE("compile: parameters that exchange their values") {
  const xg::Parameter a{doubles({1, 2}), "a"};
  const xg::Parameter b{doubles({3, 4}), "b"};
  auto swap = xg::compile([&] {
    const xg::Tensor old = a.value();
    a.set(b);
    b.set(old);
  });
  for (int i = 0; i < 3; ++i) {
    swap();
    CHECK(values_of(i % 2 == 0 ? a : b) == Values{3, 4});
    CHECK(values_of(i % 2 == 0 ? b : a) == Values{1, 2});
  }
}

TEST_CASE("compile: an argument, a parameter and a captured constant as results") {
  const xg::Parameter w{doubles({1, 2}), "w"};
  const xg::Tensor constant = doubles({7});
  auto f = xg::compile([&](const xg::Tensor& x) {
    const xg::Tensor old = w.value();
    w.set(w + x);
    return std::tuple{x, old, constant, xg::reshape(x, {2, 1}), constant * 2.0};
  });
  const auto [x, old, same, column, twice] = f(doubles({5, 6}));
  CHECK(values_of(x) == Values{5, 6});
  CHECK(values_of(old) == Values{1, 2});
  CHECK(values_of(same) == Values{7});
  CHECK(column.shape() == xg::Shape{2, 1});
  CHECK(values_of(twice) == Values{14});
  CHECK(values_of(w) == Values{6, 8});
  f(doubles({1, 1}));
  CHECK(values_of(old) == Values{1, 2});
  CHECK(values_of(w) == Values{7, 9});
}

TEST_CASE("compile: one compiled function inside another becomes part of it") {
  auto square = xg::compile([](const xg::Tensor& x) { return x * x; });
  auto f = xg::compile([&](const xg::Tensor& x) { return square(x) + square(x + 1.0); });
  CHECK(values_of(f(doubles({2}))) == Values{13});
  CHECK(square.trace_count() == 0);
}

TEST_CASE("compile: what can't be compiled says why, and leaves the parameters alone") {
  const xg::Parameter w{doubles({1, 2}), "w"};
  xg::Random random{1};
  auto reads = xg::compile([&](const xg::Tensor& x) {
    w.set(w + x);
    return x * xg::sum(x).item();
  });
  const std::string reading = message_of<xg::ValueError>([&] { reads(doubles({1, 1})); });
  CHECK(reading.find("[compile] item() inside a compiled function") != std::string::npos);
  auto prints = xg::compile([](const xg::Tensor& x) {
    static_cast<void>(xg::to_string(x));
    return x;
  });
  CHECK_THROWS_AS(prints(doubles({1})), xg::ValueError);
  auto draws = xg::compile([&](const xg::Tensor& x) { return x * static_cast<double>(random.integer(3)); });
  const std::string drawing = message_of<xg::ValueError>([&] { draws(doubles({1, 1})); });
  CHECK(drawing.find("[integer] drawn inside a compiled function") != std::string::npos);
  auto undefined = xg::compile([](const xg::Tensor& /*x*/) { return xg::Tensor{}; });
  CHECK_THROWS_AS(undefined(doubles({1})), xg::ValueError);
  auto makes = xg::compile([](const xg::Tensor& x) { return xg::Parameter{x}.value() * 1.0; });
  CHECK_THROWS_AS(makes(doubles({1})), xg::ValueError);
  auto wrong_shape = xg::compile([&](const xg::Tensor& x) { w.set(x); });
  CHECK_THROWS_AS(wrong_shape(doubles({1, 2, 3})), xg::ShapeError);
  CHECK_THROWS_AS(reads(xg::Tensor{}), xg::ValueError);
  CHECK(values_of(w) == Values{1, 2});
  // After all that, define-by-run works as before.
  CHECK(values_of(w + 1.0) == Values{2, 3});
}

TEST_CASE("compile: a tensor smuggled out of the trace says so when it is read") {
  xg::Tensor smuggled;
  auto f = xg::compile([&](const xg::Tensor& x) {
    smuggled = x * 2.0;
    return smuggled + 1.0;
  });
  CHECK(values_of(f(doubles({1}))) == Values{3});
  const std::string message = message_of<xg::ValueError>([&] { static_cast<void>(smuggled.to_vector<double>()); });
  CHECK(message.find("made while a function was compiled") != std::string::npos);
  CHECK_THROWS_AS(smuggled.eval(), xg::ValueError);
}

TEST_CASE("compile: an index out of range throws before any parameter is overwritten") {
  const xg::Parameter w{doubles({1, 2}), "w"};
  auto f = xg::compile([&](const xg::Tensor& x, const xg::Tensor& index) {
    w.set(w + 1.0);
    return xg::take(x, index, 0);
  });
  const auto at = [](double i) { return xg::tensor({i}, xg::int64); };
  CHECK(values_of(f(doubles({5, 6}), at(1))) == Values{6});
  CHECK(values_of(w) == Values{2, 3});
  CHECK_THROWS_AS(f(doubles({5, 6}), at(2)), xg::ValueError);
  CHECK(values_of(w) == Values{2, 3});
  CHECK(values_of(f(doubles({5, 6}), at(0))) == Values{5});
  CHECK(values_of(w) == Values{3, 4});
}

TEST_CASE("compile: describe names steps and memory, profile times them") {
  const auto net = network(1);
  xg::optim::SGD sgd{net.parameters(), {.learning_rate = 0.5}};
  auto step = xg::compile(
      [&](const xg::Tensor& x, const xg::Tensor& y) { return sgd.step(xg::nn::QuadraticLoss{}(net(x), y)); });
  CHECK(step.describe().empty());
  xg::Random random{4};
  const xg::Tensor x = random.normal({6, 5}, 0, 1, xg::float64).eval();
  const xg::Tensor y = random.uniform({6, 3}, 0, 1, xg::float64).eval();
  step(x, y);
  const std::string text = step.describe();
  CHECK(text.find("added to a tensor, scaled") != std::string::npos);  // W − η δᵀ a as one product
  CHECK(text.find("add sigmoid") != std::string::npos);
  CHECK(text.find("then sum") != std::string::npos);
  CHECK(text.find("of memory between them") != std::string::npos);
  CHECK(step.profile() == "no run was timed\n");
  step.set_profiling(true);
  step(x, y);
  step(x, y);
  CHECK(step.profile().find("mean of 2 runs") == 0);
  CHECK(step.profile().find("0/Dense") != std::string::npos);
}

TEST_CASE("compile: for one sample Wᵀ δ and the update of W are one pass, and what loops give") {
  constexpr std::size_t in = 20;
  constexpr std::size_t middle = 91;  // neither side fills vectors or blocks of rows
  constexpr std::size_t out = 97;
  constexpr double rate = 0.05;
  const auto close = [](const Values& found, const Values& expected, double tolerance) {
    REQUIRE(found.size() == expected.size());
    double worst = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      worst = std::max(worst, std::abs(found[i] - expected[i]));
    }
    CHECK(worst <= tolerance);
  };
  for (const xg::DType dtype : {xg::float64, xg::float32}) {
    for (const bool held : {false, true}) {
      CAPTURE(dtype);
      CAPTURE(held);
      xg::Random random{9};
      const xg::Parameter V{random.normal({middle, in}, 0, 0.2, dtype), "V"};
      const xg::Parameter W{random.normal({out, middle}, 0, 0.1, dtype), "W"};
      const xg::Tensor x = random.normal({in}, 0, 1, dtype).eval();
      const xg::Tensor y = random.normal({out}, 0, 1, dtype).eval();
      const auto doubles = [](const xg::Tensor& tensor) { return xg::cast(tensor, xg::float64).to_vector<double>(); };
      const Values v = doubles(V.value().detach());
      const Values w = doubles(W.value().detach());
      const xg::Tensor old = held ? W.value() : xg::Tensor{};  // then it can't be updated in place
      xg::optim::SGD sgd{{{"V", V}, {"W", W}}, {.learning_rate = rate}};
      auto step = xg::compile([&](const xg::Tensor& a, const xg::Tensor& b) {
        return sgd.step(0.5 * xg::sum(xg::square(xg::matmul(W, xg::tanh(xg::matmul(V, a))) - b)));
      });
      step(x, y);
      CAPTURE(step.describe());
      CHECK(step.describe().find("the update of W in the same pass") != std::string::npos);

      const Values xs = doubles(x);
      const Values ys = doubles(y);
      Values h(middle);
      for (std::size_t j = 0; j < middle; ++j) {
        for (std::size_t k = 0; k < in; ++k) {
          h[j] += v[j * in + k] * xs[k];
        }
        h[j] = std::tanh(h[j]);
      }
      Values delta(out);
      Values back(middle);
      Values new_w = w;
      for (std::size_t i = 0; i < out; ++i) {
        delta[i] = -ys[i];
        for (std::size_t j = 0; j < middle; ++j) {
          delta[i] += w[i * middle + j] * h[j];
        }
        for (std::size_t j = 0; j < middle; ++j) {
          back[j] += w[i * middle + j] * delta[i];
          new_w[i * middle + j] -= rate * delta[i] * h[j];
        }
      }
      Values new_v = v;
      for (std::size_t j = 0; j < middle; ++j) {
        for (std::size_t k = 0; k < in; ++k) {
          new_v[j * in + k] -= rate * back[j] * (1 - h[j] * h[j]) * xs[k];
        }
      }
      const double tolerance = dtype == xg::float64 ? 1e-13 : 1e-5;
      close(doubles(W.value().detach()), new_w, tolerance);
      close(doubles(V.value().detach()), new_v, tolerance);
      if (held) {
        close(doubles(old.detach()), w, 0);
      }
    }
  }
}

TEST_CASE("compile: the cotangent 1 of a sum is no array that everything is multiplied with") {
  for (const std::int64_t size : {10, 10'000}) {
    auto gradient = xg::compile([](const xg::Tensor& x) { return xg::gradients(xg::sum(xg::exp(x)), {x})[0]; });
    const xg::Tensor x = xg::zeros({size}, xg::float64).eval();
    CHECK(gradient(x).to_vector<double>() == Values(static_cast<std::size_t>(size), 1.0));
    CAPTURE(gradient.describe());
    CHECK(gradient.describe().find("mul") == std::string::npos);
  }
}

namespace {

// √x, which says whether it may throw.
class CarefulRoot final : public xg::ElementwiseOperation {
 public:
  explicit CarefulRoot(bool throws) : throws_{throws} {}
  [[nodiscard]] std::string_view name() const noexcept override { return "careful_root"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {{"throws", throws_}}; }
  [[nodiscard]] xg::Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const xg::Tensor& t) const override {
    return t / (2.0 * call.output);
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<CarefulRoot>(output);
  }
  [[nodiscard]] bool may_throw() const noexcept override { return throws_; }
  template <class T>
  [[nodiscard]] T value(T x) const {
    if (throws_ && x < 0) {
      throw xg::ValueError{"[careful_root] of a negative number"};
    }
    return std::sqrt(x);
  }

 private:
  bool throws_;
};

}  // namespace

TEST_CASE(
    "compile: a user's element-wise operation is part of a pass that updates in place; one that may throw isn't") {
  for (const bool throws : {false, true}) {
    const auto root = std::make_shared<const CarefulRoot>(throws);
    const xg::Parameter w{doubles({16, 4, 1}), "w"};
    auto step = xg::compile([&](const xg::Tensor& x) { w.set(w - 0.5 * xg::apply(root, {w + x})); });
    const xg::Tensor x = doubles({0, 0, 0});
    step(x);
    const void* memory = w.value().data<double>().data();
    CHECK(values_of(w) == Values{14, 3, 0.5});
    step(doubles({2, 1, 0.5}));
    CHECK(values_of(w) == Values{12, 2, 0});
    CHECK((static_cast<const void*>(w.value().data<double>().data()) == memory) == !throws);
    if (throws) {
      CHECK_THROWS_AS(step(doubles({-11, 1, -1})), xg::ValueError);
      CHECK(values_of(w) == Values{12, 2, 0});
    }
  }
}

TEST_CASE("compile: an error in a step between leaves a parameter that one pass reads and updates alone") {
  const xg::Parameter w{xg::ones({128, 128}), "w"};
  auto f = xg::compile([&](const xg::Tensor& d, const xg::Tensor& x) {
    const xg::Tensor y = xg::matmul(xg::transpose(w.value()), d);
    const xg::Tensor z = xg::cast(y, xg::int64);
    w.set(w - 0.5 * xg::outer(d, x));
    return z;
  });
  static_cast<void>(f(xg::full({128}, 0.01), xg::ones({128})));
  const double before = xg::sum(xg::cast(w, xg::float64)).item();
  CHECK(before == doctest::Approx(128 * 128 * (1 - 0.005)));
  CHECK_THROWS_AS(f(xg::full({128}, 1e30), xg::ones({128})), xg::ValueError);
  CHECK(xg::sum(xg::cast(w, xg::float64)).item() == before);
}

TEST_CASE("compile: factors of a product neither leave the range early nor swallow NaN") {
  const xg::Tensor big = xg::full({8, 8}, 1e15);
  const auto scaled = [](const xg::Tensor& s, const xg::Tensor& x) {
    return xg::zeros({8, 8}) + s * (s * xg::matmul(x, x));
  };
  CHECK(scaled(xg::scalar(1e-30), big).to_vector<float>()[9] == doctest::Approx(8e-30));
  CHECK(scaled(xg::scalar(1e25), xg::full({8, 8}, 1e-20)).to_vector<float>()[9] == doctest::Approx(8e10));
  const xg::Tensor zero = xg::scalar(0.0, xg::float64) + 0.0;
  for (const std::int64_t n : {3, 40, 200}) {
    const xg::Tensor nan = xg::full({n, n}, std::nan(""), xg::float64);
    const xg::Tensor ones = xg::ones({n, n}, xg::float64);
    CHECK(std::isnan((ones - zero * xg::matmul(nan, nan)).to_vector<double>()[0]));
    CHECK(std::isnan((zero * nan + xg::matmul(ones, ones)).to_vector<double>()[0]));
  }
}

TEST_CASE("compile: evaluation leaves the names of the user's tensors alone") {
  const xg::Parameter p{doubles({1}), "p"};
  const xg::Tensor a = xg::exp(p.value());
  const xg::Tensor b = (a * 1.0).named("b");
  b.eval();
  CHECK(a.name().empty());
  CHECK(b.name() == "b");
}
