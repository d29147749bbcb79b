#include <algorithm>
#include <array>
#include <cmath>

#include "xgrad/math.hpp"

#include "graph/values.hpp"
#include "planning/rules/rules.hpp"

namespace xgrad::planning::rules {

namespace {

// An operation on constants is done once, if they stay the same and the result is small. Not a reshape or a broadcast,
// which cost nothing, and which other rules look through.
Tensor constant_folding(const graph::Node& node, const Facts& facts) {
  constexpr std::int64_t most = 4096;
  if (!facts.constants_fixed || node.operation == nullptr || node.has_value() || node.traced ||
      node.shape.size() > most || algebra_of(node) == Algebra::reshape || algebra_of(node) == Algebra::broadcast_to) {
    return {};
  }
  const auto inputs = node.inputs();
  const bool known = std::all_of(inputs.begin(), inputs.end(), [](const graph::Node* input) {
    return input->has_value() && input->operation == nullptr;
  });
  if (!known) {
    return {};
  }
  // A node of its own: this one may belong to the user's graph, which isn't to change.
  std::vector<Tensor> operands;
  operands.reserve(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    operands.push_back(input(node, i));
  }
  return xgrad::apply(node.operation, operands).detach();
}

bool is_scalar(const graph::Node& node) {
  return node.shape.rank() == 0;
}

bool is_power_of_two(const graph::Node& node) {
  return is_number(node, 2) || is_number(node, 0.5);
}

// Whether the leaf is a number that stays the same, and that can be doubled and halved without leaving the normal
// range.
bool is_moderate_constant(const graph::Node& leaf) {
  if (leaf.operation != nullptr || !leaf.has_value() || leaf.traced || !is_scalar(leaf)) {
    return false;
  }
  const double size = std::abs(graph::element_of(leaf, 0));
  return size > 0x1p-100 && size < 0x1p100;
}

// s (2 x) = (2 s) x for a constant s: exact, as long as 2 s neither overflows nor loses bits, and one pass over x less.
// The same for ½.
Tensor powers_of_two(const graph::Node& node, const Facts& facts) {
  if (!facts.constants_fixed || algebra_of(node) != Algebra::mul || is_scalar(node) || !is_floating(node.dtype)) {
    return {};
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const graph::Node& s = input_node(node, i);
    const graph::Node& product = input_node(node, 1 - i);
    if (!is_moderate_constant(s) || is_power_of_two(s) || algebra_of(product) != Algebra::mul) {
      continue;
    }
    for (std::size_t j = 0; j < 2; ++j) {
      if (is_power_of_two(input_node(product, j)) && !is_scalar(input_node(product, 1 - j))) {
        return (input(node, i) * input(product, j)) * input(product, 1 - j);
      }
    }
  }
  return {};
}

}  // namespace

std::span<const Rule> numbers() {
  static constexpr std::array<Rule, 2> list{{
      {"constant folding", constant_folding},
      {"powers of two", powers_of_two},
  }};
  return list;
}

}  // namespace xgrad::planning::rules
