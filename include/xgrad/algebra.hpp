#pragma once

#include <cstdint>

#include "xgrad/export.hpp"

namespace xgrad {

/// What an operation is, where rules know something about it: a plan simplifies −(−x), a loss that is log σ(z) is
/// computed without overflow, a derivation writes x² and σ′. A rule asks operation.algebra(), never a name or a class.
///
/// An operation of your own may say that it is one of these. It then promises, for all inputs, the value of the
/// built-in one up to rounding, the same number of inputs (ValueError at the call, otherwise) and attributes of the
/// same names, and rules may put the built-in one in its stead.
enum class Algebra : std::uint8_t {
  opaque,  ///< none of these, or nothing is known of it

  // element-wise, of numbers
  add,
  sub,
  mul,
  div,
  neg,
  abs,
  square,
  sqrt,
  rsqrt,
  pow,
  exp,
  expm1,
  log,
  log1p,
  sigmoid,
  tanh,
  relu,
  softplus,
  log_sigmoid,
  clip,
  cast,
  where,
  chain_mul,      ///< a b, where 0 · ∞ is 0
  chain_div,      ///< a / b, where 0 / 0 is 0
  log_product,    ///< a l for a logarithm l, where a = 0 gives 0
  logistic_loss,  ///< softplus(z) − y z, and its limits at ±∞
  // steps, the derivatives of relu, clip, maximum and max
  relu_slope,
  clip_slope,
  larger_slope,
  equal_slope,
  // relations and logic
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_not,

  // along axes
  sum,
  mean,
  softmax,
  log_softmax,
  logsumexp,

  // of matrices
  matmul,
  outer,

  // arrangements of elements
  permute,
  reshape,
  broadcast_to,
  concatenate,
  flip,
  slice,
  slice_adjoint,
  take,
  gather,
  one_hot,

  // the input itself
  stop_gradient,
  bind,  ///< x under another node, a leaf to derivatives
};

/// How many inputs such an operation has; 0 for any number.
[[nodiscard]] constexpr unsigned input_count(Algebra algebra) noexcept {
  switch (algebra) {
    case Algebra::opaque:
    case Algebra::concatenate:
      return 0;
    case Algebra::where:
      return 3;
    case Algebra::add:
    case Algebra::sub:
    case Algebra::mul:
    case Algebra::div:
    case Algebra::pow:
    case Algebra::chain_mul:
    case Algebra::chain_div:
    case Algebra::log_product:
    case Algebra::logistic_loss:
    case Algebra::larger_slope:
    case Algebra::equal_slope:
    case Algebra::equal:
    case Algebra::not_equal:
    case Algebra::less:
    case Algebra::less_equal:
    case Algebra::greater:
    case Algebra::greater_equal:
    case Algebra::matmul:
    case Algebra::outer:
    case Algebra::take:
    case Algebra::gather:
      return 2;
    default:
      return 1;
  }
}

}  // namespace xgrad
