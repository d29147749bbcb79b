#pragma once

#include <span>
#include <vector>

#include "graph/order.hpp"

namespace xgrad::graph {

/// The tensors on a graph in which every node with a stable form is replaced by its form; each itself if there is none
/// behind it.
[[nodiscard]] std::vector<Tensor> as_computed(std::span<const Tensor> tensors, Boundary boundary);

}  // namespace xgrad::graph
