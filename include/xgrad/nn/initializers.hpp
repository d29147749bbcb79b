#pragma once

#include <functional>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/random.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

/// Draws the first value of a parameter. A weight has shape (out, in), a bias (out).
using Initializer = std::function<Tensor(const Shape& shape, DType dtype, Random& random)>;

namespace init {
[[nodiscard]] XGRAD_API Tensor zeros(const Shape& shape, DType dtype, Random& random);
/// N(0, 1), as in the document.
[[nodiscard]] XGRAD_API Tensor standard_normal(const Shape& shape, DType dtype, Random& random);
/// U(−r, r), r = √(6 / (in + out)). Glorot and Bengio, AISTATS 2010, equation 16.
[[nodiscard]] XGRAD_API Tensor glorot(const Shape& shape, DType dtype, Random& random);
/// N(0, 2 / in). He et al., ICCV 2015, equation 10.
[[nodiscard]] XGRAD_API Tensor he(const Shape& shape, DType dtype, Random& random);
}  // namespace init

}  // namespace xgrad::nn
