// Steps as derivatives: of relu, clip, maximum and minimum, max and min        ∂ = 0
#include "ops/elementwise/slopes.hpp"

#include <cmath>
#include <limits>

#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "run/isa.hpp"

namespace xgrad::ops {

namespace {

/// The base of step functions: constant between their jumps, so no gradient flows through.
class Step : public Elementwise {
 public:
  [[nodiscard]] bool differentiable() const noexcept final { return false; }
  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& /*t*/) const final {
    return {};
  }
};

class ReluSlopeOperation final : public Step {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "relu_slope"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::relu_slope; }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::relu_slope, output);
  }
};

// NaN is neither inside nor outside.
template <class T>
T inside(bool yes, bool no) noexcept {
  if (yes) {
    return T{1};
  }
  return no ? T{0} : std::numeric_limits<T>::quiet_NaN();
}

class ClipSlopeOperation final : public Step {
 public:
  ClipSlopeOperation(double low, double high) : low_{low}, high_{high} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "clip_slope"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::clip_slope; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"low", low_}, {"high", high_}}; }

  template <class T>
  [[nodiscard]] T value(T x) const noexcept {
    const T low = static_cast<T>(low_);
    const T high = static_cast<T>(high_);
    return inside<T>(x >= low && x <= high, x < low || x > high);
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<ClipSlopeOperation>(output);
  }

 private:
  double low_;
  double high_;
};

class LargerSlopeOperation final : public Step {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "larger_slope"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::larger_slope; }

  template <class T>
  static T value(T a, T b) noexcept {
    return a == b ? T{0.5} : inside<T>(a > b, a < b);
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<LargerSlopeOperation, 2>(output);
  }
};

class EqualSlopeOperation final : public Step {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "equal_slope"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::equal_slope; }

  template <class T>
  static T value(T a, T b) noexcept {
    return inside<T>(a == b, a < b || a > b);
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<EqualSlopeOperation, 2>(output);
  }
};

}  // namespace

Tensor relu_slope(const Tensor& x) {
  static const auto operation = std::make_shared<const ReluSlopeOperation>();
  return apply(operation, {x});
}

Tensor clip_slope(const Tensor& x, double low, double high) {
  return apply(std::make_shared<const ClipSlopeOperation>(low, high), {x});
}

Tensor larger_slope(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const LargerSlopeOperation>();
  return apply(operation, {a, b});
}

Tensor equal_slope(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const EqualSlopeOperation>();
  return apply(operation, {a, b});
}

}  // namespace xgrad::ops
