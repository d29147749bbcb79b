#pragma once

#include "xgrad/operation.hpp"

namespace xgrad::ops {

/// The base of the library's own element-wise operations: their kernels never throw, so they may be part of a pass that
/// writes over a parameter.
class Elementwise : public ElementwiseOperation {
 public:
  [[nodiscard]] bool may_throw() const noexcept override { return false; }
};

}  // namespace xgrad::ops
