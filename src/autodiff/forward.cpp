#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"

#include "autodiff/reverse.hpp"
#include "autodiff/targets.hpp"
#include "graph/order.hpp"

namespace xgrad::autodiff {

namespace {

// The tangents of the ys by some of the xs, added to `result`.
void add_tangents(std::span<const Tensor> ys, const Part& part, std::span<const Tensor> tangents,
                  std::vector<Tensor>& result) {
  const graph::Order& order = part.order;
  const std::span<const Tensor> xs{part.xs};
  const Targets targets{xs, order};
  std::vector<Tensor> values(order.nodes.size());
  std::vector<Tensor> leaves(targets.leaf_count());
  for (std::size_t k = 0; k < xs.size(); ++k) {
    Tensor& total = order.found[k] == graph::Order::leaf ? leaves[targets.leaf(xs[k].node())] : values[order.found[k]];
    accumulate(total, tangents[part.indices[k]]);
  }
  const auto tangent_of = [&](std::uint32_t place, const graph::Node* node) {
    if (place != graph::Order::leaf) {
      return values[place];
    }
    const std::uint32_t leaf = targets.leaf(node);
    return leaf == Targets::none ? Tensor{} : leaves[leaf];
  };

  std::vector<Tensor> inputs;
  std::vector<Tensor> input_tangents;
  graph::SharedScope scope;  // of the last node that was differentiated
  graph::SharedScope derivative_scope;
  for (std::size_t i = 0; i < order.nodes.size(); ++i) {
    const graph::Node& node = *order.nodes[i];
    if (!is_floating(node.dtype) || !node.operation->differentiable()) {
      continue;
    }
    const auto links = order.inputs(i);
    bool any = false;
    inputs.clear();
    input_tangents.clear();
    for (std::size_t j = 0; j < links.size(); ++j) {
      const graph::Node* input = node.inputs()[j];
      inputs.push_back(graph::handle(input));
      input_tangents.push_back(tangent_of(links[j], input));
      any = any || input_tangents.back().defined();
    }
    if (!any) {
      continue;
    }
    const Tensor output = graph::handle(&node);
    if (node.scope != scope) {
      scope = node.scope;
      derivative_scope = graph::derivative_of(scope);
    }
    const graph::ScopeGuard guard{derivative_scope};
    const Tensor tangent = node.operation->jvp(Call{inputs, output}, input_tangents);
    if (tangent.defined() && tangent.shape() != node.shape) {
      throw ShapeError(fmt::format("[{}] jvp gave an output of shape {} a tangent of shape {}", node.operation->name(),
                                   to_string(node.shape), to_string(tangent.shape())));
    }
    if (tangent.defined() && tangent.dtype() != node.dtype) {
      throw DTypeError(fmt::format("[{}] jvp gave an output of dtype {} a tangent of dtype {}", node.operation->name(),
                                   to_string(node.dtype), to_string(tangent.dtype())));
    }
    // An x inside the graph moves by its own tangent and with the xs before it, as vjp counts it both ways.
    if (tangent.defined()) {
      accumulate(values[i], tangent);
    }
  }
  for (std::size_t k = 0; k < ys.size(); ++k) {
    if (Tensor tangent = tangent_of(order.found[xs.size() + k], ys[k].node()); tangent.defined()) {
      accumulate(result[k], std::move(tangent));
    }
  }
}

}  // namespace

std::vector<Tensor> forward(std::span<const Tensor> ys, std::span<const Tensor> xs, std::span<const Tensor> tangents) {
  std::vector<Tensor> result(ys.size());
  for (const Part& part : parts(ys, xs, {})) {
    add_tangents(ys, part, tangents, result);
  }
  return result;
}

}  // namespace xgrad::autodiff
