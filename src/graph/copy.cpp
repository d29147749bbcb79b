#include "graph/copy.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "xgrad/operation.hpp"

#include "graph/order.hpp"
#include "graph/values.hpp"

namespace xgrad::graph {

Copy::Copy(std::span<const Tensor> tensors, const Make& make) {
  const std::vector<const Node*> roots = nodes_of(tensors);
  for (const Node* node : topological_order(roots, Boundary::leaves).nodes) {
    std::vector<Tensor> inputs;
    for (const Node* input : node->inputs()) {
      const auto made = made_.find(input);
      inputs.push_back(made == made_.end() ? handle(input) : made->second.for_users);
    }
    Made made = make(*node, inputs);
    if (!made.for_users.defined()) {
      made.for_users = made.copy;
    }
    made_.emplace(node, std::move(made));
  }
}

Copy::Made Copy::plain(const Node& node, std::span<const Tensor> inputs) {
  const ScopeGuard scope{node.scope};
  const Tensor copy = xgrad::apply(node.operation, inputs);
  copy.node()->name = node.name;
  return {copy, {}};
}

Tensor Copy::of(const Tensor& original) const {
  const auto made = made_.find(original.node());
  return made == made_.end() ? original : made->second.copy;
}

}  // namespace xgrad::graph
