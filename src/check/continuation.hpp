#pragma once

#include <vector>

#include "xgrad/tensor.hpp"

#include "graph/copy.hpp"

namespace xgrad::check {

/// What a graph computes from one of its tensors on: the same operations with another value in that tensor's place.
/// What stop_gradient() cuts off stays as it was, as it does for derivatives. Works on a copy of the graph.
class Continuation {
 public:
  /// Evaluates, in the copy, what doesn't depend on `from`.
  Continuation(const Tensor& result, const Tensor& from);

  /// The tensor's own value.
  [[nodiscard]] const Tensor& start() const noexcept { return from_; }
  /// `x` has the tensor's shape and dtype. Pending.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;

 private:
  graph::Copy copy_;
  Tensor result_;
  Tensor from_;
  std::vector<const graph::Node*> steps_;  // that depend on it, inputs first
  std::vector<Tensor> known_;              // what they use besides
};

}  // namespace xgrad::check
