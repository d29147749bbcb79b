#include "graph/rebuild.hpp"

#include <algorithm>
#include <iterator>

#include "xgrad/operation.hpp"

namespace xgrad::graph {

Tensor rebuilt(const Node& node, std::span<const Tensor> inputs, SharedScope scope) {
  const ScopeGuard guard{std::move(scope)};
  Tensor tensor = apply_as_written(node.operation, inputs);
  tensor.node()->name = node.name;
  tensor.node()->value = node.value;
  return tensor;
}

Tensor rebuilt(const Node& node, std::span<const Tensor> inputs) {
  const auto is_same = [](const Tensor& input, const Node* original) { return input.node() == original; };
  const auto originals = node.inputs();
  return std::equal(inputs.begin(), inputs.end(), originals.begin(), originals.end(), is_same)
             ? handle(&node)
             : rebuilt(node, inputs, node.scope);
}

Tensor called_again(const Node& node, std::span<const Tensor> inputs) {
  const ScopeGuard scope{node.scope};
  Tensor tensor = xgrad::apply(node.operation, inputs);
  tensor.node()->name = node.name;
  return tensor;
}

std::vector<Tensor> Rebuild::found() const {
  std::vector<Tensor> result;
  result.reserve(order_.found.size());
  std::transform(order_.found.begin(), order_.found.end(), std::back_inserter(result),
                 [this](std::uint32_t index) { return (*this)[index]; });
  return result;
}

std::span<const Tensor> Rebuild::inputs(std::size_t i) {
  inputs_.clear();
  for (const std::uint32_t index : order_.inputs(i)) {
    inputs_.push_back((*this)[index]);
  }
  return inputs_;
}

}  // namespace xgrad::graph
