#include "check/continuation.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "xgrad/operation.hpp"
#include "xgrad/plan.hpp"

#include "formulas/expression.hpp"
#include "graph/order.hpp"

namespace xgrad::check {

Continuation::Continuation(const Tensor& result, const Tensor& from)
    : copy_{std::vector{result, from}}, result_{copy_.of(result)}, from_{copy_.of(from)} {
  const graph::Node* root = result_.node();
  const graph::Node* stop = from_.node();
  std::unordered_set<const graph::Node*> dependent{stop};
  for (const graph::Node* node :
       graph::topological_order({&root, 1}, graph::Boundary::leaves, {}, {.stop_at = {&stop, 1}}).nodes) {
    const auto depends = [&dependent](const graph::Node* input) { return dependent.contains(input); };
    const std::span<graph::Node* const> inputs = node->inputs();
    const bool is_cut = node->operation->algebra() == Algebra::stop_gradient;
    if (node == stop || is_cut || !std::any_of(inputs.begin(), inputs.end(), depends)) {
      continue;
    }
    for (const graph::Node* input : inputs) {
      if (!depends(input)) {
        known_.push_back(graph::handle(input));
      }
    }
    dependent.insert(node);
    steps_.push_back(node);
  }
  known_.push_back(from_);
  eval(known_);
}

Tensor Continuation::operator()(const Tensor& x) const {
  std::unordered_map<const graph::Node*, Tensor> copies{{from_.node(), x}};
  for (const graph::Node* node : steps_) {
    std::vector<Tensor> inputs;
    for (const graph::Node* input : node->inputs()) {
      const auto copy = copies.find(input);
      inputs.push_back(copy == copies.end() ? graph::handle(input) : copy->second);
    }
    copies.emplace(node, xgrad::apply(node->operation, inputs));
  }
  const auto result = copies.find(result_.node());
  return result == copies.end() ? result_ : result->second;
}

}  // namespace xgrad::check
