// How far derivatives look back: to the xs, and no further than what they may lead to. Counted in nodes looked at.
#include <cmath>
#include <doctest/doctest.h>
#include <memory>
#include <thread>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::Tensor;

namespace {

/// 2 x, which counts how often a traversal asks what it is.
class Twice final : public xg::Operation {
 public:
  explicit Twice(std::int64_t& asked) : asked_{asked} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "twice"; }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  [[nodiscard]] bool differentiable() const noexcept override {
    ++asked_;
    return true;
  }
  [[nodiscard]] std::vector<Tensor> vjp(const xg::Call& /*call*/, const Tensor& g) const override { return {g * 2.0}; }
  [[nodiscard]] Tensor jvp(const xg::Call& /*call*/, std::span<const Tensor> tangents) const override {
    return tangents[0] * 2.0;
  }
  void evaluate(std::span<const xg::ConstArray> inputs, const xg::Array& output) const override {
    *output.as<double>() = 2 * *inputs[0].as<double>();
  }

 private:
  std::int64_t& asked_;
};

class History {
 public:
  [[nodiscard]] Tensor extended(Tensor x, int length) const {
    for (int i = 0; i < length; ++i) {
      x = xg::apply(twice_, {x});
    }
    return x;
  }
  /// Nodes of it that f looks at.
  template <class F>
  std::int64_t asked_by(F f) {
    asked_ = 0;
    f();
    return asked_;
  }

 private:
  std::int64_t asked_ = 0;
  std::shared_ptr<const xg::Operation> twice_ = std::make_shared<const Twice>(asked_);
};

Tensor number(double value) {
  return xg::variable(xg::scalar(value, xg::float64));
}

}  // namespace

TEST_CASE("reach: a gradient doesn't look at what lies behind its x") {
  History history;
  const Tensor x = history.extended(number(1), 1000);
  Tensor first;
  Tensor second;
  Tensor tangent;
  CHECK(history.asked_by([&] {
    const Tensor y = xg::square(x) * x;
    first = xg::gradients(y, {x})[0];
    second = xg::gradients(first, {x})[0];
    tangent = xg::jvp({y}, {x}, {xg::scalar(1, xg::float64)})[0];
  }) < 50);
  const double value = std::ldexp(1.0, 1000);
  CHECK(first.item() == INFINITY);  // 3 · 2²⁰⁰⁰
  CHECK(second.item() == 6 * value);
  CHECK(tangent.item() == INFINITY);
}

TEST_CASE("reach: an inner gradient at every step costs the same at every step") {
  History history;
  Tensor x = number(1);
  const auto step = [&] {
    const Tensor y = history.extended(xg::square(x), 3);
    x = x - 0.01 * xg::gradients(y, {x})[0];
  };
  const std::int64_t at_first = history.asked_by(step);
  for (int i = 0; i < 200; ++i) {
    step();
  }
  CHECK(history.asked_by(step) <= at_first);
  // x ← x − 0.01 · 2³ · 2 x
  CHECK(x.item() == doctest::Approx(std::pow(1 - 0.16, 202)).epsilon(1e-12));
}

TEST_CASE("reach: an inner minimisation doesn't look at the history of what it is given") {
  History history;
  const Tensor start = number(3);
  const Tensor given = history.extended(start, 20);
  Tensor found;
  const std::int64_t asked = history.asked_by([&] {
    Tensor z = number(0);
    for (int i = 0; i < 5; ++i) {
      z = z - 0.5 * xg::gradients(xg::square(z - given), {z})[0];  // at once: the curvature is 2
    }
    found = z;
  });
  CHECK(asked < 100);
  CHECK(found.item() == std::ldexp(3.0, 20));
  CHECK(xg::gradients(found, {start})[0].item() == std::ldexp(1.0, 20));
}

TEST_CASE("reach: what stands behind stop_gradient isn't looked at") {
  History history;
  const Tensor x = number(2);
  const Tensor stopped = xg::stop_gradient(history.extended(x, 500));
  const Tensor indices = xg::argmax(xg::reshape(history.extended(x, 500), xg::Shape{1}));
  Tensor g;
  CHECK(history.asked_by([&] { g = xg::gradients(x * x + stopped + xg::cast(indices, xg::float64), {x})[0]; }) < 10);
  CHECK(g.item() == 4);
  // stop_gradient's result may itself be an x
  CHECK(xg::gradients(stopped * stopped, {stopped})[0].item() == std::ldexp(4.0, 500));
  CHECK(xg::gradients(stopped * x, {stopped, x})[1].item() == std::ldexp(2.0, 500));
}

TEST_CASE("reach: xs of different age, one behind another, and the y that is one of them") {
  const Tensor a = number(3);
  const Tensor b = a * a;
  const Tensor c = b * a;
  const auto g = xg::gradients(c * b, {c, a, b});
  CHECK(g[0].item() == 9);             // b
  CHECK(g[1].item() == 5 * 81);        // a⁵
  CHECK(g[2].item() == 27 + 9 * 3.0);  // c, and through c
  CHECK(xg::gradients(c, {c, b})[0].item() == 1);
  CHECK(xg::gradients(c, {c, b})[1].item() == 3);
  CHECK_THROWS_AS(static_cast<void>(xg::gradients(b, {c})), xg::ValueError);
  CHECK(xg::gradients(b, {c, a}, {.unconnected = xg::Unconnected::zeros})[0].item() == 0);
}

TEST_CASE("reach: a gradient follows tensors from one thread to another, whichever has made more of them") {
  Tensor x;
  Tensor y;
  std::thread{[&] {
    for (int i = 0; i < 100'000; ++i) {
      static_cast<void>(xg::scalar(i));
    }
    x = number(5);
  }}.join();
  std::thread{[&] { y = xg::square(x); }}.join();
  CHECK(xg::gradients(y * y, {x})[0].item() == 4 * 125);
  CHECK(xg::gradients(y * y, {y})[0].item() == 50);
}
