#include "check/connection.hpp"

#include <unordered_set>

#include "xgrad/autodiff.hpp"
#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"

#include "graph/order.hpp"

namespace xgrad::check {

namespace {

// What is behind the loss, by inputs that derivatives may be taken by.
std::unordered_set<const graph::Node*> reached_from(const Tensor& loss) {
  const graph::Node* root = loss.node();
  const graph::Order order = graph::topological_order({&root, 1}, graph::Boundary::leaves);
  std::unordered_set<const graph::Node*> reached{root};
  for (std::size_t i = order.nodes.size(); i-- > 0;) {
    const graph::Node* node = order.nodes[i];
    if (!reached.contains(node) || !node->operation->differentiable()) {
      continue;
    }
    for (const graph::Node* input : node->inputs()) {
      if (is_floating(input->dtype)) {
        reached.insert(input);
      }
    }
  }
  return reached;
}

bool can_be_differentiated(const Tensor& loss, const std::vector<Tensor>& tensors) {
  try {
    static_cast<void>(gradients(loss, tensors));
    return true;
  } catch (const ValueError&) {
    return false;
  }
}

}  // namespace

std::vector<bool> connected(const Tensor& loss, const std::vector<Tensor>& tensors) {
  const std::unordered_set<const graph::Node*> reached = reached_from(loss);
  std::vector<bool> result;
  std::vector<Tensor> some;
  for (const Tensor& tensor : tensors) {
    result.push_back(reached.contains(tensor.node()));
    if (result.back()) {
      some.push_back(tensor);
    }
  }
  // An operation may have no derivative by one of its inputs.
  if (!some.empty() && !can_be_differentiated(loss, some)) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      result[i] = result[i] && can_be_differentiated(loss, {tensors[i]});
    }
  }
  return result;
}

}  // namespace xgrad::check
