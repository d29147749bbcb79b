#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/node.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::graph {

/// The element number i, row-major, of an array or of a node that has a value, as a double: int64 beyond 2⁵³ is
/// rounded, true is 1.
[[nodiscard]] inline double element_of(const ConstArray& array, std::int64_t i) noexcept {
  return dispatch(array.dtype, [&]<class T>(std::type_identity<T> /*type*/) {
    return static_cast<double>(static_cast<const T*>(array.data)[i]);
  });
}
[[nodiscard]] inline double element_of(const Node& node, std::int64_t i) noexcept {
  return dispatch(node.dtype, [&]<class T>(std::type_identity<T> /*type*/) {
    return static_cast<double>(static_cast<const T*>(node.value.data())[i]);
  });
}

[[nodiscard]] inline std::vector<const Node*> nodes_of(std::span<const Tensor> tensors) {
  std::vector<const Node*> nodes(tensors.size());
  std::transform(tensors.begin(), tensors.end(), nodes.begin(), [](const Tensor& tensor) { return tensor.node(); });
  return nodes;
}

}  // namespace xgrad::graph
