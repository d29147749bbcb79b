#include "formulas/expression.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "formulas/broadcasting.hpp"
#include "ops/attributes.hpp"
#include "ops/decompositions/matrix_form.hpp"
#include "ops/primitives.hpp"

namespace xgrad::formulas {

Expr Expressions::symbol(const graph::Node& node) {
  held_.push_back(graph::handle(&node));
  return intern({.head = Head::symbol, .shape = node.shape, .dtype = node.dtype, .node = &node});
}

Expr Expressions::number(double value, const Shape& shape, DType dtype) {
  return intern({.head = Head::number, .shape = shape, .dtype = dtype, .number = value == 0 ? 0 : value});
}

Expr Expressions::definition(Expr symbol) const {
  if (symbol->head != Head::symbol) {
    return symbol;
  }
  const auto known = definitions_.find(symbol->node);
  return known == definitions_.end() ? symbol : known->second;
}

// z, if x is function(z) or a name for it.
Expr Expressions::argument_of(Expr x, Algebra function) const {
  const Expr e = definition(x);
  return e->head == Head::function && !e->primed && e->operation->algebra() == function ? e->arguments[0] : nullptr;
}

Expr Expressions::spread(Expr x, const Shape& shape) {
  if (x->shape == shape) {
    return x;
  }
  if (x->is_number()) {
    return number(x->number, shape, x->dtype);
  }
  if (x->head == Head::spread) {
    const Expr inner = x->arguments[0];
    const bool both_repeat = broadcasts(inner->shape, x->shape) && broadcasts(x->shape, shape);
    const bool none_repeats = inner->shape.size() == x->shape.size() && x->shape.size() == shape.size();
    if (both_repeat || none_repeats) {
      return spread(inner, shape);
    }
  }
  if (x->head == Head::product && x->number != 1 && !broadcasts(x->shape, shape)) {
    return scaled(x->number, spread(flat_product(1, x->arguments, x->shape, x->dtype), shape));
  }
  return intern({.head = Head::spread, .shape = shape, .dtype = x->dtype, .arguments = {x}});
}

namespace {

Shape product_shape(Expr a, Expr b) {
  const Shape& left = a->shape;
  const Shape& right = b->shape;
  if (left.rank() == 1) {
    return {};
  }
  if (right.rank() == 1) {
    return left.without(left.rank() - 1);
  }
  Shape batch;
  static_cast<void>(broadcast(Shape{std::span{left.begin(), left.rank() - 2}},
                              Shape{std::span{right.begin(), right.rank() - 2}}, batch));
  const std::int64_t rows = left[left.rank() - 2];
  const std::int64_t columns = right[right.rank() - 1];
  batch = batch.inserted(batch.rank(), rows);
  return batch.inserted(batch.rank(), columns);
}

bool is_unit_matrix(Expr e) {
  if (e->head != Head::call || e->shape.rank() != 2 || e->shape[0] != e->shape[1]) {
    return false;
  }
  const auto* matrices = ops::as_matrix_operation(*e->operation);
  return matrices != nullptr && matrices->form() == ops::MatrixForm::unit && e->arguments[0]->is_number(1);
}

Shape transposed_shape(const Shape& shape) {
  const std::size_t last = shape.rank() - 1;
  return shape.with(last, shape[last - 1]).with(last - 1, shape[last]);
}

}  // namespace

Expr Expressions::matmul(Expr a, Expr b) {
  if (is_unit_matrix(a)) {
    return b;
  }
  if (is_unit_matrix(b)) {
    return a;
  }
  if (a->is_number(0) || b->is_number(0)) {
    return number(0, product_shape(a, b), a->dtype);
  }
  const Parts left = parts_of(a);
  const Parts right = parts_of(b);
  if (!left.is_plain() || !right.is_plain()) {
    std::vector<Expr> factors = left.scalars;
    factors.insert(factors.end(), right.scalars.begin(), right.scalars.end());
    factors.push_back(matmul(spread(product(1, left.others), a->shape), spread(product(1, right.others), b->shape)));
    return product(left.factor * right.factor, factors);
  }
  return intern({.head = Head::matmul, .shape = product_shape(a, b), .dtype = a->dtype, .arguments = {a, b}});
}

Expr Expressions::outer(Expr u, Expr v) {
  if (u->is_number(0) || v->is_number(0)) {
    return number(0, Shape{u->shape[0], v->shape[0]}, u->dtype);
  }
  const Parts left = parts_of(u);
  const Parts right = parts_of(v);
  if (!left.is_plain() || !right.is_plain()) {
    std::vector<Expr> factors = left.scalars;
    factors.insert(factors.end(), right.scalars.begin(), right.scalars.end());
    factors.push_back(outer(spread(product(1, left.others), u->shape), spread(product(1, right.others), v->shape)));
    return product(left.factor * right.factor, factors);
  }
  return intern(
      {.head = Head::outer, .shape = Shape{u->shape[0], v->shape[0]}, .dtype = u->dtype, .arguments = {u, v}});
}

Expr Expressions::transpose(Expr x) {
  const Shape shape = transposed_shape(x->shape);
  switch (x->head) {
    case Head::transpose:
      return x->arguments[0];
    case Head::number:
      return number(x->number, shape, x->dtype);
    case Head::outer:
      return outer(x->arguments[1], x->arguments[0]);
    case Head::call:
      if (is_unit_matrix(x)) {
        return x;
      }
      break;
    case Head::matmul:
      if (x->arguments[0]->shape.rank() >= 2 && x->arguments[1]->shape.rank() >= 2) {
        return matmul(transpose(x->arguments[1]), transpose(x->arguments[0]));
      }
      break;
    case Head::product:
      if (x->number != 1) {
        return scaled(x->number, transpose(flat_product(1, x->arguments, x->shape, x->dtype)));
      }
      break;
    default:
      break;
  }
  return intern({.head = Head::transpose, .shape = shape, .dtype = x->dtype, .arguments = {x}});
}

Expr Expressions::function(std::shared_ptr<const Operation> operation, Expr argument, const Shape& shape, bool primed) {
  if (!primed && operation->algebra() == Algebra::sigmoid && argument->head == Head::product && argument->number < 0) {
    // σ(−z) = 1 − σ(z)
    const Expr positive = function(operation, scaled(-1, argument), shape);
    return sum(number(1, {}, argument->dtype), scaled(-1, positive));
  }
  if (!primed && operation->algebra() == Algebra::exp) {
    if (const Expr z = argument_of(argument, Algebra::log_softmax)) {
      return function(ops::softmax_operation(ops::integer(*definition(argument)->operation, "axis")), z, shape);
    }
    if (argument->is_number(0)) {
      return number(1, shape, argument->dtype);
    }
  }
  const Expr e = intern({.head = Head::function,
                         .shape = shape,
                         .dtype = argument->dtype,
                         .arguments = {argument},
                         .primed = primed,
                         .operation = std::move(operation)});
  if (const auto known = symbols_.find(e); known != symbols_.end()) {
    return known->second;
  }
  if (!primed) {
    add_derivative(e, e);
  }
  return e;
}

void Expressions::define(const graph::Node& node, Expr definition, bool is_abbreviation) {
  if (is_abbreviation) {
    abbreviations_.insert(&node);
  }
  definitions_[&node] = definition;
  if (definition->head == Head::function && symbols_.emplace(definition, symbol(node)).second && !definition->primed) {
    add_derivative(definition, symbol(node));
  }
}

Expr Expressions::indicator(Expr condition, DType dtype, bool complement) {
  while (condition->head == Head::call && condition->operation->algebra() == Algebra::logical_not) {
    complement = !complement;
    condition = condition->arguments[0];
  }
  return intern({.head = Head::indicator,
                 .shape = condition->shape,
                 .dtype = dtype,
                 .arguments = {condition},
                 .primed = complement});
}

bool Expressions::is_distribution(Expr x, const std::vector<std::int64_t>& axes) const {
  if (axes.size() != 1) {
    return false;
  }
  if (x->head == Head::symbol) {
    const auto known = distributions_.find(x->node);
    return known != distributions_.end() && known->second == axes[0];
  }
  const auto last = static_cast<std::int64_t>(x->shape.rank()) - 1;
  if (x->head == Head::indicator && !x->primed) {
    const Expr condition = definition(x->arguments[0]);
    return condition->head == Head::call && condition->operation->algebra() == Algebra::one_hot && axes[0] == last;
  }
  if (x->head == Head::call) {
    return x->operation->algebra() == Algebra::one_hot && axes[0] == last;
  }
  if (x->head == Head::function && !x->primed && x->operation->algebra() == Algebra::softmax) {
    return ops::integers(*x->operation, "axes") == axes;
  }
  return false;
}

Expr Expressions::reduce(Expr x, std::vector<std::int64_t> axes, bool keeps_axes) {
  Shape shape;
  std::int64_t count = 1;
  bool all_of_one = true;
  for (std::size_t i = 0; i < x->shape.rank(); ++i) {
    if (std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(i)) == axes.end()) {
      shape = shape.inserted(shape.rank(), x->shape[i]);
      continue;
    }
    count *= x->shape[i];
    all_of_one = all_of_one && x->shape[i] == 1;
    if (keeps_axes) {
      shape = shape.inserted(shape.rank(), 1);
    }
  }
  if (all_of_one) {
    return spread(x, shape);
  }
  if (x->is_number()) {
    return number(x->number * static_cast<double>(count), shape, x->dtype);
  }
  if (is_distribution(definition(x), axes) || is_distribution(x, axes)) {
    used_distribution_ = true;
    return number(1, shape, x->dtype);
  }
  if (x->head == Head::spread && x->arguments[0]->is_scalar() && broadcasts(x->arguments[0]->shape, x->shape)) {
    return spread(scaled(static_cast<double>(count), spread(x->arguments[0], {})), shape);
  }
  if (const Parts parts = parts_of(x); !parts.is_plain()) {
    std::vector<Expr> factors = parts.scalars;
    factors.push_back(reduce(spread(product(1, parts.others), x->shape), axes, keeps_axes));
    return spread(product(parts.factor, factors), shape);
  }
  if (const Expr left = without_zero_sums(x, axes); left != x) {
    return reduce(left, std::move(axes), keeps_axes);
  }
  return intern({.head = Head::reduce,
                 .shape = shape,
                 .dtype = x->dtype,
                 .arguments = {x},
                 .axes = std::move(axes),
                 .keeps_axes = keeps_axes});
}

Expr Expressions::call(std::shared_ptr<const Operation> operation, std::vector<Expr> arguments, const Shape& shape,
                       DType dtype) {
  const Expr e = intern({.head = Head::call,
                         .shape = shape,
                         .dtype = dtype,
                         .arguments = std::move(arguments),
                         .operation = std::move(operation)});
  const Expr derivative = find_derivative(e);
  return derivative == nullptr ? e : derivative;
}

Expr Expressions::rebuilt(Expr x, const std::vector<Expr>& arguments) {
  switch (x->head) {
    case Head::symbol:
    case Head::number:
      return x;
    case Head::sum:
    case Head::product: {
      const Expr e = x->head == Head::sum ? sum(arguments) : product(x->number, arguments);
      return broadcasts(e->shape, x->shape) ? spread(e, x->shape) : e;
    }
    case Head::power:
      return power(arguments[0], x->number);
    case Head::matmul:
      return matmul(arguments[0], arguments[1]);
    case Head::outer:
      return outer(arguments[0], arguments[1]);
    case Head::transpose:
      return transpose(arguments[0]);
    case Head::function:
      return function(x->operation, arguments[0], x->shape, x->primed);
    case Head::indicator:
      return intern(
          {.head = Head::indicator, .shape = x->shape, .dtype = x->dtype, .arguments = arguments, .primed = x->primed});
    case Head::reduce:
      return reduce(arguments[0], x->axes, x->keeps_axes);
    case Head::spread:
      return spread(arguments[0], x->shape);
    case Head::call:
      return call(x->operation, arguments, x->shape, x->dtype);
  }
  return x;
}

}  // namespace xgrad::formulas
