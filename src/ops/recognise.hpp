#pragma once

#include "xgrad/operation.hpp"

/// Predicates of operations for patterns, by algebra().
namespace xgrad::ops {

[[nodiscard]] inline bool is_add(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::add;
}
[[nodiscard]] inline bool is_broadcast_to(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::broadcast_to;
}
[[nodiscard]] inline bool is_chain_div(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::chain_div;
}
[[nodiscard]] inline bool is_chain_mul(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::chain_mul;
}
[[nodiscard]] inline bool is_clip_slope(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::clip_slope;
}
[[nodiscard]] inline bool is_concatenate(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::concatenate;
}
[[nodiscard]] inline bool is_div(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::div;
}
[[nodiscard]] inline bool is_equal_slope(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::equal_slope;
}
[[nodiscard]] inline bool is_exp(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::exp;
}
[[nodiscard]] inline bool is_expm1(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::expm1;
}
[[nodiscard]] inline bool is_flip(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::flip;
}
[[nodiscard]] inline bool is_gather(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::gather;
}
[[nodiscard]] inline bool is_larger_slope(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::larger_slope;
}
[[nodiscard]] inline bool is_log(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::log;
}
[[nodiscard]] inline bool is_log1p(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::log1p;
}
[[nodiscard]] inline bool is_log_product(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::log_product;
}
[[nodiscard]] inline bool is_log_sigmoid(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::log_sigmoid;
}
[[nodiscard]] inline bool is_log_softmax(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::log_softmax;
}
[[nodiscard]] inline bool is_logistic_loss(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::logistic_loss;
}
[[nodiscard]] inline bool is_logsumexp(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::logsumexp;
}
[[nodiscard]] inline bool is_matmul(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::matmul;
}
[[nodiscard]] inline bool is_mean(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::mean;
}
[[nodiscard]] inline bool is_mul(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::mul;
}
[[nodiscard]] inline bool is_neg(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::neg;
}
[[nodiscard]] inline bool is_permute(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::permute;
}
[[nodiscard]] inline bool is_pow(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::pow;
}
[[nodiscard]] inline bool is_relu_slope(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::relu_slope;
}
[[nodiscard]] inline bool is_reshape(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::reshape;
}
[[nodiscard]] inline bool is_sigmoid(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::sigmoid;
}
[[nodiscard]] inline bool is_slice(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::slice;
}
[[nodiscard]] inline bool is_softmax(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::softmax;
}
[[nodiscard]] inline bool is_softplus(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::softplus;
}
[[nodiscard]] inline bool is_sqrt(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::sqrt;
}
[[nodiscard]] inline bool is_square(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::square;
}
[[nodiscard]] inline bool is_sub(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::sub;
}
[[nodiscard]] inline bool is_sum(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::sum;
}
[[nodiscard]] inline bool is_take(const Operation& operation) noexcept {
  return operation.algebra() == Algebra::take;
}

}  // namespace xgrad::ops
