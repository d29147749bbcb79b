#include <cmath>
#include <doctest/doctest.h>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/random.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

namespace xg = xgrad;
using doctest::Approx;

namespace {

xg::Tensor number(double value) {
  return xg::scalar(value, xg::float64);
}

// The message of the exception that f throws.
template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("gradients: x³ has the derivatives 3x², 6x, 6 and 0") {
  const xg::Tensor x = number(1.7);
  const xg::Tensor y = x * x * x;
  const xg::Tensor first = xg::gradients(y, {x})[0];
  const xg::Tensor second = xg::gradients(first, {x})[0];
  const xg::Tensor third = xg::gradients(second, {x})[0];
  CHECK(first.item() == Approx(3 * 1.7 * 1.7).epsilon(1e-14));
  CHECK(second.item() == Approx(6 * 1.7).epsilon(1e-14));
  CHECK(third.item() == Approx(6).epsilon(1e-14));
}

TEST_CASE("gradients: of tanh up to the third order match the formulas") {
  const double at = 0.6;
  const xg::Tensor x = xg::variable(number(at));
  const xg::Tensor d1 = xg::gradients(xg::tanh(x), {x})[0];
  const xg::Tensor d2 = xg::gradients(d1, {x})[0];
  const xg::Tensor d3 = xg::gradients(d2, {x})[0];
  const double t = std::tanh(at);
  const double s = 1 - t * t;
  CHECK(d1.item() == Approx(s).epsilon(1e-13));
  CHECK(d2.item() == Approx(-2 * t * s).epsilon(1e-13));
  CHECK(d3.item() == Approx(-2 * s * s + 4 * t * t * s).epsilon(1e-13));
}

TEST_CASE("gradients: a Hessian-vector product by differentiating twice") {
  // f = x₀² x₁ + x₁³: H = [[2x₁, 2x₀], [2x₀, 6x₁]]
  const xg::Tensor x = xg::variable(xg::tensor({2, 3}, xg::float64));
  const xg::Tensor v = xg::tensor({5, 7}, xg::float64);
  const xg::Tensor x0 = xg::sum(x * xg::tensor({1, 0}, xg::float64));
  const xg::Tensor x1 = xg::sum(x * xg::tensor({0, 1}, xg::float64));
  const auto g = xg::gradients(x0 * x0 * x1 + x1 * x1 * x1, {x});
  const auto hv = xg::gradients(xg::sum(g[0] * v), {x})[0].to_vector<double>();
  CHECK(hv[0] == Approx(6 * 5 + 4 * 7));
  CHECK(hv[1] == Approx(4 * 5 + 18 * 7));
}

TEST_CASE("gradients: with respect to an intermediate and to what lies before it") {
  const xg::Tensor x = xg::variable(number(2));
  const xg::Tensor z = x * 3.0;
  const xg::Tensor y = z * z + x;
  const auto g = xg::gradients(y, {z, x});
  CHECK(g[0].item() == 12);          // 2z
  CHECK(g[1].item() == 12 * 3 + 1);  // through z, and directly
}

TEST_CASE("gradients: y itself, and the same x twice") {
  const xg::Tensor x = xg::variable(number(2));
  const auto self = xg::gradients(x, {x, x});
  CHECK(self[0].item() == 1);
  CHECK(self[1].item() == 1);
  const xg::Tensor y = x * x;
  CHECK(xg::gradients(y, {y})[0].item() == 1);
}

TEST_CASE("gradients: a vector needs a cotangent, and its shape is checked") {
  const xg::Tensor x = xg::variable(xg::tensor({1, 2, 3}, xg::float64).named("x"));
  const xg::Tensor y = x * x;
  CHECK(message_of<xg::ShapeError>([&] { static_cast<void>(xg::gradients(y, {x})); }).find("(3,)") !=
        std::string::npos);
  const auto g = xg::gradients(y, {x}, {.cotangent = xg::tensor({1, 10, 100}, xg::float64)});
  CHECK(g[0].to_vector<double>() == std::vector<double>{2, 40, 600});
  CHECK_THROWS_AS(static_cast<void>(xg::gradients(y, {x}, {.cotangent = xg::ones({2}, xg::float64)})), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(xg::gradients(y, {x}, {.cotangent = xg::ones({3})})), xg::DTypeError);
}

TEST_CASE("gradients: what y doesn't depend on is an error that names it, or zeros if asked for") {
  const xg::Tensor x = xg::variable(number(2));
  const xg::Tensor other = xg::variable(xg::ones({2, 3}, xg::float64).named("other"));
  const xg::Tensor y = x * x;
  CHECK(message_of<xg::ValueError>([&] {
          static_cast<void>(xg::gradients(y, {x, other}));
        }).find("'other' (2, 3)") != std::string::npos);
  const auto g = xg::gradients(y, {x, other}, {.unconnected = xg::Unconnected::zeros});
  CHECK(g[1].to_vector<double>() == std::vector<double>(6, 0.0));
  CHECK(g[0].item() == 4);
}

TEST_CASE("gradients: integers and undefined tensors have none") {
  const xg::Tensor n = xg::tensor({1, 2}, xg::int64);
  CHECK_THROWS_AS(static_cast<void>(xg::gradients(xg::sum(n), {n})), xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(xg::gradients(xg::Tensor{}, {n})), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(xg::gradients(number(1), {xg::Tensor{}})), xg::ValueError);
}

TEST_CASE("gradients: stop_gradient makes a constant of one path") {
  const xg::Tensor x = xg::variable(number(3));
  CHECK(xg::gradients(x * xg::stop_gradient(x), {x})[0].item() == 3);
}

TEST_CASE("gradients: after evaluation they need a Parameter or a variable, and the error says so") {
  const xg::Tensor x = number(2);
  const xg::Tensor y = x * x;
  CHECK(y.item() == 4);
  CHECK(message_of<xg::ValueError>([&] { static_cast<void>(xg::gradients(y, {x})); }).find("history") !=
        std::string::npos);
  const xg::Tensor w = xg::variable(x);
  const xg::Tensor z = w * w;
  CHECK(z.item() == 4);
  CHECK(xg::gradients(z, {w})[0].item() == 4);
}

TEST_CASE("value_and_gradients: evaluates both") {
  const xg::Tensor x = xg::variable(number(3));
  const auto [value, g] = xg::value_and_gradients(x * x, {x});
  CHECK(value.evaluated());
  CHECK(g[0].evaluated());
  CHECK(value.item() == 9);
  CHECK(g[0].item() == 6);
}

TEST_CASE("vjp and jvp: one linear map and its transpose") {
  xg::Random random{5};
  const xg::Tensor a = random.normal({3, 4}, 0, 1, xg::float64).eval();
  const xg::Tensor x = xg::variable(random.normal({4}, 0, 1, xg::float64));
  const xg::Tensor y = xg::sigmoid(xg::matmul(a, x));
  const xg::Tensor u = random.normal({3}, 0, 1, xg::float64).eval();
  const xg::Tensor v = random.normal({4}, 0, 1, xg::float64).eval();
  const xg::Tensor pulled = xg::vjp({&y, 1}, {&x, 1}, {&u, 1})[0];
  const xg::Tensor pushed = xg::jvp({&y, 1}, {&x, 1}, {&v, 1})[0];
  CHECK(xg::dot(pulled, v).item() == Approx(xg::dot(u, pushed).item()).epsilon(1e-13));
  // J = diag(σ′(Ax)) A, by hand
  const auto av = a.to_vector<double>();
  const auto xv = x.to_vector<double>();
  const auto vv = v.to_vector<double>();
  for (std::size_t i = 0; i < 3; ++i) {
    double z = 0;
    double dz = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      z += av[4 * i + j] * xv[j];
      dz += av[4 * i + j] * vv[j];
    }
    const double s = 1 / (1 + std::exp(-z));
    CHECK(pushed.to_vector<double>()[i] == Approx(s * (1 - s) * dz).epsilon(1e-12));
  }
}

TEST_CASE("jvp: second order by pushing twice, and unconnected outputs") {
  const xg::Tensor x = xg::variable(number(0.3));
  const xg::Tensor one = number(1);
  const xg::Tensor y = xg::exp(x * 2.0);
  const xg::Tensor dy = xg::jvp({&y, 1}, {&x, 1}, {&one, 1})[0];
  const xg::Tensor ddy = xg::jvp({&dy, 1}, {&x, 1}, {&one, 1})[0];
  CHECK(dy.item() == Approx(2 * std::exp(0.6)));
  CHECK(ddy.item() == Approx(4 * std::exp(0.6)));
  const xg::Tensor constant = number(1) + 1.0;
  CHECK_THROWS_AS(static_cast<void>(xg::jvp({&constant, 1}, {&x, 1}, {&one, 1})), xg::ValueError);
  CHECK(xg::jvp({&constant, 1}, {&x, 1}, {&one, 1}, xg::Unconnected::zeros)[0].item() == 0);
}

TEST_CASE("jvp and vjp agree on an x that lies behind another x") {
  const xg::Tensor x = xg::variable(number(3));
  const xg::Tensor h = 2.0 * x;
  const xg::Tensor y = h * h;
  const auto pulled = xg::vjp({y}, {x, h}, {number(1)});
  CHECK(pulled[0].item() == 24);
  CHECK(pulled[1].item() == 12);
  CHECK(xg::jvp({y}, {x, h}, {number(1), number(0)})[0].item() == 24);
  CHECK(xg::jvp({y}, {x, h}, {number(0), number(1)})[0].item() == 12);
  CHECK(xg::jvp({y}, {x, x}, {number(1), number(1)})[0].item() == 48);
}

TEST_CASE("gradients: a path cut by reading an intermediate is told in the error") {
  const xg::Tensor x = number(3);
  const xg::Tensor h = x * x;
  h.eval();
  const xg::Tensor y = h * 2.0;
  CHECK(message_of<xg::ValueError>([&] { static_cast<void>(xg::gradients(y, {x})); }).find("history is gone") !=
        std::string::npos);
}

namespace {

// f(x) = Σ x³ as one operation that defines no jvp.
class SumOfCubes final : public xg::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sum_of_cubes"; }
  [[nodiscard]] xg::Signature infer(std::span<const xg::Tensor> inputs) const override {
    return {xg::Shape{}, inputs[0].dtype()};
  }
  [[nodiscard]] std::vector<xg::Tensor> vjp(const xg::Call& call, const xg::Tensor& g) const override {
    return {g * 3.0 * xg::square(call.inputs[0])};
  }
  void evaluate(std::span<const xg::ConstArray> inputs, const xg::Array& output) const override {
    const auto* x = inputs[0].as<double>();
    double total = 0;
    for (std::int64_t i = 0; i < inputs[0].shape.size(); ++i) {
      total += x[i] * x[i] * x[i];
    }
    *output.as<double>() = total;
  }
};

class WrongShape final : public xg::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "wrong_shape"; }
  [[nodiscard]] xg::Signature infer(std::span<const xg::Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  [[nodiscard]] std::vector<xg::Tensor> vjp(const xg::Call& /*call*/, const xg::Tensor& g) const override {
    return {xg::sum(g)};
  }
  void evaluate(std::span<const xg::ConstArray> /*inputs*/, const xg::Array& /*output*/) const override {}
};

}  // namespace

TEST_CASE("operation: a jvp that isn't written comes from the vjp") {
  const xg::Tensor x = xg::variable(xg::tensor({1, -2, 3}, xg::float64));
  const xg::Tensor v = xg::tensor({1, 10, 100}, xg::float64);
  const xg::Tensor y = xg::apply(std::make_shared<const SumOfCubes>(), {x});
  CHECK(y.item() == 1 - 8 + 27);
  CHECK(xg::jvp({&y, 1}, {&x, 1}, {&v, 1})[0].item() == 3 * 1 * 1 + 3 * 4 * 10 + 3 * 9 * 100);
  const xg::Tensor first = xg::gradients(y, {x})[0];
  CHECK(xg::gradients(xg::sum(first * v), {x})[0].to_vector<double>() == std::vector<double>{6, -120, 1800});
}

TEST_CASE("operation: a jvp from the vjp costs the same at any depth") {
  xg::Tensor y = xg::variable(xg::tensor({0.5}, xg::float64));
  const xg::Tensor x = y;
  constexpr int depth = 300;
  for (int i = 0; i < depth; ++i) {
    y = xg::apply(std::make_shared<const SumOfCubes>(), {y}) + xg::tensor({0.5}, xg::float64);
  }
  const xg::Tensor tangent = xg::jvp({y}, {x}, {xg::ones({1}, xg::float64)})[0];
  CHECK(xg::nodes(tangent).size() < 20 * depth);
}

TEST_CASE("operation: no operation is an error") {
  CHECK_THROWS_AS(static_cast<void>(xg::apply(nullptr, {number(1)})), xg::ValueError);
}

TEST_CASE("operation: a vjp of the wrong shape is named") {
  const xg::Tensor x = xg::variable(xg::ones({3}, xg::float64));
  const xg::Tensor y = xg::sum(xg::apply(std::make_shared<const WrongShape>(), {x}));
  CHECK(message_of<xg::ShapeError>([&] { static_cast<void>(xg::gradients(y, {x})); }).find("[wrong_shape]") !=
        std::string::npos);
}
