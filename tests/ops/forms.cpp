// Stable forms: what is written with logarithms and exponentials has a right value and a right gradient where its parts
// overflow, underflow or cancel, however it is evaluated. Every expected number is worked out by hand.
#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::Tensor;
using Doubles = std::vector<double>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Function = std::function<Tensor(const Tensor&)>;

/// A scalar function of a vector, its value and gradient at a point.
struct Case {
  std::string title;
  Function f;
  Doubles at;
  double value;
  Doubles gradient;
};

Tensor vector_of(const Doubles& values, xg::DType dtype) {
  const Tensor doubles = xg::from_vector(values, xg::Shape{static_cast<std::int64_t>(values.size())});
  return dtype == xg::float64 ? doubles : xg::cast(doubles, dtype).eval();
}

Doubles doubles_of(const Tensor& tensor) {
  return xg::cast(tensor, xg::float64).to_vector<double>();
}

double sigma(double x) {
  return 1 / (1 + std::exp(-x));
}

std::vector<Case> cases() {
  return {
      {"−Σ log σ(x)", [](const Tensor& x) { return -xg::sum(xg::log(xg::sigmoid(x))); }, {-100}, 100, {-1}},
      {"Σ log(1 − σ(x))", [](const Tensor& x) { return xg::sum(xg::log(1.0 - xg::sigmoid(x))); }, {300}, -300, {-1}},
      {"Σ log1p(−σ(x))", [](const Tensor& x) { return xg::sum(xg::log1p(-xg::sigmoid(x))); }, {300}, -300, {-1}},
      {"−(log softmax(x))₁",
       [](const Tensor& x) { return -xg::log(xg::softmax(x)).at({1}); },
       {1200, 0, 0},
       1200,
       {1, -1, 0}},
      {"−log(softmax(x)₁)",
       [](const Tensor& x) { return -xg::log(xg::softmax(x).at({1})); },
       {1200, 0, 0},
       1200,
       {1, -1, 0}},
      {"−log of a gathered softmax",
       [](const Tensor& x) { return -xg::sum(xg::log(xg::take(xg::softmax(x), xg::tensor({1}, xg::int64)))); },
       {1200, 0, 0},
       1200,
       {1, -1, 0}},
      {"log Σ e^x",
       [](const Tensor& x) { return xg::log(xg::sum(xg::exp(x))); },
       {1000, 1000},
       1000 + std::log(2.0),
       {0.5, 0.5}},
      {"log mean e^x", [](const Tensor& x) { return xg::log(xg::mean(xg::exp(x))); }, {1000, 1000}, 1000, {0.5, 0.5}},
      {"Σ log(1 + e^x)", [](const Tensor& x) { return xg::sum(xg::log(1.0 + xg::exp(x))); }, {1000}, 1000, {1}},
      {"Σ log1p(e^x)", [](const Tensor& x) { return xg::sum(xg::log1p(xg::exp(x))); }, {1000}, 1000, {1}},
      {"Σ log e^x", [](const Tensor& x) { return xg::sum(xg::log(xg::exp(x))); }, {1000, -1000}, 0, {1, 1}},
      {"log(e^x₀ + e^x₁ + e^x₂)",
       [](const Tensor& x) { return xg::log(xg::exp(x.at({0})) + xg::exp(x.at({1})) + xg::exp(x.at({2}))); },
       {1000, 1000, -1000},
       1000 + std::log(2.0),
       {0.5, 0.5, 0}},
      {"log(e^x₀ + e^x₁), where both underflow",
       [](const Tensor& x) { return xg::log(xg::exp(x.at({0})) + xg::exp(x.at({1}))); },
       {-1000, -1000},
       -1000 + std::log(2.0),
       {0.5, 0.5}},
      {"Σ log(x / (1 − x))",
       [](const Tensor& x) { return xg::sum(xg::log(x / (1.0 - x))); },
       {0.5 + 0x1p-20},
       3.8146972656296260e-06,
       {4.0000000000145519}},
      {"Σ 1 / (1 + e^−x)",
       [](const Tensor& x) { return xg::sum(1.0 / (1.0 + xg::exp(-x))); },
       {1000, 0},
       1.5,
       {0, 0.25}},
      {"Σ 1 / (1 + e^−x) far below",
       [](const Tensor& x) { return xg::sum(1.0 / (1.0 + xg::exp(-x))); },
       {-80},
       std::exp(-80.0),
       {std::exp(-80.0)}},
      {"Σ e^x / (1 + e^x)", [](const Tensor& x) { return xg::sum(xg::exp(x) / (1.0 + xg::exp(x))); }, {1000}, 1, {0}},
      {"(e^x / Σ e^x)₀",
       [](const Tensor& x) { return (xg::exp(x) / xg::sum(xg::exp(x))).at({0}); },
       {1000, 1000},
       0.5,
       {0.25, -0.25}},
      {"−log(e^x / Σ e^x)₁",
       [](const Tensor& x) { return -xg::log(xg::exp(x) / xg::sum(xg::exp(x))).at({1}); },
       {1000, 0},
       1000,
       {1, -1}},
      {"e^x / (e^x + e^y)",
       [](const Tensor& x) { return xg::exp(x.at({0})) / (xg::exp(x.at({0})) + xg::exp(x.at({1}))); },
       {1000, 1000},
       0.5,
       {0.25, -0.25}},
      {"(e^x − e^−x) / (e^x + e^−x)",
       [](const Tensor& x) {
         const Tensor a = xg::exp(x);
         const Tensor b = xg::exp(-x);
         return xg::sum((a - b) / (a + b));
       },
       {1000, 0.5},
       1 + std::tanh(0.5),
       {0, 1 - std::tanh(0.5) * std::tanh(0.5)}},
      {"log of a product and a quotient",
       [](const Tensor& x) { return xg::sum(xg::log(xg::sigmoid(x) * xg::exp(-x) / xg::sigmoid(-x))); },
       {-1000},
       0,
       {0}},
      {"Σ log √σ(x)", [](const Tensor& x) { return xg::sum(xg::log(xg::sqrt(xg::sigmoid(x)))); }, {-1000}, -500, {0.5}},
      {"Σ log σ(x)²",
       [](const Tensor& x) { return xg::sum(xg::log(xg::square(xg::sigmoid(x)))); },
       {-1000},
       -2000,
       {2}},
      {"Σ log(1 − e^x)",
       [](const Tensor& x) { return xg::sum(xg::log(1.0 - xg::exp(x))); },
       {-0x1p-30, -1000},
       std::log(-std::expm1(-0x1p-30)),
       {std::exp(-0x1p-30) / std::expm1(-0x1p-30), 0}},
      {"binary cross-entropy written out",
       [](const Tensor& x) {
         const Tensor p = xg::sigmoid(x);
         const Tensor y = xg::cast(xg::tensor({1, 0, 1}, xg::int64), x.dtype());
         return -xg::sum(y * xg::log(p) + (1.0 - y) * xg::log(1.0 - p));
       },
       {-1000, 0, 1000},
       1000 + std::log(2.0),
       {-1, 0.5, 0}},
      {"Σ x log x at 0 with a cotangent of 0",
       [](const Tensor& x) { return xg::sum(xg::where(x > 0.0, x * xg::log(x), 0.0)); },
       {0, 1},
       0,
       {0, 1}},
      {"Σ a log x at a = 0 and x = 0",
       [](const Tensor& x) {
         return xg::sum(xg::cast(xg::tensor({0, 3}, xg::int64), x.dtype()) * xg::log(x));
       },
       {0, 1},
       0,
       {0, 3}},
      {"the norm of zeros", [](const Tensor& x) { return xg::norm(x); }, {0, 0}, 0, {0, 0}},
      {"√Σ x² of zeros", [](const Tensor& x) { return xg::sqrt(xg::sum(xg::square(x))); }, {0, 0}, 0, {0, 0}},
      {"√Σ x x of zeros", [](const Tensor& x) { return xg::sqrt(xg::sum(x * x)); }, {0, 0}, 0, {0, 0}},
      {"√(x · x) of zeros", [](const Tensor& x) { return xg::sqrt(xg::dot(x, x)); }, {0, 0}, 0, {0, 0}},
      {"the norm of 3 and 4", [](const Tensor& x) { return xg::norm(x); }, {3, 4}, 5, {0.6, 0.8}},
      {"where x > 0: √x",
       [](const Tensor& x) { return xg::sum(xg::where(x > 0.0, xg::sqrt(x), 0.0)); },
       {0, -1, 4},
       2,
       {0, 0, 0.25}},
      {"where x > 0: 1/√x",
       [](const Tensor& x) { return xg::sum(xg::where(x > 0.0, xg::rsqrt(x), 0.0)); },
       {0, -1, 4},
       0.5,
       {0, 0, -0.0625}},
      {"where x > 0: log x",
       [](const Tensor& x) { return xg::sum(xg::where(x > 0.0, xg::log(x), 0.0)); },
       {0, -1, 4},
       std::log(4.0),
       {0, 0, 0.25}},
      {"where x > 0: 1 / x",
       [](const Tensor& x) { return xg::sum(xg::where(x > 0.0, 1.0 / x, 0.0)); },
       {0, -1, 4},
       0.25,
       {0, 0, -0.0625}},
      {"where x > 0: x^½",
       [](const Tensor& x) { return xg::sum(xg::where(x > 0.0, xg::pow(x, 0.5), 0.0)); },
       {0, -1, 4},
       2,
       {0, 0, 0.25}},
      {"where x < 1: x e^(1000 x)",
       [](const Tensor& x) { return xg::sum(xg::where(x < 1.0, x * xg::exp(1000.0 * x), 0.0)); },
       {0, 1000},
       0,
       {1, 0}},
      {"max(√x, 1) at 0", [](const Tensor& x) { return xg::sum(xg::maximum(xg::sqrt(x), 1.0)); }, {0, 4}, 3, {0, 0.25}},
      {"σ(e^x)", [](const Tensor& x) { return xg::sum(xg::sigmoid(xg::exp(x))); }, {1000}, 1, {0}},
      {"log(2 + x) of a number beside it",
       [](const Tensor& x) { return xg::sum(xg::log(2.0 + x)); },
       {1},
       std::log(3.0),
       {1 / 3.0}},
      {"log(1 − σ(x)) where nothing is extreme",
       [](const Tensor& x) { return xg::sum(xg::log(1.0 - xg::sigmoid(x))); },
       {0.5},
       std::log(1 - sigma(0.5)),
       {-sigma(0.5)}},
  };
}

void check_close(double found, double expected, double tolerance) {
  if (std::isfinite(expected)) {
    CHECK(std::abs(found - expected) <= tolerance * std::max(1e-30, std::abs(expected)));
  } else {
    CHECK(found == expected);
  }
}

void check_case(const Case& c, double value, const Doubles& gradient, double tolerance) {
  check_close(value, c.value, tolerance);
  REQUIRE(gradient.size() == c.gradient.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    CAPTURE(i);
    check_close(gradient[i], c.gradient[i], tolerance);
  }
}

}  // namespace

TEST_CASE("stable forms: value and gradient are right in one plan, one after the other, node by node and compiled") {
  for (const xg::DType dtype : {xg::float64, xg::float32}) {
    const double tolerance = dtype == xg::float64 ? 1e-14 : 3e-6;
    CAPTURE(xg::to_string(dtype));
    for (const Case& c : cases()) {
      CAPTURE(c.title);
      const Tensor point = vector_of(c.at, dtype);
      {
        const Tensor x = xg::variable(point);
        const auto [value, gradients] = xg::value_and_gradients(c.f(x), {x});
        check_case(c, value.item(), doubles_of(gradients[0]), tolerance);
      }
      {
        const Tensor x = xg::variable(point);
        const Tensor y = c.f(x);
        const double value = y.item();
        check_case(c, value, doubles_of(xg::gradients(y, {x})[0]), tolerance);
      }
      {
        const xg::PlanScope scope{{.simplify = false, .fuse = false}};
        const Tensor x = xg::variable(point);
        const Tensor y = c.f(x);
        const auto gradients = xg::gradients(y, {x});
        check_case(c, y.item(), doubles_of(gradients[0]), tolerance);
      }
      auto compiled = xg::compile([&c](const Tensor& x) {
        const Tensor y = c.f(x);
        return std::array{y, xg::gradients(y, {x})[0]};
      });
      const auto [value, gradient] = compiled(point);
      check_case(c, value.item(), doubles_of(gradient), tolerance);
    }
  }
}

TEST_CASE("stable forms: forward and reverse mode agree") {
  for (const Case& c : cases()) {
    if (c.title == "σ(e^x)") {
      continue;  // the tangent of e^x, which comes first here, is infinite
    }
    CAPTURE(c.title);
    const Tensor x = xg::variable(vector_of(c.at, xg::float64));
    Doubles direction;
    double expected = 0;
    for (std::size_t i = 0; i < c.at.size(); ++i) {
      direction.push_back(1.0 + 0.5 * static_cast<double>(i));
      expected += direction.back() * c.gradient[i];
    }
    const Tensor tangent = xg::jvp({c.f(x)}, {x}, {vector_of(direction, xg::float64)})[0];
    check_close(tangent.item(), expected, 1e-14);
  }
}

TEST_CASE("stable forms: second derivatives too") {
  const auto second = [](const Function& f, double at) {
    const Tensor x = xg::variable(xg::scalar(at, xg::float64));
    return xg::gradients(xg::gradients(f(x), {x})[0], {x})[0].item();
  };
  CHECK(second([](const Tensor& x) { return xg::log(xg::sigmoid(x)); }, -100) ==
        doctest::Approx(-std::exp(-100.0)).epsilon(1e-12));
  CHECK(second([](const Tensor& x) { return xg::log(1.0 + xg::exp(x)); }, -100) ==
        doctest::Approx(std::exp(-100.0)).epsilon(1e-12));
  CHECK(second([](const Tensor& x) { return xg::log(1.0 + xg::exp(x)); }, 1000) == 0);
  CHECK(second([](const Tensor& x) { return xg::where(x > 0.0, xg::sqrt(x), x); }, 0) == 0);
  CHECK(second([](const Tensor& x) { return xg::where(x > 0.0, xg::log(x), x); }, 0) == 0);
  // (log x)² at 1, where the first cotangent of log is 0 and its derivative isn't.
  CHECK(second([](const Tensor& x) { return xg::square(xg::log(x)); }, 1) == doctest::Approx(2));
}

TEST_CASE("stable forms: a tensor that a form goes around can still be differentiated by, and read") {
  const Tensor z = xg::variable(xg::tensor({0, std::log(3.0)}, xg::float64));
  const Tensor p = xg::softmax(z);  // ¼, ¾
  const Tensor y = xg::log(p).at({0}) + 5.0 * p.at({0});
  const auto gradients = xg::gradients(y, {z, p});
  // ∂y/∂p = (1/p₀ + 5, 0) and ∂y/∂z = (1 − p₀, −p₁) + 5 p₀ (1 − p₀, −p₁)
  CHECK(doubles_of(gradients[1])[0] == doctest::Approx(9).epsilon(1e-14));
  CHECK(doubles_of(gradients[1])[1] == 0);
  CHECK(doubles_of(gradients[0])[0] == doctest::Approx(0.75 * 2.25).epsilon(1e-14));
  CHECK(doubles_of(gradients[0])[1] == doctest::Approx(-0.75 * 2.25).epsilon(1e-14));
  const Tensor direction = xg::tensor({1, 0}, xg::float64);
  // By p alone, and by both: p moves by itself and with z.
  CHECK(xg::jvp({y}, {p}, {direction})[0].item() == doctest::Approx(9).epsilon(1e-14));
  CHECK(xg::jvp({y}, {p, z}, {direction, direction})[0].item() == doctest::Approx(9 + 0.75 * 2.25).epsilon(1e-14));
  xg::eval({y});
  CHECK(p.evaluated());
  CHECK(doubles_of(p)[0] == doctest::Approx(0.25).epsilon(1e-15));
}

TEST_CASE("stable forms: what has its value already is gone around too, while its history is there") {
  const Tensor w = xg::variable(xg::tensor({-1000}, xg::float64));
  const Tensor p = xg::sigmoid(w);
  CHECK(p.item() == 0);
  const Tensor y = xg::sum(xg::log(p));
  CHECK(y.item() == -1000);
  CHECK(xg::gradients(y, {w})[0].item() == 1);
  const Tensor q = xg::sigmoid(xg::tensor({-1000}, xg::float64)).eval();
  CHECK(xg::log(q).item() == -infinity);
}

TEST_CASE("stable forms: a large graph that is met for the first time has them too") {
  Tensor x = xg::variable(xg::tensor({0}, xg::float64));
  for (int i = 0; i < 1000; ++i) {
    x = xg::sin(x);
  }
  const Tensor y = xg::log(xg::sigmoid(x - 1000.0));
  CHECK(y.item() == -1000);
  CHECK(y.evaluated());
}

TEST_CASE("stable forms: log e^x is x, whose own gradient stays apart") {
  const Tensor x = xg::variable(xg::tensor({1000}, xg::float64));
  const Tensor n = xg::log(xg::exp(x));
  const auto gradients = xg::gradients(xg::sum(3.0 * n + xg::square(x)), {n, x});
  CHECK(gradients[0].item() == 3);
  CHECK(gradients[1].item() == 2003);
  CHECK(n.item() == 1000);
  CHECK(x.item() == 1000);
}

TEST_CASE("stable forms: a step of an optimiser is finite where its loss is") {
  const xg::Parameter w{xg::tensor({-100}), "w"};
  xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 1}};
  CHECK(sgd.step(-xg::sum(xg::log(xg::sigmoid(w)))).item() == 100);
  CHECK(w.value().item() == -99);
}

TEST_CASE("stable forms: derived as they are computed") {
  const xg::Parameter w{xg::tensor({-100}), "w"};
  const xg::Tensor loss = -xg::sum(xg::log(xg::sigmoid(w)));
  const std::string text = xg::derive(loss, {w.value()}).text();
  CHECK(text.find("σ(w)") != std::string::npos);
  CHECK(text.find("/ σ") == std::string::npos);
}

namespace {

/// 2 x, which says that it may be computed as something else.
class Doubled final : public xg::ElementwiseOperation {
 public:
  explicit Doubled(bool wrong_shape) : wrong_shape_{wrong_shape} {}
  [[nodiscard]] std::string_view name() const noexcept override { return "doubled"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {{"wrong_shape", wrong_shape_}}; }
  [[nodiscard]] xg::StableForm stable_form(std::span<const Tensor> inputs) const override {
    return {wrong_shape_ ? xg::sum(inputs[0]) : inputs[0] + inputs[0], {}};
  }
  [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    return t * std::numeric_limits<double>::quiet_NaN();
  }
  template <class T>
  static T value(T /*x*/) {
    return std::numeric_limits<T>::quiet_NaN();
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<Doubled>(output);
  }

 private:
  bool wrong_shape_;
};

}  // namespace

TEST_CASE("stable forms: an operation of one's own has one, and a wrong one is named at the call") {
  const Tensor x = xg::variable(xg::tensor({1, 2}, xg::float64));
  const Tensor y = xg::apply(std::make_shared<const Doubled>(false), {x});
  CHECK(doubles_of(xg::gradients(xg::sum(y), {x})[0]) == Doubles{2, 2});
  CHECK(doubles_of(y) == Doubles{2, 4});
  const std::string message =
      message_of<xg::ValueError>([&] { return xg::apply(std::make_shared<const Doubled>(true), {x}); });
  CHECK(message.find("[doubled] stable_form gave float64 () for a result float64 (2,)") != std::string::npos);
}
