#include <algorithm>
#include <array>

#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "graph/identity.hpp"
#include "planning/rules/rules.hpp"

namespace xgrad::planning::rules {

namespace {

// A permutation of a permutation is one, or none: (xᵀ)ᵀ = x.
Tensor permuted_twice(const graph::Node& node, const Facts& /*facts*/) {
  if (kind_of(node) != Kind::permute || kind_of(input_node(node, 0)) != Kind::permute) {
    return {};
  }
  const graph::Node& inner = input_node(node, 0);
  const auto first = integers(*inner.operation, "axes");
  auto axes = integers(*node.operation, "axes");
  std::transform(axes.begin(), axes.end(), axes.begin(),
                 [&](std::int64_t axis) { return first[static_cast<std::size_t>(axis)]; });
  return permute(input(inner, 0), axes);
}

// A reshape of a reshape is one, or none.
Tensor reshaped_twice(const graph::Node& node, const Facts& /*facts*/) {
  return kind_of(node) == Kind::reshape && kind_of(input_node(node, 0)) == Kind::reshape
             ? reshape(input(input_node(node, 0), 0), node.shape)
             : Tensor{};
}

// A broadcast of a broadcast is one.
Tensor broadcast_twice(const graph::Node& node, const Facts& /*facts*/) {
  return kind_of(node) == Kind::broadcast && kind_of(input_node(node, 0)) == Kind::broadcast
             ? broadcast_to(input(input_node(node, 0), 0), node.shape)
             : Tensor{};
}

// Whether the node only spreads its input over a larger shape, or gives a scalar more axes.
bool spreads(const graph::Node& node) {
  const Kind kind = kind_of(node);
  return kind == Kind::broadcast || (kind == Kind::reshape && input_node(node, 0).shape.rank() == 0);
}

// An element-wise operation broadcasts by itself: its operand needn't be, if another one has the result's shape.
Tensor broadcast_operand(const graph::Node& node, const Facts& /*facts*/) {
  if (node.operation == nullptr || node.has_value() ||
      dynamic_cast<const ElementwiseOperation*>(node.operation.get()) == nullptr) {
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
  if (kind_of(node) != Kind::sum || kind_of(input_node(node, 0)) != Kind::broadcast || !is_floating(node.dtype)) {
    return {};
  }
  const graph::Node& broadcast = input_node(node, 0);
  const graph::Node& source = input_node(broadcast, 0);
  const auto offset = static_cast<std::int64_t>(broadcast.shape.rank() - source.shape.rank());
  std::int64_t count = 1;
  for (const std::int64_t axis : integers(*node.operation, "axes")) {
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
  const Kind kind = kind_of(node);
  return (kind == Kind::sum || kind == Kind::mean) && node.shape.size() > 0 &&
                 node.shape.size() == input_node(node, 0).shape.size()
             ? reshape(input(node, 0), node.shape)
             : Tensor{};
}

// A transposed matrix is a flag of the product.
Tensor transposed_operand(const graph::Node& node, const Facts& /*facts*/) {
  if (kind_of(node) != Kind::matmul) {
    return {};
  }
  const auto transposition = [](const graph::Node& operand) {
    if (kind_of(operand) != Kind::permute || operand.shape.rank() < 2) {
      return false;
    }
    auto axes = integers(*operand.operation, "axes");
    std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
    return std::is_sorted(axes.begin(), axes.end());
  };
  const graph::Node& a = input_node(node, 0);
  const graph::Node& b = input_node(node, 1);
  if (!transposition(a) && !transposition(b)) {
    return {};
  }
  const auto operand = [&](std::size_t i, const char* transposed) {
    return flag(*node.operation, transposed) ? transpose(input(node, i)) : input(node, i);
  };
  // matmul() looks through transpositions; two that meet are none.
  const auto plain = [](const Tensor& x) {
    const graph::Node& outer = *x.node();
    const bool twice = kind_of(outer) == Kind::permute && kind_of(input_node(outer, 0)) == Kind::permute;
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
