// Two operations of your own, each with its derivative, in a program that only links the library. They are equal to the
// built-in ones: broadcast and batched, differentiated any number of times, printed, and checked against differences.
#include <cmath>
#include <iostream>
#include <memory>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

// Swish: y = x σ(βx).   ∂y/∂x = σ(βx) + βx σ(βx) (1 − σ(βx)) = σ(βx) + β y (1 − σ(βx))
// Element-wise: a formula for one element, and times_partial, which serves vjp and jvp alike.
class Swish final : public xg::ElementwiseOperation {
 public:
  explicit Swish(double beta) : beta_{beta} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "swish"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {{"beta", beta_}}; }

  [[nodiscard]] xg::Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const xg::Tensor& t) const override {
    const xg::Tensor s = xg::sigmoid(beta_ * call.inputs[0]);
    return t * (s + beta_ * call.output * (1 - s));
  }

  template <class T>
  [[nodiscard]] T value(T x) const {
    return x / (1 + std::exp(static_cast<T>(-beta_) * x));
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<Swish>(output);
  }
  // So that it may be part of a pass that updates a parameter in place.
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

 private:
  double beta_;
};

xg::Tensor swish(const xg::Tensor& x, double beta = 1) {
  return xg::apply(std::make_shared<Swish>(beta), {x});
}

// The length of the vectors along the last axis: y = √(Σ_j x_j²), (…, n) → (…).   x̄ = ȳ x / y
// Not element-wise: a rule for shapes, a kernel over whole arrays, and vjp. jvp comes from vjp.
class Length final : public xg::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "length"; }

  [[nodiscard]] xg::Signature infer(std::span<const xg::Tensor> inputs) const override {
    const xg::Tensor& x = inputs[0];
    if (x.rank() == 0) {
      throw xg::ShapeError{"[length] found a scalar; expected at least one axis"};
    }
    if (!xg::is_floating(x.dtype())) {
      throw xg::DTypeError{"[length] found " + std::string{xg::to_string(x.dtype())} + "; expected float32 or float64"};
    }
    return {x.shape().without(x.rank() - 1), x.dtype()};
  }

  [[nodiscard]] std::vector<xg::Tensor> vjp(const xg::Call& call, const xg::Tensor& cotangent) const override {
    return {call.inputs[0] * xg::expand_dims(cotangent / call.output, -1)};
  }

  void evaluate(std::span<const xg::ConstArray> inputs, const xg::Array& output) const override {
    output.dtype == xg::float32 ? evaluate_as<float>(inputs[0], output) : evaluate_as<double>(inputs[0], output);
  }

 private:
  template <class T>
  static void evaluate_as(const xg::ConstArray& x, const xg::Array& y) {
    const std::int64_t n = x.shape.back();
    for (std::int64_t row = 0; row < y.shape.size(); ++row) {
      T sum = 0;
      for (std::int64_t j = row * n; j < (row + 1) * n; ++j) {
        sum += x.as<T>()[j] * x.as<T>()[j];
      }
      y.as<T>()[row] = std::sqrt(sum);
    }
  }
};

xg::Tensor length(const xg::Tensor& x) {
  static const auto operation = std::make_shared<const Length>();
  return xg::apply(operation, {x});
}

// Checks the gradient of `loss` against differences, and then, as a loss of its own, the sum of that gradient weighted
// with v: its gradient is the second derivative times v.
bool check(const std::string& title, const xg::check::LossFunction& loss, const xg::Parameter& x, const xg::Tensor& v) {
  xg::check::Report first = xg::check::compare(loss, {{"x", x}});
  xg::check::Report second = xg::check::compare([&] { return xg::sum(xg::gradients(loss(), {x})[0] * v); }, {{"x", x}});
  first.title = title + ", first derivative";
  second.title = title + ", second derivative";
  std::cout << first << '\n' << second << '\n';
  return first.verdict() == xg::check::Verdict::right && second.verdict() == xg::check::Verdict::right;
}

int main() try {
  xg::Random random{3};
  const xg::Parameter x{random.normal({4, 3}, 0, 1, xg::float64), "x"};
  const xg::Tensor v = random.normal({4, 3}, 0, 1, xg::float64);
  const xg::Tensor u = random.normal({4}, 0, 1, xg::float64);  // uneven weights, so that no mistake cancels

  std::cout << "swish(x) =\n" << swish(x, 1.5) << "\nlength(x) =\n" << length(x) << "\n\n";
  bool right = check(
      "swish, β = 1.5", [&] { return xg::sum(swish(x, 1.5) * v); }, x, v);
  right = check(
              "length", [&] { return xg::sum(length(x) * u); }, x, v) &&
          right;

  // The forward mode, without a line of code for it: Length has only a vjp.
  const xg::Tensor y = length(x);
  const xg::Tensor forward = xg::jvp({{y}}, {{x}}, {{v}})[0];
  const xg::Tensor by_hand = xg::sum(x * v, -1) / y;  // ẏ = Σ_j x_j ẋ_j / y
  const double difference = xg::max(xg::abs(forward - by_hand)).item();
  std::cout << "length, forward mode: off by at most " << difference << " from the formula\n\n";

  std::cout << "The gradient of Σ u length(x), as a graph:\n"
            << xg::describe(xg::gradients(xg::sum(length(x) * u.named("u")), {x})[0]);
  return right && difference < 1e-14 ? 0 : 1;
} catch (const xg::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
