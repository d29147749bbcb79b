#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/tensor.hpp"

#include "graph/copy.hpp"
#include "graph/order.hpp"

namespace xgrad::check {

/// Computes a graph from one of its tensors on, with another value of that tensor. The results of stop_gradient() stay
/// as they were, as they do for derivatives. Works on a copy of the graph.
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
  Tensor from_;
  graph::Order order_;                    // of the copy, found: `from` and the result
  std::vector<std::uint32_t> dependent_;  // the nodes that depend on `from`, inputs before users
  std::vector<Tensor> known_;             // `from`, and the other inputs of these nodes
};

}  // namespace xgrad::check
