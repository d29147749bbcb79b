#include "formulas/translation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"

#include "formulas/constants.hpp"
#include "ops/activations/activation.hpp"
#include "ops/attributes.hpp"
#include "ops/control/barrier.hpp"
#include "ops/index/checked_labels.hpp"
#include "ops/primitives.hpp"
#include "ops/shape/permute.hpp"

namespace xgrad::formulas {

namespace {

Shape matrix_shape(const Shape& shape) {
  return Shape{shape[shape.rank() - 2], shape[shape.rank() - 1]};
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

void Translation::add(std::span<const Tensor> tensors, Zeros zeros) {
  std::vector<const graph::Node*> roots;
  std::transform(tensors.begin(), tensors.end(), std::back_inserter(roots),
                 [](const Tensor& tensor) { return tensor.node(); });
  const graph::Order order = graph::topological_order(roots, graph::Boundary::leaves);
  for (const graph::Node* root : roots) {
    if (root->operation == nullptr && !has(root)) {
      known_.emplace(root, leaf(*root));
    }
  }
  known_.reserve(known_.size() + order.nodes.size());
  std::unordered_map<const graph::Node*, std::size_t> uses;
  uses.reserve(order.nodes.size());
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
    const bool is_named = named_.contains(node) && !(zeros == Zeros::written && e->is_number(0));
    const bool is_abbreviated = !is_named && is_too_long(*node, e, uses[node]);
    if (is_abbreviated) {
      e = abbreviate(*node, e);
    } else if (is_named) {
      e_.define(*node, e);
      e = e_.symbol(*node);
    }
    known_.emplace(node, e);
  }
}

// The symbol of a formula that becomes one: of several nodes that compute it the first one's.
Expr Translation::abbreviate(const graph::Node& node, Expr formula) {
  if (const auto known = abbreviations_.find(formula); known != abbreviations_.end()) {
    return known->second;
  }
  abbreviated_.push_back(&node);
  e_.define(node, formula, true);
  return abbreviations_.emplace(formula, e_.symbol(node)).first->second;
}

bool Translation::is_too_long(const graph::Node& node, Expr e, std::size_t uses) const {
  constexpr std::size_t long_if_shared = 12;  // in symbols and numbers
  constexpr std::size_t always_long = 100;
  constexpr std::size_t always_large = 400;  // with functions of functions
  const bool is_long = e->weight >= always_long || e->size >= always_large || (e->weight >= long_if_shared && uses > 1);
  return length_ == Length::limited && is_long && node.dtype != boolean && e->head != Head::symbol &&
         e->head != Head::spread;
}

Expr Translation::leaf(const graph::Node& node) {
  if (const auto value = constant_of(node); value && !named_.contains(&node)) {
    return e_.number(*value, node.shape, node.dtype);
  }
  return e_.symbol(node);
}

// What is the same for numbers whatever their place. Null if it isn't that.
Expr Translation::of_number(const graph::Node& node, Expr x) {
  switch (node.operation->algebra()) {
    case Algebra::slice:
    case Algebra::reshape:
    case Algebra::permute:
    case Algebra::broadcast_to:
    case Algebra::flip:
      return e_.number(x->number, node.shape, node.dtype);
    case Algebra::slice_adjoint:
      return x->number == 0 ? e_.number(0, node.shape, node.dtype) : nullptr;
    default:
      return nullptr;
  }
}

// The value of an element-wise operation on numbers; null if it isn't finite.
Expr Translation::folded(const graph::Node& node, const std::vector<Expr>& x) {
  std::vector<Tensor> numbers(x.size());
  std::transform(x.begin(), x.end(), numbers.begin(), [](Expr e) { return full({}, e->number, e->dtype); });
  const double value = xgrad::apply(node.operation, numbers).item();
  return std::isfinite(value) ? e_.number(value, node.shape, node.dtype) : nullptr;
}

Expr Translation::operation(const graph::Node& node) {
  std::vector<Expr> x;
  for (const graph::Node* input : node.inputs()) {
    x.push_back(known_.at(input));
  }
  const Operation& op = *node.operation;
  if (ops::as_barrier(op) != nullptr || ops::is_label_check(op)) {
    return x[0];
  }
  if (const ops::MatrixOperation* matrices = ops::as_matrix_operation(op)) {
    const Expr e = of_matrices(node, matrices->form(), x);
    return e == nullptr ? e_.call(node.operation, x, node.shape, node.dtype) : e;
  }
  const Algebra algebra = op.algebra();
  if (const Expr e = x.size() == 1 && x[0]->is_number() ? of_number(node, x[0]) : nullptr) {
    return e;
  }
  const bool are_numbers = !x.empty() && std::all_of(x.begin(), x.end(), [](Expr e) { return e->is_number(); });
  if (are_numbers && op.elementwise() != nullptr && is_floating(node.dtype)) {
    if (const Expr e = folded(node, x)) {
      return e;
    }
  }
  switch (algebra) {
    case Algebra::bind:
      return x[0];
    case Algebra::sum:
    case Algebra::mean: {
      if (x[0]->shape.size() == 0) {
        break;
      }
      const Expr total = e_.reduce(x[0], ops::integers(op, "axes"), ops::flag(op, "keep_dims"));
      const double count = static_cast<double>(x[0]->shape.size()) / static_cast<double>(node.shape.size());
      return algebra == Algebra::sum ? total : e_.scaled(1 / count, total);
    }
    case Algebra::permute:
      if (ops::is_transposition(op)) {
        return e_.transpose(x[0]);
      }
      break;
    case Algebra::reshape:
      if (keeps_lengths(x[0]->shape, node.shape)) {
        return e_.spread(x[0], node.shape);
      }
      break;
    case Algebra::broadcast_to:
      return e_.spread(x[0], node.shape);
    case Algebra::matmul: {
      const Expr a = ops::flag(op, "transpose_a") ? e_.transpose(x[0]) : x[0];
      const Expr b = ops::flag(op, "transpose_b") ? e_.transpose(x[1]) : x[1];
      return e_.matmul(a, b);
    }
    case Algebra::outer:
      return e_.outer(x[0], x[1]);
    case Algebra::softmax:
    case Algebra::log_softmax:
      return e_.function(node.operation, x[0], node.shape);
    default:
      if (const Expr e = op.elementwise() != nullptr ? element_wise(node, x) : nullptr) {
        return e_.spread(e, node.shape);
      }
  }
  return e_.call(node.operation, x, node.shape, node.dtype);
}

// Without the LU factors that these take along. Null for those that are calls.
Expr Translation::of_matrices(const graph::Node& node, ops::MatrixForm form, const std::vector<Expr>& x) {
  using Form = ops::MatrixForm;
  const Operation& op = *node.operation;
  const Expr a = x[0];
  const auto solved = [&](Expr matrix, Expr b) -> Expr {
    if (ops::flag(op, "vector") && b->shape.rank() != 1) {
      return nullptr;  // a batch of vectors
    }
    const Expr inverse = e_.call(ops::inverse_operation(), {matrix}, matrix->shape, matrix->dtype);
    return e_.matmul(ops::flag(op, "transposed") ? e_.transpose(inverse) : inverse, b);
  };
  switch (form) {
    case Form::solution:
      return solved(a, x[2]);
    case Form::triangular: {
      if (ops::flag(op, "unit")) {
        return nullptr;
      }
      const bool lower = ops::flag(op, "lower");
      const graph::Node& of = *node.inputs()[0];
      const auto* known = of.operation == nullptr ? nullptr : ops::as_matrix_operation(*of.operation);
      const bool is_triangle = lower && known != nullptr && known->form() == Form::cholesky;
      return solved(is_triangle ? a : e_.call(ops::triangle_operation(lower, 1), {a}, a->shape, a->dtype), x[1]);
    }
    case Form::inverse:
    case Form::determinant:
    case Form::log_determinant:
    case Form::sign:
      return e_.call(node.operation, {a}, node.shape, node.dtype);
    case Form::cofactors: {
      const std::size_t last = a->shape.rank() - 1;
      const Shape batch = a->shape.without(last).without(last - 1);
      const Expr determinant = e_.call(ops::determinant_operation(), {a}, batch, a->dtype);
      const Expr inverse = e_.call(ops::inverse_operation(), {a}, a->shape, a->dtype);
      const Shape ones = batch.rank() == 0 ? batch : a->shape.with(last, 1).with(last - 1, 1);
      return e_.product(e_.spread(determinant, ones), e_.transpose(inverse));
    }
    case Form::unit: {
      const Expr unit = e_.call(node.operation, {e_.number(1, {}, node.dtype)}, matrix_shape(node.shape), node.dtype);
      const std::size_t rank = node.shape.rank();
      return e_.product(rank == 2 ? a : e_.spread(a, node.shape.with(rank - 1, 1).with(rank - 2, 1)), unit);
    }
    default:
      return nullptr;
  }
}

Expr Translation::element_wise(const graph::Node& node, const std::vector<Expr>& x) {
  const Operation& op = *node.operation;
  if (!is_floating(node.dtype)) {
    return nullptr;
  }
  switch (op.algebra()) {
    case Algebra::add:
      return e_.sum(x[0], x[1]);
    case Algebra::sub:
      return e_.sum(x[0], e_.scaled(-1, x[1]));
    case Algebra::neg:
      return e_.scaled(-1, x[0]);
    case Algebra::mul:
      return e_.product(x[0], x[1]);
    case Algebra::div:
      return e_.product(x[0], e_.power(x[1], -1));
    case Algebra::square:
      return e_.power(x[0], 2);
    case Algebra::where:
      return e_.choice(node.operation, x[0], x[1], x[2], node.shape);
    default:
      break;
  }
  if (op.algebra() == Algebra::chain_mul || op.algebra() == Algebra::log_product) {
    return e_.product(x[0], x[1]);
  }
  if (op.algebra() == Algebra::logistic_loss) {
    const Expr soft = e_.function(ops::softplus_operation(), x[0], x[0]->shape);
    return e_.sum(soft, e_.scaled(-1, e_.product(x[1], x[0])));
  }
  if (op.algebra() == Algebra::chain_div) {
    return e_.product(x[0], e_.power(x[1], -1));
  }
  if (const Expr step = slope(node, x)) {
    return step;
  }
  if (op.algebra() == Algebra::sqrt) {
    return e_.power(x[0], 0.5);
  }
  if (op.algebra() == Algebra::rsqrt) {
    return e_.power(x[0], -0.5);
  }
  if (op.algebra() == Algebra::pow) {
    return x[1]->is_number() ? e_.power(x[0], x[1]->number) : nullptr;
  }
  if (op.algebra() == Algebra::cast) {
    return x[0]->dtype == boolean ? e_.indicator(x[0], node.dtype) : nullptr;
  }
  if (x.size() != 1 || (!op.attributes().empty() && !is_written_primed(op))) {
    return nullptr;
  }
  return e_.function(node.operation, x[0], x[0]->shape);
}

// Derivatives that are operations of their own: f′ of an activation, the steps of relu, clip, maximum and max.
Expr Translation::slope(const graph::Node& node, const std::vector<Expr>& x) {
  const Operation& op = *node.operation;
  const auto holds = [&](const ops::OperationPointer& comparison, Expr a, Expr b) {
    return e_.indicator(e_.call(comparison, {a, b}, node.shape, boolean), node.dtype);
  };
  if (const ops::OperationPointer f = ops::antiderivative(op)) {
    return e_.function(f, x[0], x[0]->shape, true);
  }
  if (op.algebra() == Algebra::relu_slope) {
    return e_.function(ops::relu_operation(), x[0], x[0]->shape, true);
  }
  if (op.algebra() == Algebra::clip_slope) {
    const auto clip = ops::clip_operation(ops::number(op, "low"), ops::number(op, "high"));
    return holds(ops::equal_operation(), e_.call(clip, {x[0]}, node.shape, node.dtype), x[0]);
  }
  if (op.algebra() == Algebra::larger_slope) {
    return e_.sum(holds(ops::greater_operation(), x[0], x[1]),
                  e_.scaled(0.5, holds(ops::equal_operation(), x[0], x[1])));
  }
  return op.algebra() == Algebra::equal_slope ? holds(ops::equal_operation(), x[0], x[1]) : nullptr;
}

}  // namespace xgrad::formulas
