#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "xgrad/math.hpp"

#include "ops/activations/activation.hpp"

namespace xgrad::ops {

/// The constants of p x, and q (e^(x/w) − 1) for x ≤ 0, and of its derivative p, and (q/w) e^(x/w) for x ≤ 0.
struct ExponentialUnit {
  double above = 1;  ///< p
  double below = 1;  ///< q
  double width = 1;  ///< w

  friend bool operator==(const ExponentialUnit&, const ExponentialUnit&) = default;
};

/// f and f′ as kernels, for a formula with a member `unit()`.
template <class Formula>
class ExponentialTiles {
  using VectorKernel = run::VectorKernel run::VectorKernels::*;

 public:
  [[nodiscard]] static TileKernel value(const ExponentialUnit& unit, DType dtype) {
    if (unit == ExponentialUnit{}) {
      return run::vector_tile(&run::VectorKernels::elu, dtype);
    }
    return dtype == float32 ? run_value<float> : run_value<double>;
  }
  [[nodiscard]] static TileKernel slope(const ExponentialUnit& unit, DType dtype) {
    if (unit == ExponentialUnit{}) {
      return run::vector_tile(&run::VectorKernels::elu_slope, dtype);
    }
    return dtype == float32 ? run_slope<float> : run_slope<double>;
  }

 private:
  template <class T>
  static void run_value(const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
    const ExponentialUnit unit = static_cast<const Activation<Formula>&>(operation).formula().unit();
    const T above = static_cast<T>(unit.above);
    const T below = static_cast<T>(unit.below);
    map<T>(&run::VectorKernels::elu, unit, operation, static_cast<const T*>(inputs[0]), static_cast<T*>(out), count,
           [=](T x, T elu) { return x > 0 ? above * x : below * elu; });
  }

  template <class T>
  static void run_slope(const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
    const ExponentialUnit unit = static_cast<const Slope<Formula>&>(operation).formula().unit();
    const T above = static_cast<T>(unit.above);
    const T below = static_cast<T>(unit.below / unit.width);
    map<T>(&run::VectorKernels::elu_slope, unit, operation, static_cast<const T*>(inputs[0]), static_cast<T*>(out),
           count, [=](T x, T slope) { return x > 0 ? above : below * slope; });
  }

  /// `finished(x, kernel(x/w))`, a few elements at a time, as the output may be the input's memory.
  template <class T, class Finish>
  static void map(VectorKernel kernel, const ExponentialUnit& unit, const Operation& operation, const T* in, T* out,
                  std::size_t count, Finish finished) {
    constexpr std::size_t most = 256;
    const TileKernel exponential = run::vector_tile(kernel, dtype_of<T>);
    const T width = static_cast<T>(unit.width);
    std::array<T, most> x;
    std::array<T, most> y;
    for (std::size_t start = 0; start < count; start += most) {
      const std::size_t length = std::min(most, count - start);
      for (std::size_t k = 0; k < length; ++k) {
        x[k] = in[start + k];
        y[k] = x[k] / width;
      }
      const void* scaled = y.data();
      exponential(operation, &scaled, y.data(), length);
      for (std::size_t k = 0; k < length; ++k) {
        out[start + k] = finished(x[k], y[k]);
      }
    }
  }
};

/// t f″ of a call of f′: 0 above 0, f′ / w below.
[[nodiscard]] inline Tensor times_exponential_curvature(const Call& call, const Tensor& t, double width) {
  const Tensor below = width == 1 ? call.output : call.output / width;
  return chain_mul(t, where(call.inputs[0] > 0.0, 0.0, below));
}

}  // namespace xgrad::ops
