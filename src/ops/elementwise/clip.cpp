// min(max(x, low), high), NaN for NaN        ∂x = [low ≤ x ≤ high], NaN for NaN
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/elementwise/slopes.hpp"
#include "ops/primitives.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

// A bound in the tensor's dtype. One that is checked and beyond the range of int64 becomes the end of it.
template <class T>
T bound_as(double bound) noexcept {
  return static_cast<T>(bound);
}
template <>
std::int64_t bound_as<std::int64_t>(double bound) noexcept {
  using Limits = std::numeric_limits<std::int64_t>;
  if (bound < -0x1p63) {
    return Limits::min();
  }
  return bound >= 0x1p63 ? Limits::max() : static_cast<std::int64_t>(bound);
}

class ClipOperation final : public ops::Elementwise {
 public:
  ClipOperation(double low, double high) : low_{low}, high_{high} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "clip"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::clip; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"low", low_}, {"high", high_}}; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_numeric(name(), inputs);
    if (dtype == int64) {
      require_integral(low_);
      require_integral(high_);
      if (low_ >= 0x1p63 || high_ < -0x1p63) {
        throw ValueError(fmt::format("[clip] no int64 lies between the bounds {} and {}", low_, high_));
      }
    }
    return dtype;
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, ops::clip_slope(call.inputs[0], low_, high_));
  }

  template <class T>
  static void run(const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
    const auto& self = static_cast<const ClipOperation&>(operation);
    const T low = bound_as<T>(self.low_);
    const T high = bound_as<T>(self.high_);
    const T* x = static_cast<const T*>(inputs[0]);
    T* result = static_cast<T*>(out);
    for (std::size_t k = 0; k < count; ++k) {
      const T raised = x[k] < low ? low : x[k];
      result[k] = raised > high ? high : raised;
    }
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    if (output == int64) {
      return run<std::int64_t>;
    }
    return output == float32 ? run<float> : run<double>;
  }

 private:
  static void require_integral(double bound) {
    if (std::isfinite(bound) && std::trunc(bound) != bound) {
      throw ValueError(fmt::format("[clip] the bound {} of an int64 tensor is neither integral nor infinite", bound));
    }
  }

  double low_;
  double high_;
};

}  // namespace

ops::OperationPointer ops::clip_operation(double low, double high) {
  return std::make_shared<const ClipOperation>(low, high);
}

Tensor clip(const Tensor& x, double low, double high) {
  if (!(low <= high)) {
    throw ValueError(fmt::format("[clip] low = {}, high = {}, but low ≤ high is expected", low, high));
  }
  return apply(ops::clip_operation(low, high), {x});
}

}  // namespace xgrad
