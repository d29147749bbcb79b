#pragma once

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

/// e^−x², with an error that doesn't grow with x: what is lost in rounding x² is put back.
[[nodiscard]] Tensor bell(const Tensor& x);

}  // namespace xgrad::ops
