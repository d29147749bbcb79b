#include <algorithm>
#include <array>

#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "graph/identity.hpp"
#include "ops/shape/permute.hpp"
#include "planning/rules/rules.hpp"

namespace xgrad::planning::rules {

namespace {

// A permutation of a permutation is one, or none: (xᵀ)ᵀ = x.
Tensor permuted_twice(const graph::Node& node, const Facts& /*facts*/) {
  if (algebra_of(node) != Algebra::permute || algebra_of(input_node(node, 0)) != Algebra::permute) {
    return {};
  }
  const graph::Node& inner = input_node(node, 0);
  const auto first = ops::integers(*inner.operation, "axes");
  auto axes = ops::integers(*node.operation, "axes");
  std::transform(axes.begin(), axes.end(), axes.begin(),
                 [&](std::int64_t axis) { return first[static_cast<std::size_t>(axis)]; });
  return permute(input(inner, 0), axes);
}

// A reshape of a reshape is one, or none.
Tensor reshaped_twice(const graph::Node& node, const Facts& /*facts*/) {
  return algebra_of(node) == Algebra::reshape && algebra_of(input_node(node, 0)) == Algebra::reshape
             ? reshape(input(input_node(node, 0), 0), node.shape)
             : Tensor{};
}

// A broadcast of a broadcast is one.
Tensor broadcast_twice(const graph::Node& node, const Facts& /*facts*/) {
  return algebra_of(node) == Algebra::broadcast_to && algebra_of(input_node(node, 0)) == Algebra::broadcast_to
             ? broadcast_to(input(input_node(node, 0), 0), node.shape)
             : Tensor{};
}

// Whether the node only spreads its input over a larger shape, or gives a scalar more axes.
bool spreads(const graph::Node& node) {
  const Algebra algebra = algebra_of(node);
  return algebra == Algebra::broadcast_to || (algebra == Algebra::reshape && input_node(node, 0).shape.rank() == 0);
}

// An element-wise operation broadcasts by itself: its operand needn't be, if another one has the result's shape.
Tensor broadcast_operand(const graph::Node& node, const Facts& /*facts*/) {
  if (node.operation == nullptr || node.has_value() || node.operation->elementwise() == nullptr) {
    return {};
  }
  const auto inputs = node.inputs();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!spreads(*inputs[i])) {
      continue;
    }
    const bool shaped_by_another = [&] {
      for (std::size_t j = 0; j < inputs.size(); ++j) {
        if (j != i && inputs[j]->shape == node.shape) {
          return true;
        }
      }
      return false;
    }();
    if (shaped_by_another) {
      std::vector<Tensor> operands;
      operands.reserve(inputs.size());
      for (std::size_t j = 0; j < inputs.size(); ++j) {
        operands.push_back(j == i ? input(*inputs[i], 0) : input(node, j));
      }
      return xgrad::apply(node.operation, operands);
    }
  }
  return {};
}

// The sum of n equal terms is n times the term, if all that is summed over was broadcast.
Tensor sum_of_broadcast(const graph::Node& node, const Facts& /*facts*/) {
  if (algebra_of(node) != Algebra::sum || algebra_of(input_node(node, 0)) != Algebra::broadcast_to ||
      !is_floating(node.dtype)) {
    return {};
  }
  const graph::Node& broadcast = input_node(node, 0);
  const graph::Node& source = input_node(broadcast, 0);
  const auto offset = static_cast<std::int64_t>(broadcast.shape.rank() - source.shape.rank());
  std::int64_t count = 1;
  for (const std::int64_t axis : ops::integers(*node.operation, "axes")) {
    const std::int64_t length = broadcast.shape[static_cast<std::size_t>(axis)];
    if (axis >= offset && source.shape[static_cast<std::size_t>(axis - offset)] != 1) {
      return {};
    }
    count *= length;
  }
  if (count == 0) {
    return {};  // 0 whatever the term is, where 0 times infinity isn't
  }
  const Tensor repeated = graph::handle(&source) * static_cast<double>(count);
  // What is left of the axes: those that the source has, and those that were broadcast but aren't summed over.
  if (repeated.size() == node.shape.size()) {
    return reshape(repeated, node.shape);
  }
  return {};
}

// A sum or mean over axes of length 1 is a reshape.
Tensor sum_of_one(const graph::Node& node, const Facts& /*facts*/) {
  const Algebra algebra = algebra_of(node);
  return (algebra == Algebra::sum || algebra == Algebra::mean) && node.shape.size() > 0 &&
                 node.shape.size() == input_node(node, 0).shape.size()
             ? reshape(input(node, 0), node.shape)
             : Tensor{};
}

// A transposed matrix is a flag of the product.
Tensor transposed_operand(const graph::Node& node, const Facts& /*facts*/) {
  if (algebra_of(node) != Algebra::matmul) {
    return {};
  }
  const auto transposition = [](const graph::Node& operand) {
    return algebra_of(operand) == Algebra::permute && ops::is_transposition(*operand.operation);
  };
  const graph::Node& a = input_node(node, 0);
  const graph::Node& b = input_node(node, 1);
  if (!transposition(a) && !transposition(b)) {
    return {};
  }
  const auto operand = [&](std::size_t i, const char* transposed) {
    return ops::flag(*node.operation, transposed) ? transpose(input(node, i)) : input(node, i);
  };
  // matmul() looks through transpositions; two that meet are none.
  const auto plain = [](const Tensor& x) {
    const graph::Node& outer = *x.node();
    const bool twice = algebra_of(outer) == Algebra::permute && algebra_of(input_node(outer, 0)) == Algebra::permute;
    return twice ? permuted_twice(outer, {}) : x;
  };
  return matmul(plain(operand(0, "transpose_a")), plain(operand(1, "transpose_b")));
}

}  // namespace

std::span<const Rule> shapes() {
  static constexpr std::array<Rule, 7> list{{
      {"permuted twice", permuted_twice},
      {"reshaped twice", reshaped_twice},
      {"broadcast twice", broadcast_twice},
      {"broadcast operand", broadcast_operand},
      {"sum of a broadcast", sum_of_broadcast},
      {"sum of one", sum_of_one},
      {"transposed operand", transposed_operand},
  }};
  return list;
}

}  // namespace xgrad::planning::rules
