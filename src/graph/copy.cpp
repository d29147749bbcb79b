#include "graph/copy.hpp"

#include <vector>

#include "graph/order.hpp"
#include "graph/rebuild.hpp"
#include "graph/values.hpp"

namespace xgrad::graph {

Copy::Copy(std::span<const Tensor> tensors, const Make& make) {
  const std::vector<const Node*> roots = nodes_of(tensors);
  const Order order = topological_order(roots, Boundary::leaves, {}, {.number_leaves = true});
  Rebuild rebuild{order};
  rebuild.run([&](std::size_t i, std::span<const Tensor> inputs) {
    Made made = make(*order.nodes[i], inputs);
    copies_.emplace(order.nodes[i], made.copy);
    return made.for_users.defined() ? made.for_users : made.copy;
  });
}

Copy::Made Copy::plain(const Node& node, std::span<const Tensor> inputs) {
  return {called_again(node, inputs), {}};
}

Tensor Copy::of(const Tensor& original) const {
  const auto copy = copies_.find(original.node());
  return copy == copies_.end() ? original : copy->second;
}

}  // namespace xgrad::graph
