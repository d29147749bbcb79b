#pragma once

#include "xgrad/operation.hpp"

/// The stable forms of the elementary operations, each asked for by its operation's file. All are equal to the call
/// wherever the call can be computed at all; docs/operations.md lists them.
namespace xgrad::ops {

/// log x: of exponentials and expressions of these, log(1 + t), log(1 − t).
[[nodiscard]] StableForm form_of_log(const Tensor& x);
/// log(1 + x): of e^t, −e^t, −σ(t).
[[nodiscard]] StableForm form_of_log1p(const Tensor& x);
/// √x: of 1 − σ(t), which is 0 to rounding where σ(t) is 1 to rounding; of t² and Σ t², which under- and overflow.
[[nodiscard]] StableForm form_of_sqrt(const Tensor& x);
/// 1 / √x: of Σ t².
[[nodiscard]] StableForm form_of_rsqrt(const Tensor& x);
/// a / b: σ, softmax and tanh as they are written with exponentials.
[[nodiscard]] StableForm form_of_quotient(const Tensor& a, const Tensor& b);
/// a + b: softplus(z) + w z, in either order.
[[nodiscard]] StableForm form_of_sum(const Tensor& a, const Tensor& b);
/// a − b: e^t − 1 and 1 − e^t, softplus(z) − y z and its negative, x − log Σ e^x.
[[nodiscard]] StableForm form_of_difference(const Tensor& a, const Tensor& b);
/// a b: a log t, which is 0 where a = 0 and t = 0; of log(1 + t), log σ(t) and log softmax(t) likewise.
[[nodiscard]] StableForm form_of_product(const Tensor& a, const Tensor& b);

/// a · b of two vectors, one of them a logarithm: likewise.
[[nodiscard]] StableForm form_of_dot(const Tensor& a, const Tensor& b);

/// a b, but 0 where a = 0 and b is infinite.
[[nodiscard]] Tensor product_with_log(const Tensor& a, const Tensor& b);
/// softplus(z) − y z, and its limit where z is infinite.
[[nodiscard]] Tensor logistic_loss(const Tensor& z, const Tensor& y);

}  // namespace xgrad::ops
