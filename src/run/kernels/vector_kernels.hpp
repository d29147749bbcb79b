#pragma once

#include <array>
#include <string_view>

#include "xgrad/kernel.hpp"

namespace xgrad::run {

/// One element-wise function for the two floating dtypes.
struct VectorKernel {
  TileKernel float32 = nullptr;
  TileKernel float64 = nullptr;
};

/// The vector kernels of one instruction set. An element's result doesn't depend on its place in a tile. NaN in gives
/// NaN out. Those not named in vector_errors are exact (neg, abs, maximum, minimum, relu, floor, ceil, round, trunc) or
/// correctly rounded.
struct VectorKernels {
  VectorKernel add, sub, mul, div, neg, square, abs, maximum, minimum, sqrt, rsqrt;
  VectorKernel exp, expm1, log, log1p, sin, cos, tanh, erf;
  VectorKernel sigmoid, relu, relu_slope, softplus, log_sigmoid;
  VectorKernel tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh, exp2, log2, log10;
  VectorKernel floor, ceil, round, trunc;
  /// Activations and their derivatives; elu with α = 1.
  VectorKernel gelu, gelu_slope, gelu_tanh, gelu_tanh_slope, silu, silu_slope, mish, mish_slope, elu, elu_slope;
  /// t d of (t, d), but 0 where t = 0, and where d = 0 and t is infinite; t / d, but 0 where t = 0; a l of (a, l), but
  /// 0 where a = 0 and l isn't NaN.
  VectorKernel chain_mul, chain_div, log_product;
  /// t (a (1 − a)) of (t, a);  t (1 − a²) of (t, a), both by mul and by chain_mul;  a + b c and a − b c of (a, b, c):
  /// to the bit what the kernels of their parts give.
  VectorKernel logistic_slope, hyperbolic_slope, chain_logistic_slope, chain_hyperbolic_slope, add_product, sub_product;
  /// The same with some inputs that are one element for the whole tile, which is all that is read of them: bit i of the
  /// index stands for input i. Empty where all inputs would be.
  static constexpr unsigned scalar_masks = 6;
  VectorKernel add_scalars[scalar_masks], sub_scalars[scalar_masks], mul_scalars[scalar_masks],
      div_scalars[scalar_masks], add_product_scalars[scalar_masks], sub_product_scalars[scalar_masks];
};

/// The largest error of a kernel, on every instruction set and for any input, in units in the last place of the exact
/// result; a subnormal result's unit is the smallest subnormal number, and an infinite result counts as 2^128 (2^1024).
/// Of the slopes of gelu, gelu_tanh, silu and mish, which are sums with a zero, it is in units of the larger term.
struct VectorError {
  std::string_view name;
  VectorKernel VectorKernels::*kernel;
  double float32;
  double float64;
};
inline constexpr std::array<VectorError, 34> vector_errors{{
    {"rsqrt", &VectorKernels::rsqrt, 1.5, 1.5},
    {"exp", &VectorKernels::exp, 2.5, 1.5},
    {"expm1", &VectorKernels::expm1, 2.5, 2.5},
    {"log", &VectorKernels::log, 1.0, 1.0},
    {"log1p", &VectorKernels::log1p, 1.0, 1.0},
    {"sin", &VectorKernels::sin, 3.0, 3.0},
    {"cos", &VectorKernels::cos, 3.0, 3.0},
    {"tanh", &VectorKernels::tanh, 2.5, 1.5},
    {"erf", &VectorKernels::erf, 3.0, 1.5},
    {"sigmoid", &VectorKernels::sigmoid, 3.0, 3.0},
    {"softplus", &VectorKernels::softplus, 2.5, 2.5},
    {"log_sigmoid", &VectorKernels::log_sigmoid, 2.5, 2.5},
    {"tan", &VectorKernels::tan, 4.0, 4.0},
    {"asin", &VectorKernels::asin, 2.5, 1.5},
    {"acos", &VectorKernels::acos, 1.5, 1.5},
    {"atan", &VectorKernels::atan, 2.5, 2.5},
    {"sinh", &VectorKernels::sinh, 2.5, 2.5},
    {"cosh", &VectorKernels::cosh, 2.5, 2.5},
    {"asinh", &VectorKernels::asinh, 4.0, 2.0},
    {"acosh", &VectorKernels::acosh, 2.0, 2.0},
    {"atanh", &VectorKernels::atanh, 2.0, 2.0},
    {"exp2", &VectorKernels::exp2, 2.0, 2.0},
    {"log2", &VectorKernels::log2, 2.0, 1.0},
    {"log10", &VectorKernels::log10, 1.5, 1.0},
    {"gelu", &VectorKernels::gelu, 5.0, 7.0},
    {"gelu_slope", &VectorKernels::gelu_slope, 6.0, 6.0},
    {"gelu_tanh", &VectorKernels::gelu_tanh, 4.0, 4.0},
    {"gelu_tanh_slope", &VectorKernels::gelu_tanh_slope, 6.0, 6.0},
    {"silu", &VectorKernels::silu, 4.0, 4.0},
    {"silu_slope", &VectorKernels::silu_slope, 4.0, 4.0},
    {"mish", &VectorKernels::mish, 4.0, 4.0},
    {"mish_slope", &VectorKernels::mish_slope, 5.5, 5.0},
    {"elu", &VectorKernels::elu, 2.5, 2.5},
    {"elu_slope", &VectorKernels::elu_slope, 2.5, 1.5},
}};

// One definition per instruction set, each compiled with its flags.
namespace baseline {
[[nodiscard]] const VectorKernels& vector_kernels() noexcept;
}
namespace avx2 {
[[nodiscard]] const VectorKernels& vector_kernels() noexcept;
}
namespace avx512 {
[[nodiscard]] const VectorKernels& vector_kernels() noexcept;
}

}  // namespace xgrad::run
