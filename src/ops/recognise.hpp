#pragma once

#include "xgrad/operation.hpp"

/// Whether an operation is the built-in one of that name: by its class, so that a user's operation with the same name
/// isn't. Each is defined in the operation's own file.
namespace xgrad::ops {

[[nodiscard]] bool is_add(const Operation& operation) noexcept;
[[nodiscard]] bool is_broadcast_to(const Operation& operation) noexcept;
[[nodiscard]] bool is_chain_div(const Operation& operation) noexcept;
[[nodiscard]] bool is_chain_mul(const Operation& operation) noexcept;
[[nodiscard]] bool is_clip_slope(const Operation& operation) noexcept;
[[nodiscard]] bool is_concatenate(const Operation& operation) noexcept;
[[nodiscard]] bool is_div(const Operation& operation) noexcept;
[[nodiscard]] bool is_equal_slope(const Operation& operation) noexcept;
[[nodiscard]] bool is_exp(const Operation& operation) noexcept;
[[nodiscard]] bool is_expm1(const Operation& operation) noexcept;
[[nodiscard]] bool is_flip(const Operation& operation) noexcept;
[[nodiscard]] bool is_gather(const Operation& operation) noexcept;
[[nodiscard]] bool is_larger_slope(const Operation& operation) noexcept;
[[nodiscard]] bool is_log(const Operation& operation) noexcept;
[[nodiscard]] bool is_log1p(const Operation& operation) noexcept;
[[nodiscard]] bool is_log_product(const Operation& operation) noexcept;
[[nodiscard]] bool is_log_sigmoid(const Operation& operation) noexcept;
[[nodiscard]] bool is_log_softmax(const Operation& operation) noexcept;
[[nodiscard]] bool is_logistic_loss(const Operation& operation) noexcept;
[[nodiscard]] bool is_logsumexp(const Operation& operation) noexcept;
[[nodiscard]] bool is_matmul(const Operation& operation) noexcept;
[[nodiscard]] bool is_mean(const Operation& operation) noexcept;
[[nodiscard]] bool is_mul(const Operation& operation) noexcept;
[[nodiscard]] bool is_neg(const Operation& operation) noexcept;
[[nodiscard]] bool is_permute(const Operation& operation) noexcept;
[[nodiscard]] bool is_pow(const Operation& operation) noexcept;
[[nodiscard]] bool is_relu_slope(const Operation& operation) noexcept;
[[nodiscard]] bool is_reshape(const Operation& operation) noexcept;
[[nodiscard]] bool is_sigmoid(const Operation& operation) noexcept;
[[nodiscard]] bool is_slice(const Operation& operation) noexcept;
[[nodiscard]] bool is_softmax(const Operation& operation) noexcept;
[[nodiscard]] bool is_softplus(const Operation& operation) noexcept;
[[nodiscard]] bool is_sqrt(const Operation& operation) noexcept;
[[nodiscard]] bool is_square(const Operation& operation) noexcept;
[[nodiscard]] bool is_sub(const Operation& operation) noexcept;
[[nodiscard]] bool is_sum(const Operation& operation) noexcept;
[[nodiscard]] bool is_take(const Operation& operation) noexcept;

}  // namespace xgrad::ops
