#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "xgrad/tensor.hpp"

#include "graph/order.hpp"

namespace xgrad::autodiff {

/// When the first of the tensors was made: other nodes of that time or before depend on none of them.
[[nodiscard]] std::uint64_t oldest(std::span<const Tensor> tensors) noexcept;

/// A part of the xs, by their indices, and the order to differentiate them in.
struct Part {
  graph::Order order;  ///< with leaves numbered; found: the xs of the part, then the ys
  std::vector<std::size_t> indices;
  std::vector<Tensor> xs;
  std::vector<bool> is_x;  ///< per index of the order
};

/// One part for the xs that no stable form goes around: the graph behind the ys with its forms. A second part, if there
/// are any, for the other xs: without the forms around them, since log_sigmoid(x), say, doesn't depend on σ(x).
[[nodiscard]] std::vector<Part> parts(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                      std::span<const Tensor> constants);

}  // namespace xgrad::autodiff
