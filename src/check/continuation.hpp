#pragma once

#include <vector>

#include "xgrad/tensor.hpp"

namespace xgrad::check {

/// What a graph computes from one of its tensors on: the same operations with another value in that tensor's place.
class Continuation {
 public:
  /// Evaluates what doesn't depend on `from`.
  Continuation(const Tensor& result, const Tensor& from);

  /// `x` has the tensor's shape and dtype. Pending.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;

 private:
  Tensor result_;
  Tensor from_;
  std::vector<const graph::Node*> steps_;  // that depend on it, inputs first
  std::vector<Tensor> known_;              // what they use besides
};

}  // namespace xgrad::check
