#include "planning/worth.hpp"

#include <cmath>

#include "planning/algebra.hpp"

namespace xgrad::planning {

namespace {

constexpr std::size_t always_planned = 256;  // nodes: a millisecond

// Rough nanoseconds.
constexpr double to_plan_a_node = 4000;
constexpr double to_run_a_node = 300;
constexpr double to_run_an_element = 0.3;
constexpr double to_run_a_product = 0.03;  // of two elements

double elements(const graph::Node& node) {
  return static_cast<double>(node.shape.size());
}

// Whether every element of the inputs is read for certain.
bool reads_all(const Operation& operation) {
  switch (operation.algebra()) {
    case Algebra::sum:
    case Algebra::mean:
    case Algebra::softmax:
    case Algebra::log_softmax:
    case Algebra::logsumexp:
    case Algebra::matmul:
    case Algebra::outer:
    case Algebra::permute:
    case Algebra::broadcast_to:
      return true;
    default:
      return operation.elementwise() != nullptr;
  }
}

// Inputs count where all of them is read for certain: of a selection only a part is.
double time_to_run(const graph::Node& node) {
  double time = to_run_a_node + to_run_an_element * elements(node);
  if (reads_all(*node.operation)) {
    for (const graph::Node* input : node.inputs()) {
      time += to_run_an_element * elements(*input);
    }
  }
  if (node.operation->algebra() == Algebra::matmul) {
    const graph::Node& a = *node.inputs()[0];
    const graph::Node& b = *node.inputs()[1];
    // (m k)(k n)(m n) = (m n k)²
    time += to_run_a_product * std::sqrt(elements(a) * elements(b) * elements(node));
  }
  return time;
}

}  // namespace

bool is_worth_a_plan(const graph::Order& order) {
  const std::size_t count = order.nodes.size();
  if (count <= always_planned) {
    return true;
  }
  constexpr double most = 0.5;  // of the evaluation
  const double enough = to_plan_a_node * static_cast<double>(count) / most;
  double time = 0;
  for (const graph::Node* node : order.nodes) {
    if (!node->operation->aliases_input()) {
      time += time_to_run(*node);
    }
    if (time >= enough) {
      return true;
    }
  }
  return false;
}

}  // namespace xgrad::planning
