#include "graph/computed.hpp"

#include <algorithm>
#include <functional>

#include "xgrad/operation.hpp"

#include "graph/values.hpp"

namespace xgrad::graph {

namespace {

// The i-th node of the order on inputs that are in place.
Tensor in_place(const Order& order, std::size_t i, const std::vector<Tensor>& made) {
  const Node& node = *order.nodes[i];
  const auto links = order.inputs(i);
  std::vector<Tensor> inputs;
  inputs.reserve(links.size());
  bool same = true;
  for (std::size_t j = 0; j < links.size(); ++j) {
    inputs.push_back(links[j] == Order::leaf ? handle(order.computed(node.inputs()[j])) : made[links[j]]);
    same = same && inputs.back().node() == node.inputs()[j];
  }
  if (same) {
    return handle(&node);
  }
  const ScopeGuard scope{node.scope};
  Tensor copy = apply_as_written(node.operation, inputs);
  copy.node()->name = node.name;
  copy.node()->value = node.value;
  return copy;
}

}  // namespace

std::vector<Tensor> as_computed(std::span<const Tensor> tensors, Boundary boundary) {
  const std::vector<const Node*> roots = nodes_of(tensors);
  const Order order = topological_order(roots, boundary, roots, {.follow_forms = true});
  if (order.replaced.empty()) {
    return {tensors.begin(), tensors.end()};
  }
  std::vector<Tensor> made(order.nodes.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i] = in_place(order, i, made);
  }
  for (const Replaced& each : order.replaced) {
    const auto& around = each.node->form->around;
    const bool is_its_own = !std::binary_search(around.begin(), around.end(), each.node, std::less<>{});
    if (each.index != Order::leaf && each.node->name && is_its_own && !made[each.index].node()->name) {
      made[each.index].node()->name = each.node->name;
    }
  }
  std::vector<Tensor> result;
  result.reserve(tensors.size());
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    result.push_back(order.found[k] == Order::leaf ? handle(order.computed(roots[k])) : made[order.found[k]]);
  }
  return result;
}

}  // namespace xgrad::graph
