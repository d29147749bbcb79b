#include "formulas/translation.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"

#include "formulas/barrier.hpp"
#include "graph/values.hpp"
#include "planning/kind.hpp"

namespace xgrad::formulas {

namespace {

using planning::Kind;

// A number that the graph was built with, or zeros.
std::optional<double> constant(const graph::Node& leaf) {
  if (leaf.history || leaf.name || !leaf.has_value() || !is_floating(leaf.dtype) || leaf.shape.size() == 0) {
    return std::nullopt;
  }
  if (leaf.shape.rank() == 0) {
    return graph::element_of(leaf, 0);
  }
  for (std::int64_t i = 0; i < leaf.shape.size(); ++i) {
    if (graph::element_of(leaf, i) != 0) {
      return std::nullopt;
    }
  }
  return 0;
}

// Whether the permutation only exchanges the last two axes.
bool is_transposition(const Operation& permute) {
  auto axes = planning::integers(permute, "axes");
  if (axes.size() < 2) {
    return false;
  }
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return std::is_sorted(axes.begin(), axes.end());
}

// Whether a reshape only adds or drops axes of length 1.
bool keeps_lengths(const Shape& from, const Shape& to) {
  const auto lengths = [](const Shape& shape) {
    std::vector<std::int64_t> result;
    std::copy_if(shape.begin(), shape.end(), std::back_inserter(result),
                 [](std::int64_t length) { return length != 1; });
    return result;
  };
  return lengths(from) == lengths(to);
}

}  // namespace

void Translation::add(std::span<const Tensor> tensors) {
  std::vector<const graph::Node*> roots;
  std::transform(tensors.begin(), tensors.end(), std::back_inserter(roots),
                 [](const Tensor& tensor) { return tensor.node(); });
  const graph::Order order = graph::topological_order(roots, graph::Boundary::leaves);
  for (const graph::Node* root : roots) {
    if (root->operation == nullptr && !has(root)) {
      known_.emplace(root, leaf(*root));
    }
  }
  std::unordered_map<const graph::Node*, std::size_t> uses;
  for (const graph::Node* node : order.nodes) {
    for (const graph::Node* input : node->inputs()) {
      ++uses[input];
    }
  }
  for (const graph::Node* node : order.nodes) {
    if (has(node)) {
      continue;
    }
    for (const graph::Node* input : node->inputs()) {
      if (!has(input)) {
        known_.emplace(input, leaf(*input));
      }
    }
    Expr e = operation(*node);
    constexpr std::size_t long_if_shared = 12;  // in symbols and numbers
    constexpr std::size_t always_long = 100;
    constexpr std::size_t always_large = 400;  // with functions of functions
    const bool is_long =
        e->weight >= always_long || e->size >= always_large || (e->weight >= long_if_shared && uses[node] > 1);
    if (is_long && !named_.contains(node) && node->dtype != boolean && e->head != Head::symbol &&
        e->head != Head::spread) {
      abbreviated_.push_back(node);
      e_.define(*node, e);
      e = e_.symbol(*node);
    } else if (named_.contains(node)) {
      e_.define(*node, e);
      e = e_.symbol(*node);
    }
    known_.emplace(node, e);
  }
}

Expr Translation::leaf(const graph::Node& node) {
  if (const auto value = constant(node); value && !named_.contains(&node)) {
    return e_.number(*value, node.shape, node.dtype);
  }
  return e_.symbol(node);
}

Expr Translation::operation(const graph::Node& node) {
  std::vector<Expr> x;
  for (const graph::Node* input : node.inputs()) {
    x.push_back(known_.at(input));
  }
  const Operation& op = *node.operation;
  if (as_barrier(&op) != nullptr) {
    return x[0];
  }
  const Kind kind = planning::kind_of(op);
  switch (kind) {
    case Kind::bind:
      return x[0];
    case Kind::sum:
    case Kind::mean: {
      if (x[0]->shape.size() == 0) {
        break;
      }
      const Expr total = e_.reduce(x[0], planning::integers(op, "axes"), planning::flag(op, "keep_dims"));
      const double count = static_cast<double>(x[0]->shape.size()) / static_cast<double>(node.shape.size());
      return kind == Kind::sum ? total : e_.scaled(1 / count, total);
    }
    case Kind::permute:
      if (is_transposition(op)) {
        return e_.transpose(x[0]);
      }
      break;
    case Kind::reshape:
      if (keeps_lengths(x[0]->shape, node.shape)) {
        return e_.spread(x[0], node.shape);
      }
      break;
    case Kind::broadcast:
      return e_.spread(x[0], node.shape);
    case Kind::matmul: {
      const Expr a = planning::flag(op, "transpose_a") ? e_.transpose(x[0]) : x[0];
      const Expr b = planning::flag(op, "transpose_b") ? e_.transpose(x[1]) : x[1];
      return e_.matmul(a, b);
    }
    case Kind::outer:
      return e_.outer(x[0], x[1]);
    case Kind::softmax:
    case Kind::log_softmax:
      return e_.function(node.operation, x[0], node.shape);
    case Kind::other:
    case Kind::logsumexp:
      break;
    default:
      if (const Expr e = element_wise(node, x)) {
        return e_.spread(e, node.shape);
      }
  }
  return e_.call(node.operation, x, node.shape, node.dtype);
}

Expr Translation::element_wise(const graph::Node& node, const std::vector<Expr>& x) {
  const Operation& op = *node.operation;
  if (!is_floating(node.dtype)) {
    return nullptr;
  }
  switch (planning::kind_of(op)) {
    case Kind::add:
      return e_.sum(x[0], x[1]);
    case Kind::sub:
      return e_.sum(x[0], e_.scaled(-1, x[1]));
    case Kind::neg:
      return e_.scaled(-1, x[0]);
    case Kind::mul:
      return e_.product(x[0], x[1]);
    case Kind::div:
      return e_.product(x[0], e_.power(x[1], -1));
    case Kind::square:
      return e_.power(x[0], 2);
    case Kind::where:
      return choice(node, x);
    default:
      break;
  }
  if (is_builtin(op, "chain_mul") || is_builtin(op, "xlogy")) {
    return e_.product(x[0], x[1]);
  }
  if (is_builtin(op, "logistic_loss")) {
    const Expr soft = e_.function(softplus(zeros({}, node.dtype)).node()->operation, x[0], x[0]->shape);
    return e_.sum(soft, e_.scaled(-1, e_.product(x[1], x[0])));
  }
  if (is_builtin(op, "chain_div")) {
    return e_.product(x[0], e_.power(x[1], -1));
  }
  if (const Expr step = slope(node, x)) {
    return step;
  }
  if (is_builtin(op, "sqrt")) {
    return e_.power(x[0], 0.5);
  }
  if (is_builtin(op, "rsqrt")) {
    return e_.power(x[0], -0.5);
  }
  if (is_builtin(op, "pow")) {
    return x[1]->is_number() ? e_.power(x[0], x[1]->number) : nullptr;
  }
  if (is_builtin(op, "cast")) {
    return x[0]->dtype == boolean ? e_.indicator(x[0], node.dtype) : nullptr;
  }
  if (x.size() != 1 || is_builtin(op, "clip")) {
    return nullptr;
  }
  return e_.function(node.operation, x[0], x[0]->shape);
}

// The steps that relu, clip, maximum and max have as derivatives.
Expr Translation::slope(const graph::Node& node, const std::vector<Expr>& x) {
  const Operation& op = *node.operation;
  const Tensor sample = zeros({}, node.dtype);
  const auto holds = [&](const Tensor& comparison, Expr a, Expr b) {
    return e_.indicator(e_.call(comparison.node()->operation, {a, b}, node.shape, boolean), node.dtype);
  };
  if (is_builtin(op, "relu_slope")) {
    return e_.function(relu(sample).node()->operation, x[0], x[0]->shape, true);
  }
  if (is_builtin(op, "clip_slope")) {
    const auto bounds = op.attributes();
    const Tensor clipped = clip(sample, std::get<double>(bounds[0].value), std::get<double>(bounds[1].value));
    return holds(equal(sample, sample), e_.call(clipped.node()->operation, {x[0]}, node.shape, node.dtype), x[0]);
  }
  if (is_builtin(op, "larger_slope")) {
    return e_.sum(holds(greater(sample, sample), x[0], x[1]), e_.scaled(0.5, holds(equal(sample, sample), x[0], x[1])));
  }
  return is_builtin(op, "equal_slope") ? holds(equal(sample, sample), x[0], x[1]) : nullptr;
}

// c ? t : 0 is t [c].
Expr Translation::choice(const graph::Node& node, const std::vector<Expr>& x) {
  if (x[2]->is_number(0)) {
    return e_.product(x[1], e_.indicator(x[0], node.dtype));
  }
  if (x[1]->is_number(0)) {
    return e_.product(x[2], e_.indicator(x[0], node.dtype, true));
  }
  return nullptr;
}

}  // namespace xgrad::formulas
