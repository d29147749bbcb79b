#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"

#include "autodiff/reverse.hpp"
#include "autodiff/targets.hpp"
#include "graph/order.hpp"
#include "ops/rules.hpp"

namespace xgrad::autodiff {

namespace {

// The tangents of the ys by some of the xs, added to `result`.
void add_tangents(std::span<const Tensor> ys, const Part& part, std::span<const Tensor> tangents,
                  std::vector<Tensor>& result) {
  const graph::Order& order = part.order;
  std::vector<Tensor> values(order.size());  // tangents, by index
  const auto add = [](Tensor& total, const Tensor& term) { total = ops::add_defined(total, term); };
  for (std::size_t k = 0; k < part.xs.size(); ++k) {
    add(values[order.found[k]], tangents[part.indices[k]]);
  }

  std::vector<Tensor> inputs;
  std::vector<Tensor> input_tangents;
  graph::SharedScope scope;  // of the last node that was differentiated
  graph::SharedScope derivative_scope;
  for (std::size_t i = 0; i < order.nodes.size(); ++i) {
    const graph::Node& node = *order.nodes[i];
    if (!is_floating(node.dtype) || !node.operation->differentiable()) {
      continue;
    }
    const auto indices = order.inputs(i);
    bool any = false;
    inputs.clear();
    input_tangents.clear();
    for (std::size_t j = 0; j < indices.size(); ++j) {
      inputs.push_back(graph::handle(node.inputs()[j]));
      input_tangents.push_back(values[indices[j]]);
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
    add(values[i], tangent);
  }
  for (std::size_t k = 0; k < ys.size(); ++k) {
    add(result[k], values[order.found[part.xs.size() + k]]);
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
