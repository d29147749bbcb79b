#include "autodiff/targets.hpp"

#include <algorithm>
#include <functional>

namespace xgrad::autodiff {

Targets::Targets(std::span<const Tensor> xs, const graph::Order& order) : interior_(order.nodes.size(), false) {
  for (std::size_t k = 0; k < xs.size(); ++k) {
    if (order.found[k] == graph::Order::leaf) {
      leaves_.push_back(xs[k].node());
    } else {
      interior_[order.found[k]] = true;
    }
  }
  std::sort(leaves_.begin(), leaves_.end(), std::less<>{});
  leaves_.erase(std::unique(leaves_.begin(), leaves_.end()), leaves_.end());
}

std::uint32_t Targets::leaf(const graph::Node* node) const noexcept {
  const auto place = std::lower_bound(leaves_.begin(), leaves_.end(), node, std::less<>{});
  return place != leaves_.end() && *place == node ? static_cast<std::uint32_t>(place - leaves_.begin()) : none;
}

std::vector<const graph::Node*> nodes_of(std::span<const Tensor> tensors) {
  std::vector<const graph::Node*> nodes;
  nodes.reserve(tensors.size());
  for (const Tensor& tensor : tensors) {
    nodes.push_back(tensor.node());
  }
  return nodes;
}

}  // namespace xgrad::autodiff
