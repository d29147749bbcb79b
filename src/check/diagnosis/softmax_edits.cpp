// Mistakes in softmax and its masks. With P = softmax(S): dS = P ⊙ (dP − rowsum(dP ⊙ P)).
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/creation.hpp"
#include "xgrad/reduce.hpp"

#include "check/diagnosis/proposals.hpp"
#include "formulas/broadcasting.hpp"
#include "graph/node.hpp"
#include "ops/attributes.hpp"
#include "ops/primitives.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Expressions;
using formulas::Head;

bool is_softmax(Expr e) {
  return e->head == Head::function && !e->primed && e->operation->algebra() == Algebra::softmax;
}

// A distribution along an axis under a mask: a call of (x, condition), of x's shape.
bool is_masked(Expr e) {
  return e->head == Head::call && e->arguments.size() == 2 && e->arguments[1]->dtype == boolean &&
         e->arguments[0]->dtype != boolean && e->arguments[0]->shape == e->shape;
}

bool has_softmax(const Expressions& expressions, Expr e) {
  const Expr definition = expressions.definition(e);
  return is_softmax(definition) || is_masked(definition) ||
         std::any_of(e->arguments.begin(), e->arguments.end(),
                     [&](Expr argument) { return has_softmax(expressions, argument); });
}

// The sum over one axis that a part −Σ x or −(Σ x) ⊙ p of a sum takes; null if it is none.
Expr row_sum_in(Expr term) {
  if (term->head == Head::reduce) {
    return term;
  }
  if (term->head == Head::product) {
    for (Expr factor : term->arguments) {
      if (factor->head == Head::reduce) {
        return factor;
      }
    }
  }
  return nullptr;
}

void propose_for_row_sum(const Sources& sources, Expr root, Expr sum, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  const Expr x = sum->arguments[0];
  if (sum->axes.size() != 1 || root == sum || x->shape.rank() != sum->shape.rank()) {
    return;
  }
  if (has_softmax(e, root)) {
    proposals.push_back({x, "the Jacobian of softmax taken for its diagonal", Rank::usual});
  }
  const auto count = static_cast<double>(x->shape[static_cast<std::size_t>(sum->axes[0])]);
  proposals.push_back(
      {e.scaled(1 / count, sum), fmt::format("the mean in place of {}", sources.text(sum)), Rank::common});
}

// (A − Σ …) ⊙ P without what softmax does to A.
void propose_passing_by(const Sources& sources, Expr product, std::vector<Proposal>& proposals) {
  if (!has_softmax(sources.expressions(), product)) {
    return;
  }
  for (Expr factor : product->arguments) {
    if (factor->head != Head::sum || factor->arguments.size() != 2) {
      continue;
    }
    for (std::size_t i = 0; i < 2; ++i) {
      if (row_sum_in(factor->arguments[i]) != nullptr && row_sum_in(factor->arguments[1 - i]) == nullptr) {
        proposals.push_back({sources.expressions().scaled(product->number, factor->arguments[1 - i]),
                             "the Jacobian of softmax left out", Rank::common});
      }
    }
  }
}

// Targets (1 − ε) [class] + ε/K, as they stand in a sum: a number beside a multiple of a one-hot vector.
void propose_for_smoothing(const Sources& sources, Expr sum, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  const auto constant =
      std::find_if(sum->arguments.begin(), sum->arguments.end(), [](Expr x) { return x->is_number(); });
  const auto is_hot = [](Expr x) {
    if (x->head != Head::product || x->arguments.size() != 1) {
      return false;
    }
    const Expr factor = x->arguments[0];
    const bool is_condition = factor->head == Head::indicator && !factor->primed;
    const Expr call = is_condition ? factor->arguments[0] : factor;
    return call->head == Head::call && call->operation->algebra() == Algebra::one_hot;
  };
  const auto hot = std::find_if(sum->arguments.begin(), sum->arguments.end(), is_hot);
  if (constant == sum->arguments.end() || hot == sum->arguments.end() || sum->shape.rank() == 0) {
    return;
  }
  const Expr one_hot = (*hot)->arguments[0];
  const auto classes = static_cast<double>(sum->shape.back());
  const double everywhere = (*constant)->number;
  const double of_class = (*hot)->number;
  const auto with = [&](double constant_part, double hot_part) {
    std::vector<Expr> terms;
    for (Expr term : sum->arguments) {
      if (term != *constant && term != *hot) {
        terms.push_back(term);
      }
    }
    terms.push_back(e.number(constant_part, {}, sum->dtype));
    terms.push_back(e.scaled(hot_part, one_hot));
    return e.spread(e.sum(terms), sum->shape);
  };
  proposals.push_back({with(0, of_class + classes * everywhere), "the smoothing of the targets left out", Rank::usual});
  const double of_others = everywhere * classes / (classes - 1);
  proposals.push_back(
      {with(of_others, of_class - of_others), "the smoothing over the other classes alone", Rank::common});
}

Expr log_softmax_of(const Sources& sources, Expr softmax) {
  const std::vector<std::int64_t> axes = ops::integers(*softmax->operation, "axes");
  if (axes.size() != 1) {
    return nullptr;
  }
  const Tensor example = log_softmax(zeros(softmax->shape, softmax->dtype), axes[0]);
  return sources.expressions().function(example.node()->operation, softmax->arguments[0], softmax->shape);
}

}  // namespace

void propose_for_softmax(const Sources& sources, Expr root, Expr here, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  switch (here->head) {
    case Head::reduce:
      propose_for_row_sum(sources, root, here, proposals);
      break;
    case Head::product:
      propose_passing_by(sources, here, proposals);
      break;
    case Head::sum:
      propose_for_smoothing(sources, here, proposals);
      break;
    case Head::function:
      if (is_softmax(here)) {
        if (const Expr logarithm = log_softmax_of(sources, here)) {
          proposals.push_back({logarithm, sources.in_place_of(logarithm, here), Rank::common});
        }
        const Expr rest = e.sum(e.number(1, {}, here->dtype), e.scaled(-1, here));
        proposals.push_back({rest, sources.in_place_of(rest, here), Rank::rare});
      }
      break;
    case Head::symbol:
      if (const Expr definition = e.definition(here); is_masked(definition)) {
        const auto last = static_cast<std::int64_t>(here->shape.rank()) - 1;
        const Expr plain = e.function(ops::softmax_operation(last), definition->arguments[0], here->shape);
        proposals.push_back(
            {plain, fmt::format("the mask left out: {}", sources.in_place_of(plain, here)), Rank::usual, true});
      }
      break;
    default:
      break;
  }
}

void propose_for_masks(const Sources& sources, const Line& line, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  const Expr right = line.right;
  std::vector<Expr> seen;
  for (Expr symbol : sources.vocabulary.symbols) {
    const Expr definition = e.definition(symbol);
    if (!is_masked(definition)) {
      continue;
    }
    const Expr condition = definition->arguments[1];
    if (condition->shape.rank() < 2 || definition->shape != right->shape ||
        std::find(seen.begin(), seen.end(), condition) != seen.end()) {
      continue;
    }
    seen.push_back(condition);
    const Expr mask = e.indicator(condition, right->dtype);
    const Expr other = e.transpose(mask);
    if (Shape common; broadcast(other->shape, right->shape, common) && common == right->shape) {
      proposals.push_back({e.spread(e.product(right, other), right->shape),
                           fmt::format("the mask {} on the other axis", sources.text(mask)), Rank::usual});
    }
  }
  for (Expr symbol : sources.vocabulary.symbols) {
    if (line.of == nullptr || symbol->node != line.of) {
      continue;
    }
    // On top of the derivative by z of a loss with softmax(z).
    const auto last = static_cast<std::int64_t>(symbol->shape.rank()) - 1;
    if (last >= 0 && has_softmax(e, right) && symbol->shape == right->shape) {
      const Expr p = e.function(ops::softmax_operation(last), symbol, symbol->shape);
      const Expr diagonal = e.product(p, e.sum(e.number(1, {}, p->dtype), e.scaled(-1, p)));
      proposals.push_back(
          {e.product(right, diagonal), fmt::format("a factor {} too much", sources.text(diagonal)), Rank::common});
    }
  }
}

}  // namespace xgrad::check::diagnosis
