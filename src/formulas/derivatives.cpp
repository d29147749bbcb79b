// f′(z) under its own name. The times_partial of f, at t = 1 and read as a formula, is f′(z) written out: a (1 − a) for
// a = σ(z). Each f(z) that is made notes its own; where a formula has these factors, they are replaced by f′(z).
#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/manipulate.hpp"

#include "formulas/broadcasting.hpp"
#include "formulas/expression.hpp"
#include "formulas/translation.hpp"
#include "graph/identity.hpp"
#include "ops/control/barrier.hpp"
#include "planning/simplify.hpp"

namespace xgrad::formulas {

namespace {

// A quotient of numbers, without the last bits that rounding has added to a short decimal number.
double rounded(double quotient) {
  const double decimal = std::stod(fmt::format("{:.15g}", quotient));
  return std::abs(quotient - decimal) <= 4e-16 * std::abs(quotient) ? decimal : quotient;
}

// Whether a formula is as short as f′(z). z or e^z would be renamed wherever it stands.
bool is_simple(Expr e) {
  return e->head == Head::symbol || e->head == Head::number || e->head == Head::function;
}

std::vector<Expr> factors_in(Expr e) {
  return e->head == Head::product ? e->arguments : std::vector<Expr>{e};
}

double number_in(Expr e) {
  return e->head == Head::product || e->head == Head::number ? e->number : 1;
}

bool contains(const std::vector<Expr>& all, Expr e) {
  return std::find(all.begin(), all.end(), e) != all.end();
}

bool is_derivative(Expr e) {
  const std::vector<Expr> factors = factors_in(without_spread(e));
  return factors.size() == 1 && factors[0]->head == Head::function && factors[0]->primed;
}

}  // namespace

bool is_written_primed(const Operation& operation) {
  const Algebra algebra = operation.algebra();
  return operation.elementwise() != nullptr &&
         (algebra == Algebra::sigmoid || algebra == Algebra::tanh || operation.notation().primed);
}

// Notes f′(z) as formulas write it out. They write f(z) as `value`: as itself, or as the symbol that it defines.
void Expressions::add_derivative(Expr function, Expr value) {
  if (!is_written_primed(*function->operation) || !is_floating(function->arguments[0]->dtype) ||
      !differentiated_.insert(value).second) {
    return;
  }
  const Expr written_out = written_out_derivative(function, value);
  if (written_out == nullptr) {
    return;
  }
  Derivative derivative = factors_of(without_spread(written_out));
  const std::vector<Power>& powers = derivative.powers;
  if (powers.empty() || (powers.size() == 1 && is_simple(powers.front().base))) {
    return;
  }
  derivative.function = function;
  const auto heaviest = std::max_element(
      powers.begin(), powers.end(), [](const Power& a, const Power& b) { return a.base->weight < b.base->weight; });
  derivatives_.emplace(heaviest->base, derivative);
}

// Made once for all arguments of a shape.
const Expressions::Slope& Expressions::slope_of(const std::shared_ptr<const Operation>& operation, Expr z) {
  const auto [known, added] =
      slopes_.try_emplace({graph::OperationIdentity::of(*operation), z->dtype, z->shape.to_vector()});
  Slope& slope = known->second;
  if (!added) {
    return slope;
  }
  const Tensor argument = ops::barrier(broadcast_to(scalar(0, z->dtype), z->shape), 0);
  const Tensor output = xgrad::apply(operation, {argument});
  const Tensor one = broadcast_to(scalar(1, z->dtype), z->shape);
  const Tensor written_out = operation->elementwise()->times_partial({{&argument, 1}, output}, 0, one);
  if (written_out.defined()) {
    const std::vector<Tensor> simplified = planning::simplify(std::array{written_out, argument, output}, {});
    slope = {simplified[0], simplified[1], simplified[2]};
  }
  return slope;
}

Expr Expressions::written_out_derivative(Expr function, Expr value) {
  const Expr z = function->arguments[0];
  const Slope& slope = slope_of(function->operation, z);
  if (!slope.written_out.defined()) {
    return nullptr;
  }
  const std::unordered_set<const graph::Node*> none_named;
  Translation translation{*this, none_named, Translation::Length::any};
  translation.set(slope.argument.node(), z);
  translation.set(slope.output.node(), value);
  translation.add({&slope.written_out, 1});
  return translation.of(slope.written_out.node());
}

Expressions::Derivative Expressions::factors_of(Expr e) {
  Derivative result;
  result.factor = number_in(e);
  for (Expr factor : factors_in(e)) {
    const bool is_power = factor->head == Head::power;
    result.powers.push_back({is_power ? factor->arguments[0] : factor, is_power ? factor->number : 1});
  }
  return result;
}

void Expressions::name_derivatives(double& factor, std::vector<Power>& powers) {
  while (name_derivative(factor, powers)) {
  }
}

// Puts one f′(z) for its factors; false if there is none.
bool Expressions::name_derivative(double& factor, std::vector<Power>& powers) {
  const auto find = [&powers](Expr base) {
    return std::find_if(powers.begin(), powers.end(), [base](const Power& each) { return each.base == base; });
  };
  const auto holds = [&](const Power& wanted) {
    const auto found = find(wanted.base);
    return found != powers.end() && found->exponent / wanted.exponent >= 1;
  };
  for (std::size_t i = 0; i < powers.size(); ++i) {
    const auto [begin, end] = derivatives_.equal_range(powers[i].base);
    const auto known = std::find_if(begin, end, [&](const auto& entry) {
      return std::all_of(entry.second.powers.begin(), entry.second.powers.end(), holds);
    });
    if (known == end) {
      continue;
    }
    const Derivative& derivative = known->second;
    for (const Power& used : derivative.powers) {
      find(used.base)->exponent -= used.exponent;
    }
    factor = rounded(factor / derivative.factor);
    const Expr z = derivative.function->arguments[0];
    const Expr name = function(derivative.function->operation, z, z->shape, true);
    if (const auto same = find(name); same != powers.end()) {
      same->exponent += 1;
    } else {
      powers.insert(powers.begin() + static_cast<std::ptrdiff_t>(i), {name, 1});
    }
    std::erase_if(powers, [](const Power& each) { return each.exponent == 0; });
    return true;
  }
  return false;
}

// The formula with f′(z) for its factors; null if there is none.
Expr Expressions::find_derivative(Expr e) {
  if (derivatives_.empty()) {
    return nullptr;
  }
  Derivative parts = factors_of(e);
  if (!name_derivative(parts.factor, parts.powers)) {
    return nullptr;
  }
  std::vector<Expr> factors(parts.powers.size());
  std::transform(parts.powers.begin(), parts.powers.end(), factors.begin(),
                 [this](const Power& each) { return power(each.base, each.exponent); });
  return product(parts.factor, factors);
}

// t f′(z), if all parts have the factors t in common and the whole of what is left of them is f′(z); else null.
Expr Expressions::find_factored_derivative(std::span<const Expr> parts,
                                           const std::function<Expr(const std::vector<Expr>&)>& whole) {
  std::vector<Expr> common = factors_in(without_spread(parts.front()));
  for (Expr part : parts) {
    const std::vector<Expr> factors = factors_in(without_spread(part));
    std::erase_if(common, [&factors](Expr each) { return each->is_number() || !contains(factors, each); });
  }
  if (derivatives_.empty() || common.empty()) {
    return nullptr;
  }
  std::vector<Expr> rests;
  for (Expr part : parts) {
    std::vector<Expr> rest = factors_in(without_spread(part));
    std::erase_if(rest, [&common](Expr each) { return contains(common, each); });
    const double factor = number_in(without_spread(part));
    rests.push_back(rest.empty() ? number(factor, part->shape, part->dtype)
                                 : spread(product(factor, rest), part->shape));
  }
  const Expr derivative = whole(rests);
  if (!is_derivative(derivative)) {
    return nullptr;
  }
  common.push_back(derivative);
  return product(1, common);
}

// c ? t : 0 is t [c].
Expr Expressions::choice(const std::shared_ptr<const Operation>& where, Expr condition, Expr yes, Expr no,
                         const Shape& shape) {
  if (no->is_number(0)) {
    return product(yes, indicator(condition, yes->dtype));
  }
  if (yes->is_number(0)) {
    return product(no, indicator(condition, no->dtype, true));
  }
  const auto branch = [this](Expr e) { return e->is_number() ? number(e->number, {}, e->dtype) : without_spread(e); };
  const auto whole = [&](const std::vector<Expr>& branches) {
    return call(where, {condition, branch(branches[0]), branch(branches[1])}, shape, yes->dtype);
  };
  if (const Expr derivative = find_factored_derivative(std::array{yes, no}, whole)) {
    return derivative;
  }
  // The number may be of t or of f′.
  const double factor = number_in(without_spread(yes));
  const auto divided = [this, factor](Expr e) {
    const Expr x = without_spread(e);
    return spread(product(rounded(number_in(x) / factor), factors_in(x)), e->shape);
  };
  if (factor != 1 && !yes->is_number() && !no->is_number()) {
    if (const Expr derivative = find_factored_derivative(std::array{divided(yes), divided(no)}, whole)) {
      return scaled(factor, derivative);
    }
  }
  return whole({yes, no});
}

}  // namespace xgrad::formulas
