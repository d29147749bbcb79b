// Mistakes in gates, in what is stacked, in cases and in numbers.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "check/diagnosis/proposals.hpp"
#include "ops/attributes.hpp"
#include "ops/primitives.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Expressions;
using formulas::Head;

// x at some place of zeros, more than one of its elements along the axis.
bool is_part(Expr e) {
  return e->head == Head::call && e->operation->algebra() == Algebra::slice_adjoint &&
         ops::integer(*e->operation, "count") > 1;
}

// "[:, 3:6]" of at[:, 3:6](x).
std::string range_of(const Sources& sources, Expr part) {
  const std::string text = sources.text(part);
  const std::size_t start = text.find('[');
  const std::size_t end = text.find(']', start);
  return end == std::string::npos ? text : text.substr(start, end - start + 1);
}

void propose_exchanges(const Sources& sources, Expr sum, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  std::vector<std::size_t> parts;
  for (std::size_t i = 0; i < sum->arguments.size(); ++i) {
    if (is_part(sum->arguments[i])) {
      parts.push_back(i);
    }
  }
  std::sort(parts.begin(), parts.end(), [&](std::size_t i, std::size_t j) {
    return ops::integer(*sum->arguments[i]->operation, "start") < ops::integer(*sum->arguments[j]->operation, "start");
  });
  for (std::size_t k = 0; k < parts.size(); ++k) {
    for (std::size_t l = k + 1; l < parts.size(); ++l) {
      const Expr a = sum->arguments[parts[k]];
      const Expr b = sum->arguments[parts[l]];
      if (a->arguments[0]->shape != b->arguments[0]->shape) {
        continue;
      }
      std::vector<Expr> exchanged = sum->arguments;
      exchanged[parts[k]] = e.rebuilt(a, b->arguments);
      exchanged[parts[l]] = e.rebuilt(b, a->arguments);
      proposals.push_back({e.sum(exchanged),
                           fmt::format("the parts {} and {} exchanged", range_of(sources, a), range_of(sources, b)),
                           Rank::usual});
    }
  }
}

// 1 − x; null for others.
Expr complemented(Expr sum) {
  if (sum->arguments.size() != 2) {
    return nullptr;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const Expr other = sum->arguments[1 - i];
    if (sum->arguments[i]->is_number(1) && other->head == Head::product && other->number == -1 &&
        other->arguments.size() == 1) {
      return other->arguments[0];
    }
  }
  return nullptr;
}

struct Case {
  Expr condition = nullptr;
  Expr rest = nullptr;
};

// [c] x as c and x.
Case case_of(Expressions& e, Expr term) {
  if (term->head == Head::indicator) {
    return {term, e.number(1, {}, term->dtype)};
  }
  if (term->head != Head::product) {
    return {};
  }
  for (std::size_t i = 0; i < term->arguments.size(); ++i) {
    if (term->arguments[i]->head == Head::indicator && term->arguments.size() > 1) {
      std::vector<Expr> rest = term->arguments;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      return {term->arguments[i], e.product(term->number, rest)};
    }
  }
  return {};
}

// "c" of [c].
std::string condition_text(const Sources& sources, Expr indicator) {
  const std::string text = sources.text(indicator);
  return text.size() > 2 && text.front() == '[' && text.back() == ']' ? text.substr(1, text.size() - 2) : text;
}

// [c] x + [¬c] y: one of the cases everywhere, or each in the place of the other.
void propose_cases(const Sources& sources, Expr sum, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  for (std::size_t i = 0; i < sum->arguments.size(); ++i) {
    for (std::size_t j = i + 1; j < sum->arguments.size(); ++j) {
      const Case a = case_of(e, sum->arguments[i]);
      const Case b = case_of(e, sum->arguments[j]);
      if (a.condition == nullptr || b.condition == nullptr || a.condition->arguments[0] != b.condition->arguments[0] ||
          a.condition->primed == b.condition->primed) {
        continue;
      }
      const auto with = [&](const std::vector<Expr>& instead) {
        std::vector<Expr> terms = instead;
        for (std::size_t k = 0; k < sum->arguments.size(); ++k) {
          if (k != i && k != j) {
            terms.push_back(sum->arguments[k]);
          }
        }
        return e.spread(e.sum(terms), sum->shape);
      };
      for (const Case& one : {a, b}) {
        proposals.push_back({with({e.spread(one.rest, sum->shape)}),
                             fmt::format("the case {} everywhere", condition_text(sources, one.condition)),
                             Rank::usual});
      }
      proposals.push_back(
          {with({e.product(b.condition, a.rest), e.product(a.condition, b.rest)}), "the cases exchanged", Rank::usual});
    }
  }
}

// relu(x) relu′(x) as x: what belongs to the one case in both.
void propose_without_condition(const Sources& sources, Expr product, std::vector<Proposal>& proposals) {
  for (Expr value : product->arguments) {
    if (value->head != Head::function || value->primed || value->operation->algebra() != Algebra::relu) {
      continue;
    }
    std::vector<Expr> factors;
    bool has_slope = false;
    for (Expr factor : product->arguments) {
      const bool is_slope = factor->head == Head::function && factor->primed && factor->operation == value->operation &&
                            factor->arguments == value->arguments;
      has_slope = has_slope || is_slope;
      if (!is_slope) {
        factors.push_back(factor == value ? value->arguments[0] : factor);
      }
    }
    if (has_slope) {
      proposals.push_back({sources.expressions().product(product->number, factors),
                           fmt::format("{}, and no condition,", sources.in_place_of(value->arguments[0], value)),
                           Rank::common});
    }
  }
}

void propose_for_product(const Sources& sources, Expr here, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  const double size = std::abs(here->number);
  if (size != 1) {
    const std::string number = sources.text(e.number(size, {}, here->dtype));
    proposals.push_back(
        {e.product(here->number * size, here->arguments), fmt::format("the factor {} twice", number), Rank::common});
    proposals.push_back({e.product(here->number / (size * size), here->arguments),
                         fmt::format("the factor {} the other way up", number), Rank::common});
  }
  propose_without_condition(sources, here, proposals);
  for (Expr factor : here->arguments) {
    const bool is_weight = factor->head == Head::symbol && factor->node->operation == nullptr && factor->node->history;
    if (factor->head == Head::symbol && !is_weight) {
      std::vector<Expr> more = here->arguments;
      more.push_back(factor);
      proposals.push_back({e.spread(e.product(here->number, more), here->shape),
                           fmt::format("{} in place of {}", sources.text(e.power(factor, 2)), sources.text(factor)),
                           Rank::rare});
    }
    // n (a + b): n of one summand only.
    if (factor->head == Head::sum && here->arguments.size() == 1 && size != 1) {
      for (std::size_t i = 0; i < factor->arguments.size(); ++i) {
        std::vector<Expr> terms = factor->arguments;
        terms[i] = terms[i]->is_number() ? e.number(terms[i]->number / size, terms[i]->shape, terms[i]->dtype)
                                         : e.scaled(1 / size, terms[i]);
        const Expr term = factor->arguments[i];
        const Expr positive = term->head == Head::product && term->number < 0 ? e.scaled(-1, term) : term;
        proposals.push_back({e.spread(e.scaled(here->number, e.sum(terms)), here->shape),
                             fmt::format("the factor {} of the summand {} left out",
                                         sources.text(e.number(size, {}, here->dtype)), sources.text(positive)),
                             Rank::usual});
      }
    }
  }
}

void propose_for_reduction(const Sources& sources, Expr root, Expr here, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  const Expr x = here->arguments[0];
  if (here->shape.size() == 1 && here != root && sources.vocabulary.batch > 1) {
    const Expr samples = e.number(static_cast<double>(sources.vocabulary.batch), here->shape, here->dtype);
    proposals.push_back(
        {samples,
         fmt::format("{}, the number of samples, in place of {}", sources.vocabulary.batch, sources.text(here)),
         Rank::common});
  }
  if (here->axes.size() != 1) {
    return;
  }
  const auto axis = static_cast<std::size_t>(here->axes[0]);
  if (x->shape.rank() > 2 && x->shape[axis] > 1) {
    for (const bool last : {false, true}) {
      const std::int64_t start = last ? x->shape[axis] - 1 : 0;
      const Expr one = e.call(ops::slice_operation({start, 1, 1}, axis), {x}, x->shape.with(axis, 1), x->dtype);
      proposals.push_back({e.spread(one, here->shape),
                           fmt::format("only the {} along axis {} taken", last ? "last" : "first", axis),
                           Rank::common});
    }
  }
}

// x of reshape(x), whose first axis is that of the samples.
Expr samples_in(const Sources& sources, Expr e) {
  const bool is_reshape = e->head == Head::call && e->operation->algebra() == Algebra::reshape;
  const std::int64_t batch = sources.vocabulary.batch;
  const bool has_samples = is_reshape && batch > 1 && e->shape.rank() == 2 && e->arguments[0]->shape.rank() > 2 &&
                           e->arguments[0]->shape[0] == batch && e->shape[0] % batch == 0;
  return has_samples ? e->arguments[0] : nullptr;
}

// A product over all steps of all samples, of the first or last sample only.
void propose_one_sample(const Sources& sources, Expr product, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  const Expr left = product->arguments[0];
  const Expr a = left->head == Head::transpose ? samples_in(sources, left->arguments[0]) : nullptr;
  const Expr b = samples_in(sources, product->arguments[1]);
  if (a == nullptr || b == nullptr) {
    return;
  }
  for (const bool last : {true, false}) {
    const auto one = [&](Expr x, const Shape& shape) {
      const std::int64_t start = last ? x->shape[0] - 1 : 0;
      const Expr sample = e.call(ops::slice_operation({start, 1, 1}, 0), {x}, x->shape.with(0, 1), x->dtype);
      return e.spread(sample, shape.with(0, shape[0] / x->shape[0]));
    };
    proposals.push_back({e.matmul(e.transpose(one(a, left->arguments[0]->shape)), one(b, product->arguments[1]->shape)),
                         fmt::format("only the {} sample taken", last ? "last" : "first"), Rank::common});
  }
}

// f′ of something other than a symbol, taken at a symbol in it.
void propose_for_slope(const Sources& sources, Expr slope, std::vector<Proposal>& proposals) {
  std::vector<Expr> symbols = symbols_in(slope->arguments[0]);
  for (Expr symbol : symbols) {
    if (slope->arguments[0] != symbol && symbol->shape == slope->arguments[0]->shape && symbol->dtype == slope->dtype) {
      const Expr other = sources.expressions().function(slope->operation, symbol, slope->shape, true);
      proposals.push_back({other, sources.in_place_of(other, slope), Rank::common});
    }
  }
}

}  // namespace

void propose_for_gates(const Sources& sources, Expr root, Expr here, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  switch (here->head) {
    case Head::sum:
      propose_exchanges(sources, here, proposals);
      propose_cases(sources, here, proposals);
      if (const Expr x = complemented(here)) {
        proposals.push_back({e.spread(x, here->shape), sources.in_place_of(x, here), Rank::usual});
      }
      break;
    case Head::product:
      propose_for_product(sources, here, proposals);
      break;
    case Head::reduce:
      propose_for_reduction(sources, root, here, proposals);
      break;
    case Head::function:
      if (here->primed) {
        propose_for_slope(sources, here, proposals);
      }
      break;
    case Head::symbol: {
      const Expr definition = e.definition(here);
      if (definition->head == Head::function && !definition->primed &&
          definition->operation->algebra() == Algebra::sigmoid) {
        const Expr rest = e.sum(e.number(1, {}, here->dtype), e.scaled(-1, here));
        proposals.push_back({rest, sources.in_place_of(rest, here), Rank::usual});
      }
      break;
    }
    case Head::matmul:
      propose_one_sample(sources, here, proposals);
      break;
    case Head::call:
      if (here->operation->algebra() == Algebra::permute) {
        proposals.push_back({e.spread(here->arguments[0], here->shape), "the exchange of axes left out", Rank::usual});
      }
      break;
    default:
      break;
  }
  // Everywhere in the line: turned the other way.
  if (here == root) {
    for (Expr symbol : symbols_in(root)) {
      if (symbol->node->operation != nullptr || symbol->node->history || !is_floating(symbol->dtype)) {
        continue;
      }
      const std::function<Expr(Expr)> turned = [&](Expr x) -> Expr {
        if (x == symbol) {
          return e.scaled(-1, x);
        }
        if (x->arguments.empty()) {
          return x;
        }
        std::vector<Expr> arguments;
        std::transform(x->arguments.begin(), x->arguments.end(), std::back_inserter(arguments), turned);
        return arguments == x->arguments ? x : e.rebuilt(x, arguments);
      };
      proposals.push_back(
          {turned(root), fmt::format("−{} in place of {}", sources.text(symbol), sources.text(symbol)), Rank::rare});
    }
  }
}

void propose_for_lines(const Sources& sources, const std::vector<Line>& lines, const Line& line,
                       std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  const Expr right = line.right;
  const std::vector<Expr> used = symbols_in(right);
  for (const Line& other : lines) {
    if (other.symbol != nullptr && other.of != nullptr && other.symbol->shape == right->shape &&
        other.symbol != right && std::find(used.begin(), used.end(), other.symbol) != used.end()) {
      proposals.push_back(
          {other.symbol, fmt::format("{} passed on as it is", sources.text(other.symbol)), Rank::common});
    }
  }
  // y = eˣ: what a line ∂Loss/∂x has of it may be gone into other factors.
  for (Expr symbol : sources.vocabulary.symbols) {
    const Expr definition = e.definition(symbol);
    if (definition->head == Head::function && !definition->primed && definition->operation->algebra() == Algebra::exp &&
        definition->arguments[0]->head == Head::symbol && definition->arguments[0]->node == line.of &&
        symbol->shape == right->shape) {
      const Expr inverse = e.power(symbol, -1);
      proposals.push_back(
          {e.product(right, inverse), fmt::format("a factor {} too much", sources.text(inverse)), Rank::common});
    }
  }
}

}  // namespace xgrad::check::diagnosis
