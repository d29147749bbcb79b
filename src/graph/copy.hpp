#pragma once

#include <span>
#include <unordered_map>

#include "xgrad/tensor.hpp"

#include "graph/node.hpp"

namespace xgrad::graph {

/// The same operations on the same leaves, without values: evaluating the copy leaves the original as it is, where a
/// tensor without a Parameter behind it would let its history go.
class Copy {
 public:
  explicit Copy(std::span<const Tensor> tensors);

  /// The copy of a tensor behind those given; a leaf is its own.
  [[nodiscard]] Tensor of(const Tensor& original) const;

 private:
  std::unordered_map<const Node*, Tensor> copies_;
};

}  // namespace xgrad::graph
