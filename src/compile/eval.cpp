#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/tensor.hpp"

#include "graph/node.hpp"
#include "graph/order.hpp"
#include "run/program.hpp"

namespace xgrad {

namespace {

// The pending nodes as a program. A node is kept if it is held; every root is, by the tensor it was given as.
run::Program schedule(const graph::Order& order) {
  run::Program program;
  program.steps.reserve(order.nodes.size());
  program.first.assign(order.first.begin(), order.first.end());
  program.operands.reserve(order.operands.size());
  for (std::size_t i = 0; i < order.nodes.size(); ++i) {
    const graph::Node& node = *order.nodes[i];
    program.steps.push_back({node.operation.get(), &node.shape, node.dtype, node.has_handles()});
    const auto links = order.inputs(i);
    for (std::size_t j = 0; j < links.size(); ++j) {
      if (links[j] == graph::Order::leaf) {
        const graph::Node& input = *node.inputs()[j];
        program.inputs.push_back({&input.shape, input.dtype, input.value});
        program.operands.push_back(-static_cast<std::int32_t>(program.inputs.size()));
      } else {
        program.operands.push_back(static_cast<std::int32_t>(links[j]));
      }
    }
  }
  return program;
}

}  // namespace

void eval(std::span<const Tensor> tensors) {
  std::vector<const graph::Node*> roots;
  roots.reserve(tensors.size());
  for (const Tensor& tensor : tensors) {
    if (!tensor.defined()) {
      throw ValueError("[eval] of an undefined Tensor");
    }
    if (!tensor.node()->has_value()) {
      roots.push_back(tensor.node());
    }
  }
  if (roots.empty()) {
    return;
  }
  const graph::Order order = graph::topological_order(roots, graph::Boundary::values);
  const run::Program program = schedule(order);
  std::vector<run::Buffer> values = run::execute(program);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (program.steps[i].keep) {
      graph::set_value(const_cast<graph::Node&>(*order.nodes[i]), std::move(values[i]));  // NOLINT: eval's duty
    }
  }
}

void eval(std::initializer_list<Tensor> tensors) {
  eval(std::span{tensors.begin(), tensors.size()});
}

const Tensor& Tensor::eval() const& {
  xgrad::eval(std::span{this, 1});
  return *this;
}

}  // namespace xgrad
