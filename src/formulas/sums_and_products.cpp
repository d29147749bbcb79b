// The normal form of sums, products and powers: flat, like terms together, derivatives under their names.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "formulas/broadcasting.hpp"
#include "formulas/expression.hpp"

namespace xgrad::formulas {

namespace {

// A product as its number and the rest; null stands for 1.
struct Term {
  double factor = 1;
  Expr rest = nullptr;
};

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
  const Shape left = common_shape(result);
  const Expr flat = intern({.head = Head::sum, .shape = left, .dtype = dtype, .arguments = result});
  if (const Expr derivative = find_derivative(flat)) {  // 1 − tanh²
    return spread(derivative, shape);
  }
  if (const Expr product = between_equal(result)) {
    return spread(product, shape);
  }
  if (const Expr product = find_factored_derivative(result, [this](const auto& rests) { return sum(rests); })) {
    return spread(product, shape);  // t − t tanh²
  }
  return spread(expanded(flat), shape);
}

namespace {

// A B C … as its factors; the formula itself if it is no product of matrices.
std::vector<Expr> matrix_factors(Expr e) {
  std::vector<Expr> factors;
  std::vector<Expr> stack{e};
  while (!stack.empty()) {
    const Expr top = stack.back();
    stack.pop_back();
    if (top->head == Head::matmul) {
      stack.push_back(top->arguments[1]);
      stack.push_back(top->arguments[0]);
    } else {
      factors.push_back(top);
    }
  }
  return factors;
}

}  // namespace

// Lᵀ A L + Lᵀ B L as Lᵀ (A + B) L. Null if the terms aren't two such products.
Expr Expressions::between_equal(const std::vector<Expr>& terms) {
  if (terms.size() != 2 || terms[0]->head != Head::matmul || terms[1]->head != Head::matmul) {
    return nullptr;
  }
  const std::vector<Expr> first = matrix_factors(terms[0]);
  const std::vector<Expr> second = matrix_factors(terms[1]);
  const bool are_alike = first.size() == 3 && second.size() == 3 && first[0] == second[0] && first[2] == second[2] &&
                         first[1]->shape == second[1]->shape;
  return are_alike ? matmul(matmul(first[0], sum(first[1], second[1])), first[2]) : nullptr;
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
  std::vector<Power> powers;
  for (Expr each : flat) {
    const bool is_power = each->head == Head::power;
    const Expr base = is_power ? each->arguments[0] : each;
    const double exponent = is_power ? each->number : 1;
    const auto known =
        std::find_if(powers.begin(), powers.end(), [base](const Power& power) { return power.base == base; });
    if (known == powers.end()) {
      powers.push_back({base, exponent});
    } else if (base->head != Head::indicator) {
      known->exponent += exponent;
    }
  }
  name_derivatives(factor, powers);
  if (const Expr multiplied = cancelled(factor, powers)) {
    return spread(multiplied, shape);
  }
  flat.clear();
  for (const auto& [base, exponent] : powers) {
    if (exponent != 0) {
      flat.push_back(power(base, exponent));
    }
  }
  // y [y ≠ 0] = y
  std::erase_if(flat, [&](Expr each) {
    return each->head == Head::indicator && each->primed && each->arguments[0]->head == Head::call &&
           each->arguments[0]->operation->algebra() == Algebra::equal &&
           each->arguments[0]->arguments[1]->is_number(0) &&
           std::find(flat.begin(), flat.end(), each->arguments[0]->arguments[0]) != flat.end();
  });
  return spread(flat_product(factor, std::move(flat), shape, dtype), shape);
}

// (a − x / b²) b is a b − x / b: a power that cancels one in a sum beside it is multiplied into the sum. Null if none
// does.
Expr Expressions::cancelled(double factor, const std::vector<Power>& powers) {
  constexpr std::size_t most = 3;  // terms
  const auto divides = [](Expr term, Expr base) {
    const auto is_divisor = [base](Expr each) {
      return each->head == Head::power && each->number < 0 && each->arguments[0] == base;
    };
    return term->head == Head::product ? std::any_of(term->arguments.begin(), term->arguments.end(), is_divisor)
                                       : is_divisor(term);
  };
  for (const Power& whole : powers) {
    const std::vector<Expr>& terms = whole.base->arguments;
    const bool is_short_sum = whole.base->head == Head::sum && whole.exponent == 1 && terms.size() <= most;
    const auto cancels = [&](const Power& each) {
      return is_short_sum && each.exponent > 0 &&
             std::any_of(terms.begin(), terms.end(), [&](Expr term) { return divides(term, each.base); });
    };
    const auto found = std::find_if(powers.begin(), powers.end(), cancels);
    if (found == powers.end()) {
      continue;
    }
    const Expr multiplier = power(found->base, found->exponent);
    std::vector<Expr> multiplied;
    std::transform(terms.begin(), terms.end(), std::back_inserter(multiplied),
                   [&](Expr term) { return product(term, multiplier); });
    std::vector<Expr> factors{sum(multiplied)};
    for (const Power& other : powers) {
      if (other.base != whole.base && other.base != found->base) {
        factors.push_back(power(other.base, other.exponent));
      }
    }
    return product(factor, factors);
  }
  return nullptr;
}

// Of simplified factors with different bases, none a number or a product.
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
  const Expr e = intern(
      {.head = Head::power, .shape = base->shape, .dtype = base->dtype, .arguments = {base}, .number = exponent});
  const Expr derivative = find_derivative(e);
  return derivative == nullptr ? e : derivative;
}

Expressions::Parts Expressions::parts_of(Expr x) {
  Parts parts;
  // An infinite factor stays inside: in front of an empty sum it would make NaN of 0.
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

}  // namespace xgrad::formulas
