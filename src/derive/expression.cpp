#include "derive/expression.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "compile/kind.hpp"
#include "graph/identity.hpp"

namespace xgrad::formulas {

bool is_builtin(const Operation& operation, std::string_view name) {
  return operation.name() == name && planning::kind_of(operation) != planning::Kind::other;
}

namespace {

void mix(std::size_t& hash, std::size_t value) noexcept {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
  hash ^= hash >> 29U;
}

std::uint64_t identity_of(const Expression& e) {
  return e.operation ? graph::OperationIdentity::of(*e.operation) : 0;
}

bool commutes(const Expression& e) noexcept {
  return e.head == Head::sum || e.head == Head::product;
}

std::size_t hash_of(const Expression& e) {
  std::size_t hash = static_cast<std::size_t>(e.head);
  mix(hash, static_cast<std::size_t>(e.dtype) * 4 + (e.primed ? 2 : 0) + (e.keeps_axes ? 1 : 0));
  for (const std::int64_t length : e.shape) {
    mix(hash, static_cast<std::size_t>(length));
  }
  if (commutes(e)) {
    std::size_t total = 0;
    for (Expr argument : e.arguments) {
      total += argument->serial * argument->serial;
    }
    mix(hash, total);
  } else {
    for (Expr argument : e.arguments) {
      mix(hash, argument->serial);
    }
  }
  mix(hash, std::bit_cast<std::uint64_t>(e.number));
  mix(hash, identity_of(e));
  for (const std::int64_t axis : e.axes) {
    mix(hash, static_cast<std::size_t>(axis));
  }
  mix(hash, reinterpret_cast<std::uintptr_t>(e.node));
  return hash;
}

// Sums and products in any order: the first that was made is kept, and so is its order.
bool equal(const Expression& a, const Expression& b) {
  const bool same_arguments =
      a.head == b.head && commutes(a)
          ? std::is_permutation(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end())
          : a.arguments == b.arguments;
  return a.head == b.head && a.shape == b.shape && a.dtype == b.dtype && same_arguments &&
         std::bit_cast<std::uint64_t>(a.number) == std::bit_cast<std::uint64_t>(b.number) && a.primed == b.primed &&
         a.axes == b.axes && a.keeps_axes == b.keeps_axes && a.node == b.node && identity_of(a) == identity_of(b);
}

Shape common_shape(std::span<const Expr> arguments) {
  Shape shape;
  for (Expr argument : arguments) {
    Shape wider;
    static_cast<void>(broadcast(shape, argument->shape, wider));
    shape = wider;
  }
  return shape;
}

bool broadcasts(const Shape& from, const Shape& to) {
  Shape common;
  return broadcast(from, to, common) && common == to;
}

// A product as its number and the rest; null stands for 1.
struct Term {
  double factor = 1;
  Expr rest = nullptr;
};

}  // namespace

Expr Expressions::intern(Expression expression) {
  const std::size_t hash = hash_of(expression);
  const auto [begin, end] = index_.equal_range(hash);
  for (auto known = begin; known != end; ++known) {
    if (equal(*known->second, expression)) {
      return known->second;
    }
  }
  expression.serial = all_.size() + 1;
  constexpr std::size_t most = std::size_t{1} << 40U;  // a formula of shared parts may be longer than memory
  std::size_t weight = expression.arguments.empty() ? 1 : 0;
  for (Expr argument : expression.arguments) {
    weight = std::min(weight + argument->weight, most);
  }
  expression.weight = weight;
  all_.push_back(std::make_unique<Expression>(std::move(expression)));
  index_.emplace(hash, all_.back().get());
  return all_.back().get();
}

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
Expr Expressions::argument_of(Expr x, std::string_view function) const {
  const Expr e = definition(x);
  return e->head == Head::function && !e->primed && is_builtin(*e->operation, function) ? e->arguments[0] : nullptr;
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

// The operand of an element-wise head, which broadcasts by itself.
Expr without_spread(Expr x) {
  while (x->head == Head::spread && broadcasts(x->arguments[0]->shape, x->shape)) {
    x = x->arguments[0];
  }
  return x;
}

}  // namespace

Expr Expressions::sum(std::span<const Expr> terms) {
  const Shape shape = common_shape(terms);
  const DType dtype = terms.front()->dtype;
  std::vector<Term> collected;
  const auto collect = [&](const auto& self, double factor, Expr e) -> void {
    e = without_spread(e);
    if (e->is_number()) {
      factor *= e->number;
      e = nullptr;
    } else if (e->head == Head::product && e->number != 1) {
      self(self, factor * e->number, flat_product(1, e->arguments, e->shape, e->dtype));
      return;
    } else if (e->head == Head::sum) {
      for (Expr term : e->arguments) {
        self(self, factor, term);
      }
      return;
    }
    const auto known =
        std::find_if(collected.begin(), collected.end(), [e](const Term& term) { return term.rest == e; });
    if (known != collected.end()) {
      known->factor += factor;
    } else {
      collected.push_back({factor, e});
    }
  };
  for (Expr term : terms) {
    collect(collect, 1, term);
  }
  // ⅕ a − ⅕ y = ⅕ (a − y)
  std::erase_if(collected, [](const Term& term) { return term.factor == 0; });
  const double size = collected.empty() ? 1 : std::abs(collected.front().factor);
  if (collected.size() > 1 && size != 1 && std::all_of(collected.begin(), collected.end(), [size](const Term& term) {
        return std::abs(std::abs(term.factor) - size) <= 1e-15 * size;
      })) {
    std::vector<Expr> units;
    for (const Term& term : collected) {
      const double sign = term.factor < 0 ? -1 : 1;
      units.push_back(term.rest == nullptr ? number(sign, {}, dtype) : scaled(sign, term.rest));
    }
    return spread(scaled(size, sum(units)), shape);
  }
  std::vector<Expr> result;
  for (const Term& term : collected) {
    if (term.factor != 0) {
      result.push_back(term.rest == nullptr ? number(term.factor, {}, dtype) : scaled(term.factor, term.rest));
    }
  }
  if (result.empty()) {
    return number(0, shape, dtype);
  }
  if (result.size() == 1) {
    return spread(result.front(), shape);
  }
  if (result.size() == 2) {
    std::vector<Expr> alone{
        intern({.head = Head::sum, .shape = common_shape(result), .dtype = dtype, .arguments = result})};
    if (name_derivative(alone)) {  // 1 − tanh²
      return spread(alone.front(), shape);
    }
  }
  const Shape left = common_shape(result);
  const Expr flat = intern({.head = Head::sum, .shape = left, .dtype = dtype, .arguments = result});
  return spread(expanded(flat), shape);
}

// y (1 − a) − (1 − y) a is y − a: products of sums multiplied out, if less is left then.
Expr Expressions::expanded(Expr sum) {
  constexpr std::size_t most = 64;
  if (expanding_ || sum->head != Head::sum) {
    return sum;
  }
  std::vector<Expr> terms;
  bool any = false;
  for (Expr term : sum->arguments) {
    std::vector<std::vector<Expr>> products{{}};
    const double factor = term->head == Head::product ? term->number : 1;
    const std::vector<Expr> factors = term->head == Head::product ? term->arguments : std::vector<Expr>{term};
    for (Expr each : factors) {
      const bool splits = each->head == Head::sum && factors.size() > 1;
      any = any || splits;
      std::vector<std::vector<Expr>> next;
      for (const auto& product : products) {
        for (Expr part : splits ? each->arguments : std::vector<Expr>{each}) {
          next.push_back(product);
          next.back().push_back(part);
        }
      }
      products = std::move(next);
      if (terms.size() + products.size() > most) {
        return sum;
      }
    }
    for (const auto& product : products) {
      terms.push_back(this->product(factor, product));
    }
  }
  if (!any) {
    return sum;
  }
  expanding_ = true;
  const Expr result = this->sum(terms);
  expanding_ = false;
  return result->weight < sum->weight ? result : sum;
}

Expr Expressions::product(double factor, std::span<const Expr> factors) {
  const Shape shape = common_shape(factors);
  const DType dtype = factors.front()->dtype;
  std::vector<Expr> flat;
  const auto flatten = [&](const auto& self, Expr e) -> void {
    e = without_spread(e);
    if (e->is_number()) {
      factor *= e->number;
    } else if (e->head == Head::product) {
      factor *= e->number;
      for (Expr each : e->arguments) {
        self(self, each);
      }
    } else {
      flat.push_back(e);
    }
  };
  for (Expr each : factors) {
    flatten(flatten, each);
  }
  if (factor == 0) {
    return number(0, shape, dtype);
  }
  // Equal bases: x x² = x³. A condition is its own square.
  std::vector<std::pair<Expr, double>> powers;
  for (Expr each : flat) {
    const bool is_power = each->head == Head::power;
    const Expr base = is_power ? each->arguments[0] : each;
    const double exponent = is_power ? each->number : 1;
    const auto known =
        std::find_if(powers.begin(), powers.end(), [base](const auto& pair) { return pair.first == base; });
    if (known == powers.end()) {
      powers.emplace_back(base, exponent);
    } else if (base->head != Head::indicator) {
      known->second += exponent;
    }
  }
  flat.clear();
  for (const auto& [base, exponent] : powers) {
    if (exponent != 0) {
      flat.push_back(power(base, exponent));
    }
  }
  while (name_derivative(flat)) {
  }
  // y [y ≠ 0] = y
  std::erase_if(flat, [&](Expr each) {
    return each->head == Head::indicator && each->primed && each->arguments[0]->head == Head::call &&
           is_builtin(*each->arguments[0]->operation, "equal") && each->arguments[0]->arguments[1]->is_number(0) &&
           std::find(flat.begin(), flat.end(), each->arguments[0]->arguments[0]) != flat.end();
  });
  return spread(flat_product(factor, std::move(flat), shape, dtype), shape);
}

// Of factors that are as simple as can be.
Expr Expressions::flat_product(double factor, std::vector<Expr> factors, const Shape& shape, DType dtype) {
  if (factors.empty()) {
    return number(factor, shape, dtype);
  }
  if (factor == 1 && factors.size() == 1) {
    return factors.front();
  }
  if (factors.size() == 1 && factors.front()->head == Head::sum && factor == -1) {  // −(a − b) = b − a
    std::vector<Expr> terms;
    for (Expr term : factors.front()->arguments) {
      terms.push_back(term->is_number() ? number(-term->number, term->shape, term->dtype) : scaled(-1, term));
    }
    return intern({.head = Head::sum, .shape = factors.front()->shape, .dtype = dtype, .arguments = terms});
  }
  const Shape common = common_shape(factors);
  return intern(
      {.head = Head::product, .shape = common, .dtype = dtype, .arguments = std::move(factors), .number = factor});
}

// a (1 − a) = σ′(z) for a = σ(z), 1 − a² = tanh′(z) for a = tanh(z). Whether there was one.
bool Expressions::name_derivative(std::vector<Expr>& factors) {
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const Expr difference = factors[i];
    if (difference->head != Head::sum || difference->arguments.size() != 2) {
      continue;
    }
    for (std::size_t one = 0; one < 2; ++one) {
      const Expr negative = difference->arguments[1 - one];
      if (!difference->arguments[one]->is_number(1) || negative->head != Head::product || negative->number != -1 ||
          negative->arguments.size() != 1) {
        continue;
      }
      const Expr subtracted = negative->arguments[0];
      if (subtracted->head == Head::power && subtracted->number == 2) {
        const Expr a = subtracted->arguments[0];
        if (const Expr z = argument_of(a, "tanh")) {
          factors[i] = function(definition(a)->operation, z, a->shape, true);
          return true;
        }
      }
      const Expr z = argument_of(subtracted, "sigmoid");
      const auto a = std::find_if(factors.begin(), factors.end(), [&](Expr each) {
        return each == subtracted ||
               (each->head == Head::power && each->arguments[0] == subtracted && each->number > 1);
      });
      if (z != nullptr && a != factors.end()) {
        const auto place = static_cast<std::size_t>(a - factors.begin());
        factors[i] = function(definition(subtracted)->operation, z, subtracted->shape, true);
        if (factors[place] == subtracted) {
          factors.erase(factors.begin() + static_cast<std::ptrdiff_t>(place));
        } else {
          factors[place] = power(subtracted, factors[place]->number - 1);
        }
        return true;
      }
    }
  }
  return false;
}

Expr Expressions::power(Expr base, double exponent) {
  if (exponent == 1) {
    return base;
  }
  if (base->is_number()) {
    return number(std::pow(base->number, exponent), base->shape, base->dtype);
  }
  const bool whole = exponent == std::floor(exponent);
  if (base->head == Head::spread && broadcasts(base->arguments[0]->shape, base->shape)) {
    return spread(power(base->arguments[0], exponent), base->shape);
  }
  if (base->head == Head::power && (whole || base->number == 1)) {
    return power(base->arguments[0], base->number * exponent);
  }
  if (base->head == Head::product && whole) {
    std::vector<Expr> factors;
    factors.reserve(base->arguments.size());
    for (Expr factor : base->arguments) {
      factors.push_back(power(factor, exponent));
    }
    return product(std::pow(base->number, exponent), factors);
  }
  return intern(
      {.head = Head::power, .shape = base->shape, .dtype = base->dtype, .arguments = {base}, .number = exponent});
}

Expressions::Parts Expressions::parts_of(Expr x) {
  Parts parts;
  // An infinite factor of nothing is nothing, as long as it stays inside.
  if (x->head != Head::product || !std::isfinite(x->number)) {
    parts.others.push_back(x);
    return parts;
  }
  parts.factor = x->number;
  for (Expr factor : x->arguments) {
    if (factor->is_scalar() && !x->is_scalar()) {
      parts.scalars.push_back(spread(factor, {}));
    } else {
      parts.others.push_back(factor);
    }
  }
  return parts;
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

Shape transposed_shape(const Shape& shape) {
  const std::size_t last = shape.rank() - 1;
  return shape.with(last, shape[last - 1]).with(last - 1, shape[last]);
}

}  // namespace

Expr Expressions::matmul(Expr a, Expr b) {
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
  if (!primed && is_builtin(*operation, "sigmoid") && argument->head == Head::product && argument->number < 0) {
    // σ(−z) = 1 − σ(z)
    const Expr positive = function(operation, scaled(-1, argument), shape);
    return sum(number(1, {}, argument->dtype), scaled(-1, positive));
  }
  if (!primed && is_builtin(*operation, "exp")) {
    if (const Expr z = argument_of(argument, "log_softmax")) {
      const Operation& inner = *definition(argument)->operation;
      const auto axes = inner.attributes();
      const Tensor sample = zeros(shape, argument->dtype);
      const auto axis = std::get<std::int64_t>(axes.front().value);
      return function(softmax(sample, axis).node()->operation, z, shape);
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
  const auto known = symbols_.find(e);
  return known == symbols_.end() ? e : known->second;
}

void Expressions::define(const graph::Node& node, Expr definition) {
  definitions_[&node] = definition;
  if (definition->head == Head::function) {
    symbols_.emplace(definition, symbol(node));
  }
}

Expr Expressions::indicator(Expr condition, DType dtype, bool complement) {
  while (condition->head == Head::call && is_builtin(*condition->operation, "logical_not")) {
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
    return condition->head == Head::call && condition->operation->name() == "one_hot" && axes[0] == last;
  }
  if (x->head == Head::call) {
    return x->operation->name() == "one_hot" && axes[0] == last;
  }
  if (x->head == Head::function && !x->primed && is_builtin(*x->operation, "softmax")) {
    return planning::integers(*x->operation, "axes") == axes;
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
  return intern({.head = Head::reduce,
                 .shape = shape,
                 .dtype = x->dtype,
                 .arguments = {x},
                 .axes = std::move(axes),
                 .keeps_axes = keeps_axes});
}

Expr Expressions::call(std::shared_ptr<const Operation> operation, std::vector<Expr> arguments, const Shape& shape,
                       DType dtype) {
  return intern({.head = Head::call,
                 .shape = shape,
                 .dtype = dtype,
                 .arguments = std::move(arguments),
                 .operation = std::move(operation)});
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
