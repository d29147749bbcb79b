// Mistakes in sums over the steps of a recurrence, or over the uses of a shared weight.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <unordered_set>

#include "check/diagnosis/alike.hpp"
#include "check/diagnosis/proposals.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Expressions;
using formulas::Head;

Expr replaced(Expressions& e, Expr root, Expr part, Expr replacement) {
  if (root == part) {
    return replacement;
  }
  if (root->arguments.empty()) {
    return root;
  }
  std::vector<Expr> arguments;
  std::transform(root->arguments.begin(), root->arguments.end(), std::back_inserter(arguments),
                 [&](Expr argument) { return replaced(e, argument, part, replacement); });
  return arguments == root->arguments ? root : e.rebuilt(root, arguments);
}

/// A sum whose terms are alike.
class Steps {
 public:
  Steps(const Sources& sources, Expr sum) : sources_{sources}, sum_{sum}, alike_{sources.pass, {}, sources.vocabulary} {
    const Expr first = sum->arguments.front();
    for (Expr term : sum->arguments) {
      Renaming renaming;
      if (!alike_.are_alike(first, term, renaming, Alikeness::Slices::symbols)) {
        return;
      }
      renamings_.push_back(std::move(renaming.symbols));
    }
    are_alike_ = true;
  }

  void propose(std::vector<Proposal>& proposals) {
    if (!are_alike_) {
      return;
    }
    const std::unordered_set<Expr> forward{sources_.vocabulary.symbols.begin(), sources_.vocabulary.symbols.end()};
    for (const auto& entry : renamings_.front()) {
      const Expr key = entry.first;
      if (!std::all_of(renamings_.begin(), renamings_.end(),
                       [key](const auto& renaming) { return renaming.contains(key); })) {
        continue;
      }
      std::vector<Expr> each;
      std::transform(renamings_.begin(), renamings_.end(), std::back_inserter(each),
                     [key](const auto& renaming) { return renaming.at(key); });
      if (std::unordered_set<Expr>{each.begin(), each.end()}.size() < each.size()) {
        continue;
      }
      const bool is_value = key->head != Head::symbol || forward.contains(key);
      propose_shifts(each, is_value ? Rank::usual : Rank::rare, proposals);
      std::vector<Expr> reversed{each.rbegin(), each.rend()};
      if (each.size() > 2) {
        propose_replaced(each, reversed, "in the reverse order of time", is_value ? Rank::common : Rank::rare,
                         proposals);
      }
    }
  }

 private:
  // A step later and a step earlier. What isn't in the sum is left out, taken from behind its end, or from its other
  // end.
  void propose_shifts(const std::vector<Expr>& each, Rank rank, std::vector<Proposal>& proposals) {
    const std::size_t count = each.size();
    std::vector<Expr> beyond{nullptr};
    if (each.front()->head == Head::symbol) {
      for (Expr symbol : sources_.vocabulary.symbols) {
        if (symbol->shape == each.front()->shape && symbol->dtype == each.front()->dtype &&
            std::find(each.begin(), each.end(), symbol) == each.end() && sources_.vocabulary.bases.contains(symbol) &&
            sources_.vocabulary.bases.at(symbol) == alike_.base_of(each.front())) {
          beyond.push_back(symbol);
        }
      }
    }
    for (const bool later : {false, true}) {
      std::vector<Expr> ends = beyond;
      ends.push_back(later ? each.front() : each.back());
      for (Expr end : ends) {
        std::vector<Expr> moved;
        for (std::size_t k = 0; k < count; ++k) {
          const bool is_end = later ? k + 1 == count : k == 0;
          moved.push_back(is_end ? end : each[later ? k + 1 : k - 1]);
        }
        propose_replaced(each, moved, "off by one in time", rank, proposals);
      }
    }
  }

  // As a factor of its own, if it is one: it may be in the other ones, too, and stays there.
  [[nodiscard]] Expr moved_term(Expr term, Expr part, Expr other) {
    Expressions& e = sources_.expressions();
    const auto factor = std::find(term->arguments.begin(), term->arguments.end(), part);
    if (factor == term->arguments.end()) {
      return replaced(e, term, part, other);
    }
    std::vector<Expr> arguments = term->arguments;
    arguments[static_cast<std::size_t>(factor - term->arguments.begin())] = other;
    return e.rebuilt(term, arguments);
  }

  void propose_replaced(const std::vector<Expr>& each, const std::vector<Expr>& others, const char* words, Rank rank,
                        std::vector<Proposal>& proposals) {
    Expressions& e = sources_.expressions();
    std::vector<Expr> terms;
    std::size_t said = each.size();
    for (std::size_t k = 0; k < each.size(); ++k) {
      if (others[k] != nullptr) {
        terms.push_back(moved_term(sum_->arguments[k], each[k], others[k]));
        said = std::min(said, k);
      }
    }
    if (!terms.empty()) {
      proposals.push_back({e.spread(e.sum(terms), sum_->shape),
                           fmt::format("{} and so on, {},", sources_.in_place_of(others[said], each[said]), words),
                           rank});
    }
  }

  const Sources& sources_;
  Expr sum_;
  Alikeness alike_;
  bool are_alike_ = false;
  std::vector<std::unordered_map<Expr, Expr>> renamings_;  // of the first term into each
};

// The symbols with the name of this one and another number, nearest before and after it in the forward pass.
std::vector<Expr> neighbours(const Sources& sources, Expr symbol) {
  const Vocabulary& vocabulary = sources.vocabulary;
  const auto base = vocabulary.bases.find(symbol);
  const auto here = std::find(vocabulary.symbols.begin(), vocabulary.symbols.end(), symbol);
  if (base == vocabulary.bases.end() || here == vocabulary.symbols.end()) {
    return {};
  }
  const auto is_neighbour = [&](Expr other) {
    const auto known = vocabulary.bases.find(other);
    return other->shape == symbol->shape && other->dtype == symbol->dtype && known != vocabulary.bases.end() &&
           known->second == base->second;
  };
  std::vector<Expr> found;
  if (const auto after = std::find_if(here + 1, vocabulary.symbols.end(), is_neighbour);
      after != vocabulary.symbols.end()) {
    found.push_back(*after);
  }
  if (const auto before = std::find_if(std::make_reverse_iterator(here), vocabulary.symbols.rend(), is_neighbour);
      before != vocabulary.symbols.rend()) {
    found.push_back(*before);
  }
  return found;
}

// f′(z) by f(z) of another step: 1 − h² for tanh.
void propose_slopes(const Sources& sources, Expr slope, std::vector<Proposal>& proposals) {
  Expressions& e = sources.expressions();
  const Expr value = e.function(slope->operation, slope->arguments[0], slope->shape);
  const Algebra algebra = slope->operation->algebra();
  if (value->head != Head::symbol || (algebra != Algebra::tanh && algebra != Algebra::sigmoid)) {
    return;
  }
  const Expr one = e.number(1, {}, slope->dtype);
  for (Expr other : neighbours(sources, value)) {
    const Expr found = algebra == Algebra::tanh ? e.sum(one, e.scaled(-1, e.power(other, 2)))
                                                : e.product(other, e.sum(one, e.scaled(-1, other)));
    proposals.push_back({found, sources.in_place_of(found, slope), Rank::common});
  }
}

}  // namespace

void propose_for_sums(const Sources& sources, Expr here, std::vector<Proposal>& proposals) {
  if (here->head == Head::function && here->primed) {
    propose_slopes(sources, here, proposals);
  }
  if (here->head == Head::symbol) {
    for (Expr other : neighbours(sources, here)) {
      proposals.push_back({other, sources.in_place_of(other, here), Rank::usual});
    }
  }
  if (here->head != Head::sum || here->arguments.size() < 2) {
    return;
  }
  Expressions& e = sources.expressions();
  if (here->arguments.size() > 2) {
    for (Expr term : here->arguments) {
      const Expr positive = term->head == Head::product && term->number < 0 ? e.scaled(-1, term) : term;
      proposals.push_back({e.spread(term, here->shape),
                           fmt::format("only the summand {} taken (the others not added up)", sources.text(positive)),
                           Rank::common});
    }
  }
  Steps{sources, here}.propose(proposals);
}

}  // namespace xgrad::check::diagnosis
