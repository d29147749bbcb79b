#include "check/continuation.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "xgrad/operation.hpp"
#include "xgrad/plan.hpp"

#include "graph/rebuild.hpp"

namespace xgrad::check {

namespace {

// Behind the result up to `from`; looks for `from` and the result.
graph::Order order_between(const Tensor& result, const Tensor& from) {
  const std::array<const graph::Node*, 2> looked_for{from.node(), result.node()};
  const std::span<const graph::Node* const> both{looked_for};
  return graph::topological_order(both.last(1), graph::Boundary::leaves, both,
                                  {.stop_at = both.first(1), .number_leaves = true});
}

}  // namespace

Continuation::Continuation(const Tensor& result, const Tensor& from)
    : copy_{std::vector{result, from}}, from_{copy_.of(from)}, order_{order_between(copy_.of(result), from_)} {
  std::vector<bool> dependent(order_.size(), false);
  dependent[order_.found[0]] = true;
  const auto depends = [&dependent](std::uint32_t index) { return dependent[index]; };
  for (std::uint32_t i = 0; i < order_.nodes.size(); ++i) {
    const auto inputs = order_.inputs(i);
    const bool is_cut = order_.nodes[i]->operation->algebra() == Algebra::stop_gradient;
    if (is_cut || std::none_of(inputs.begin(), inputs.end(), depends)) {
      continue;
    }
    for (const std::uint32_t input : inputs) {
      if (!depends(input)) {
        known_.push_back(graph::handle(order_.node(input)));
      }
    }
    dependent[i] = true;
    dependent_.push_back(i);
  }
  known_.push_back(from_);
  eval(known_);
}

Tensor Continuation::operator()(const Tensor& x) const {
  graph::Rebuild rebuild{order_};
  rebuild.replace(order_.found[0], x);
  for (const std::uint32_t i : dependent_) {
    rebuild.replace(i, graph::called_again(*order_.nodes[i], rebuild.inputs(i)));
  }
  return rebuild[order_.found[1]];
}

}  // namespace xgrad::check
