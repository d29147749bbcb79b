#pragma once

#include <span>

#include "xgrad/tensor.hpp"

#include "graph/node.hpp"

namespace xgrad::planning {

/// A pending node whose value may be written over that of a leaf, of the same shape and dtype, by those who hold both.
struct LeafOverwrite {
  const graph::Node* target = nullptr;
  const graph::Node* leaf = nullptr;
  bool done = false;  ///< whether the target's value is the leaf's memory now
};

/// eval(), which writes over leaves where nothing but what is computed now, and one handle, refers to the leaf, and
/// nothing that is still held afterwards goes back to it. A target is held once. An error leaves the leaves' values as
/// they were.
void evaluate(std::span<const Tensor> tensors, std::span<LeafOverwrite> overwrites);

}  // namespace xgrad::planning
