#include "graph/copy.hpp"

#include <algorithm>
#include <vector>

#include "xgrad/operation.hpp"

#include "graph/order.hpp"

namespace xgrad::graph {

Copy::Copy(std::span<const Tensor> tensors) {
  std::vector<const Node*> roots(tensors.size());
  std::transform(tensors.begin(), tensors.end(), roots.begin(), [](const Tensor& tensor) { return tensor.node(); });
  for (const Node* node : topological_order(roots, Boundary::leaves).nodes) {
    std::vector<Tensor> inputs;
    for (const Node* input : node->inputs()) {
      inputs.push_back(of(handle(input)));
    }
    const ScopeGuard scope{node->scope};
    const Tensor copy = xgrad::apply(node->operation, inputs);
    copy.node()->name = node->name;
    copies_.emplace(node, copy);
  }
}

Tensor Copy::of(const Tensor& original) const {
  const auto copy = copies_.find(original.node());
  return copy == copies_.end() ? original : copy->second;
}

}  // namespace xgrad::graph
