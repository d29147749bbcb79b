#pragma once

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

/// put_rows() with indices by which the rows were taken from x, so that they are in range: it never throws, and may
/// write over x.
[[nodiscard]] Tensor put_back_rows(const Tensor& x, const Tensor& indices, const Tensor& rows);

}  // namespace xgrad::ops
