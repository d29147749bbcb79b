#pragma once

#include <cstdint>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Activations beside relu, sigmoid, tanh and softplus, which are in math.hpp. All take float32 or float64, DTypeError
/// otherwise; NaN gives NaN, in the value and in the derivative. Values and derivatives of any order are right for any
/// x, also where factors of their formulas overflow: silu(−∞) is −0, as is its derivative. At a kink the derivative is
/// the one of the flat side, or, where neither side is flat, the one from below.
namespace xgrad {

/// x Φ(x), Φ being the normal distribution (Hendrycks and Gimpel 2016). To a few units in the last place for any x.
[[nodiscard]] XGRAD_API Tensor gelu(const Tensor& x);
/// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): their approximation of it, off by 5·10⁻⁴ at most.
[[nodiscard]] XGRAD_API Tensor gelu_tanh(const Tensor& x);
/// x σ(x) (Elfwing, Uchibe and Doya 2017; "swish" in Ramachandran, Zoph and Le 2017).
[[nodiscard]] XGRAD_API Tensor silu(const Tensor& x);
/// x tanh(softplus(x)) (Misra 2019).
[[nodiscard]] XGRAD_API Tensor mish(const Tensor& x);
/// x / (1 + |x|) (Bergstra et al. 2009).
[[nodiscard]] XGRAD_API Tensor softsign(const Tensor& x);
/// x − tanh x, without cancellation near 0.
[[nodiscard]] XGRAD_API Tensor tanhshrink(const Tensor& x);

/// x, and α (e^x − 1) for x ≤ 0 (Clevert, Unterthiner and Hochreiter 2015). ValueError unless α is finite and at least
/// 0.
[[nodiscard]] XGRAD_API Tensor elu(const Tensor& x, double alpha = 1);
/// λ elu(x, α) with λ = 1.0507…, α = 1.6732…, for which mean 0 and variance 1 are a fixed point (Klambauer et al.
/// 2017).
[[nodiscard]] XGRAD_API Tensor selu(const Tensor& x);
/// x, and α (e^(x/α) − 1) for x ≤ 0: an elu with the derivative 1 on both sides of 0 (Barron 2017). ValueError unless α
/// is positive and finite.
[[nodiscard]] XGRAD_API Tensor celu(const Tensor& x, double alpha = 1);

/// x, and slope x for x ≤ 0 (Maas, Hannun and Ng 2013). ValueError unless the slope is finite.
[[nodiscard]] XGRAD_API Tensor leaky_relu(const Tensor& x, double slope = 0.01);
/// x, and a x for x ≤ 0, where a is learned (He et al. 2015): a scalar, (1,), or (C,) with one slope per channel, axis
/// 1 of x. Where a slope is 0, so is its product with −∞. ShapeError for any other shape.
[[nodiscard]] XGRAD_API Tensor prelu(const Tensor& x, const Tensor& a);
/// min(max(x, 0), 6) (Krizhevsky 2010). Derivative 0 at 0 and 6.
[[nodiscard]] XGRAD_API Tensor relu6(const Tensor& x);
/// min(max(x, low), high) (Collobert 2004), as clip, but with the derivative 0 at the bounds. ValueError unless low <
/// high.
[[nodiscard]] XGRAD_API Tensor hardtanh(const Tensor& x, double low = -1, double high = 1);
/// relu6(x + 3) / 6 (Howard et al. 2019).
[[nodiscard]] XGRAD_API Tensor hardsigmoid(const Tensor& x);
/// x relu6(x + 3) / 6 (Howard et al. 2019). Derivative 0 at −3 and 1 at 3.
[[nodiscard]] XGRAD_API Tensor hardswish(const Tensor& x);
/// x, and 0 for |x| ≤ λ. ValueError unless λ is finite and at least 0.
[[nodiscard]] XGRAD_API Tensor hardshrink(const Tensor& x, double lambda = 0.5);
/// x moved by λ towards 0, and 0 for |x| ≤ λ (Donoho 1995). ValueError unless λ is finite and at least 0.
[[nodiscard]] XGRAD_API Tensor softshrink(const Tensor& x, double lambda = 0.5);

/// a σ(b), a being the first half of x along the axis, b the second (Dauphin et al. 2016). ShapeError unless there is
/// an even number of elements.
[[nodiscard]] XGRAD_API Tensor glu(const Tensor& x, std::int64_t axis = -1);
/// silu(a) b, likewise (Shazeer 2020): the first half is the gate.
[[nodiscard]] XGRAD_API Tensor swiglu(const Tensor& x, std::int64_t axis = -1);
/// softmax(−x) along the axis.
[[nodiscard]] XGRAD_API Tensor softmin(const Tensor& x, std::int64_t axis = -1);

}  // namespace xgrad
