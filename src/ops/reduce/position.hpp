#pragma once

#include "ops/reduce/reduction.hpp"

namespace xgrad::ops {

/// The base of argmax and argmin: one axis, which isn't empty; an int64 result; no gradient.
class Position : public Reduction {
 public:
  using Reduction::Reduction;

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const final;
  [[nodiscard]] bool differentiable() const noexcept final { return false; }

 protected:
  [[nodiscard]] std::size_t axis() const noexcept { return axes()[0]; }
};

}  // namespace xgrad::ops
