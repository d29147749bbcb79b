#include "graph/computed.hpp"

#include <algorithm>
#include <functional>

#include "graph/rebuild.hpp"
#include "graph/values.hpp"

namespace xgrad::graph {

std::vector<Tensor> as_computed(std::span<const Tensor> tensors, Boundary boundary) {
  const std::vector<const Node*> roots = nodes_of(tensors);
  const Order order = topological_order(roots, boundary, roots, {.follow_forms = true, .number_leaves = true});
  if (order.replaced.empty()) {
    return {tensors.begin(), tensors.end()};
  }
  Rebuild rebuild{order};
  rebuild.run([&order](std::size_t i, std::span<const Tensor> inputs) { return rebuilt(*order.nodes[i], inputs); });
  for (const Replaced& each : order.replaced) {
    const auto& around = each.node->form->around;
    const bool is_its_own = !std::binary_search(around.begin(), around.end(), each.node, std::less<>{});
    if (each.index == Order::leaf || !each.node->name || !is_its_own) {
      continue;
    }
    if (const Tensor form = rebuild[each.index]; !form.node()->name) {
      form.node()->name = each.node->name;
    }
  }
  return rebuild.found();
}

}  // namespace xgrad::graph
