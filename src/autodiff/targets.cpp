#include "autodiff/targets.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>

#include "graph/values.hpp"

namespace xgrad::autodiff {

std::uint64_t oldest(std::span<const Tensor> tensors) noexcept {
  std::uint64_t time = std::numeric_limits<std::uint64_t>::max();
  for (const Tensor& tensor : tensors) {
    time = std::min(time, tensor.node()->time);
  }
  return time;
}

namespace {

Part part_of(std::span<const Tensor> ys, std::vector<std::size_t> indices, std::span<const Tensor> all,
             std::span<const Tensor> constants, std::span<const graph::Node* const> kept) {
  Part part;
  part.indices = std::move(indices);
  for (const std::size_t i : part.indices) {
    part.xs.push_back(all[i]);
  }
  auto looked_for = graph::nodes_of(part.xs);
  const auto y_nodes = graph::nodes_of(ys);
  looked_for.insert(looked_for.end(), y_nodes.begin(), y_nodes.end());
  const auto stop_at = graph::nodes_of(constants);
  part.order = graph::topological_order(
      y_nodes, graph::Boundary::derivatives, looked_for,
      {.stop_at = stop_at, .oldest = oldest(part.xs), .follow_forms = true, .kept = kept, .number_leaves = true});
  part.is_x.resize(part.order.size(), false);
  for (std::size_t k = 0; k < part.xs.size(); ++k) {
    part.is_x[part.order.found[k]] = true;
  }
  return part;
}

// The nodes that followed forms go around, sorted.
std::vector<const graph::Node*> gone_around(const graph::Order& order) {
  std::vector<const graph::Node*> nodes;
  for (const graph::Replaced& each : order.replaced) {
    for (const graph::Node* node = each.node; node != each.computed; node = node->form->node) {
      nodes.insert(nodes.end(), node->form->around.begin(), node->form->around.end());
    }
  }
  std::sort(nodes.begin(), nodes.end(), std::less<>{});
  return nodes;
}

}  // namespace

std::vector<Part> parts(std::span<const Tensor> ys, std::span<const Tensor> xs, std::span<const Tensor> constants) {
  std::vector<std::size_t> indices(xs.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  std::vector<Part> result;
  result.push_back(part_of(ys, std::move(indices), xs, constants, {}));
  if (result[0].order.replaced.empty()) {
    return result;
  }
  const std::vector<const graph::Node*> around = gone_around(result[0].order);
  std::vector<std::size_t> direct;
  std::vector<std::size_t> hidden;
  std::vector<const graph::Node*> kept;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const bool is_hidden = std::binary_search(around.begin(), around.end(), xs[i].node(), std::less<>{});
    (is_hidden ? hidden : direct).push_back(i);
    if (is_hidden) {
      kept.push_back(xs[i].node());
    }
  }
  if (hidden.empty()) {
    return result;
  }
  std::sort(kept.begin(), kept.end(), std::less<>{});
  result.clear();
  if (!direct.empty()) {
    result.push_back(part_of(ys, std::move(direct), xs, constants, {}));
  }
  result.push_back(part_of(ys, std::move(hidden), xs, constants, kept));
  return result;
}

}  // namespace xgrad::autodiff
