#pragma once

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

/// put_rows() in two steps: one that checks the indices, and one that never throws, so that it may write over x. Rows
/// as many as x has are put in one.
[[nodiscard]] Tensor put_back_rows(const Tensor& x, const Tensor& indices, const Tensor& rows);

}  // namespace xgrad::ops
