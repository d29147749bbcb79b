#include "check/diagnosis/search.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "check/diagnosis/repeated_edits.hpp"
#include "check/entries/entries.hpp"
#include "formulas/printing.hpp"
#include "graph/node.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Formulas;
using formulas::Head;

constexpr double most_for_singles = 100'000;
constexpr double most_for_pairs = 80'000;
constexpr double multiplications_per_single = 400'000;  // as a unit of effort: single edits are worth their time

// A number without a meaning may stand for several that have one.
std::size_t reach_of(const Candidate& candidate) {
  return candidate.rank >= Rank::rare ? 1 : candidate.explained.size();
}

bool is_better(const Candidate& a, const Candidate& b) {
  return std::tuple{reach_of(b), a.mistakes, a.rank, a.changes.front().line} <
         std::tuple{reach_of(a), b.mistakes, b.rank, b.changes.front().line};
}

}  // namespace

Search::Search(Formulas& pass, Problem problem, double tolerance, const std::vector<NamedTensor>& terms)
    : pass_{pass},
      problem_{std::move(problem)},
      exact_{problem_.here},
      evidence_{evidence_of(problem_, tolerance)},
      findings_(evidence_.size()) {
  const std::vector<Line>& lines = problem_.lines;
  if (problem_.editable.empty()) {
    problem_.editable.assign(lines.size(), true);
  }
  exact_.pin(pins_of(lines, problem_.manual));
  problem_.here.select(evidence_.entries());
  accepted_ = {.lines = lines, .gradients = problem_.here.gradients(lines)};
  accepted_.gradients.resize(evidence_.size());
  add_terms(terms);
}

Evidence Search::evidence_of(Problem& problem, double tolerance) {
  problem.here.pin(pins_of(problem.lines, problem.manual));
  std::vector<Values> derived = problem.here.gradients(problem.lines);
  derived.resize(problem.manual.size());
  return {problem.manual, derived, tolerance, problem.sought};
}

void Search::add_terms(const std::vector<NamedTensor>& terms) {
  const auto as_term = [&](std::size_t p, const Tensor& value, std::string words) {
    return Term{pass_.expressions().symbol(*value.node()), std::move(words), problem_.here.selected(p, value)};
  };
  terms_.resize(evidence_.size());
  for (std::size_t p = 0; p < evidence_.size(); ++p) {
    const Expr x = problem_.targets[p];
    if (x == nullptr || x->head != Head::symbol || evidence_.some(p).size() < 3) {
      continue;
    }
    if (x->node->operation == nullptr) {
      const formulas::Name* name = pass_.name_of(x);
      terms_[p].push_back(
          as_term(p, graph::handle(x->node), fmt::format("{} (weight decay)", name == nullptr ? "W" : name->text)));
    }
    for (const NamedTensor& term : terms) {
      if (term.tensor.shape() == x->shape && term.tensor.dtype() == x->dtype) {
        terms_[p].push_back(as_term(p, term.tensor, term.name));
      }
    }
  }
}

std::vector<Finding> Search::run() {
  while (evidence_.any_sought()) {
    update_vocabulary();
    const std::vector<bool> may_be_wrong = leading();
    std::vector<bool> editable = problem_.editable;
    std::transform(editable.begin(), editable.end(), may_be_wrong.begin(), editable.begin(), std::logical_and<>{});
    Effort singles{problem_.effort * most_for_singles, multiplications_per_single};
    std::vector<Candidate> found = SingleEdits{instruments(), accepted_, editable, singles}.run();
    keep_what_holds(found);
    Effort at_every_step{problem_.effort * most_for_singles};
    if (!explain_all(found)) {
      std::vector<Candidate> repeated = repeated_edits(instruments(), accepted_, editable, at_every_step);
      keep_what_holds(repeated);
      found.insert(found.end(), std::make_move_iterator(repeated.begin()), std::make_move_iterator(repeated.end()));
    }
    Effort pairs_of_edits{problem_.effort * most_for_pairs};
    // Targets nearest to the loss first: later ones may have mistakes of their own on top of those.
    for (std::size_t i = 0; i < accepted_.lines.size() && found.empty(); ++i) {
      const std::size_t target = accepted_.lines[i].target;
      if (!evidence_.is_sought(target)) {
        continue;
      }
      if (evidence_.is_nearly_right(target, accepted_.gradients[target])) {
        pairs_of_edits.cut_short();
        continue;
      }
      found = pairs(target, may_be_wrong, pairs_of_edits);
      keep_what_holds(found);
    }
    if (found.empty()) {
      const bool cut_short = singles.was_cut_short() || at_every_step.was_cut_short() || pairs_of_edits.was_cut_short();
      for (std::size_t p = 0; p < evidence_.size(); ++p) {
        findings_[p].cut_short = cut_short && evidence_.status(p) == Status::remaining;
      }
      break;
    }
    accept(*std::min_element(found.begin(), found.end(), is_better), found);
  }
  return findings_;
}

// Whether one of them does all that is to be explained.
bool Search::explain_all(const std::vector<Candidate>& found) const {
  std::size_t remaining = 0;
  for (std::size_t p = 0; p < evidence_.size(); ++p) {
    remaining += evidence_.status(p) == Status::remaining ? 1 : 0;
  }
  return std::any_of(found.begin(), found.end(), [remaining](const Candidate& candidate) {
    return candidate.explained.size() >= remaining && candidate.rank < Rank::rare;
  });
}

void Search::keep_what_holds(std::vector<Candidate>& found) {
  constexpr std::size_t most = 64;  // the likeliest of very many
  if (found.size() > most) {
    std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
      return std::tuple{b.explained.size(), a.mistakes, a.rank, a.changes.front().line, a.words} <
             std::tuple{a.explained.size(), b.mistakes, b.rank, b.changes.front().line, b.words};
    });
  }
  std::vector<Candidate> kept;
  for (Candidate& candidate : found) {
    if (kept.size() < most && holds(candidate)) {
      kept.push_back(std::move(candidate));
    }
  }
  found = std::move(kept);
}

// Whether the candidate explains a gradient in all entries and contradicts none, here and at the other point. Sets the
// targets that it explains: gradients that it doesn't change aren't among them, however near to the derived ones.
bool Search::holds(Candidate& candidate) {
  if (all_gradients_.empty()) {
    all_gradients_ = exact_.gradients(accepted_.lines);
    all_gradients_.resize(evidence_.size());
  }
  const std::vector<Line> lines = with_changes(accepted_.lines, candidate.changes);
  const std::vector<Values> gradients = or_nothing([&] { return exact_.gradients(lines); });
  candidate.explained.clear();
  for (std::size_t p = 0; p < gradients.size() && p < evidence_.size(); ++p) {
    const Status status = evidence_.status(p);
    if (status == Status::ignored || gradients[p].empty()) {
      continue;
    }
    if (evidence_.agree(evidence_.all(p), gradients[p])) {
      if (status == Status::remaining && !evidence_.agree(all_gradients_[p], gradients[p])) {
        candidate.explained.push_back(p);
      }
    } else if (status == Status::kept) {
      return false;
    }
  }
  return !candidate.explained.empty() && holds_at_other_point(candidate, lines);
}

bool Search::holds_at_other_point(const Candidate& candidate, const std::vector<Line>& lines) {
  if (!problem_.there) {
    return true;
  }
  const std::vector<Tensor>& manual = problem_.manual_there;
  const std::vector<Values> gradients = or_nothing([&] { return problem_.there->gradients(lines); });
  return std::all_of(candidate.explained.begin(), candidate.explained.end(), [&](std::size_t p) {
    return p >= gradients.size() || p >= manual.size() || !manual[p].defined() ||
           evidence_.agree(as_doubles(manual[p]), gradients[p]);
  });
}

void Search::accept(const Candidate& best, const std::vector<Candidate>& found) {
  const Mistake mistake = mistake_of(best, found);
  std::vector<Line> lines = with_changes(accepted_.lines, best.changes);
  std::vector<Values> after = problem_.here.gradients(lines);
  after.resize(evidence_.size());
  for (std::size_t p = 0; p < evidence_.size(); ++p) {
    const bool explains = std::find(best.explained.begin(), best.explained.end(), p) != best.explained.end();
    const bool changes = evidence_.status(p) == Status::remaining && !after[p].empty() &&
                         !evidence_.agree(after[p], accepted_.gradients[p]);
    if (explains || changes) {
      findings_[p].mistakes.push_back(mistake);
    }
  }
  accepted_ = {.lines = std::move(lines), .gradients = std::move(after)};
  all_gradients_.clear();
  for (const std::size_t p : best.explained) {
    findings_[p].explained = true;
    evidence_.keep(p);
  }
}

// The best candidate, and the others that explain the same targets: those that are equal at random values are the same
// mistake, perhaps in another line; the rest are alternatives.
Mistake Search::mistake_of(const Candidate& best, const std::vector<Candidate>& found) {
  constexpr std::size_t most = 64;
  Mistake mistake{best.words, {best.changes.front().line}, {}};
  const auto values_at_random = [&](const Candidate& candidate) {
    return problem_.random ? or_nothing([&] {
      return problem_.random->gradients(with_changes(accepted_.lines, candidate.changes));
    })
                           : std::vector<Values>{};
  };
  const std::vector<Values> said = values_at_random(best);
  std::size_t looked_at = 0;
  for (const Candidate& other : found) {
    if (&other == &best || other.explained != best.explained || other.mistakes != best.mistakes || ++looked_at > most) {
      continue;
    }
    const std::vector<Values> says = values_at_random(other);
    const bool same = !said.empty() && !says.empty() &&
                      std::all_of(best.explained.begin(), best.explained.end(),
                                  [&](std::size_t p) { return residual(said[p], says[p]) <= 1e-7; });
    const std::size_t line = other.changes.front().line;
    if (same) {
      if (!other.kind.empty() && other.kind == best.kind && other.inlined == best.inlined &&
          std::find(mistake.lines.begin(), mistake.lines.end(), line) == mistake.lines.end()) {
        mistake.lines.push_back(line);
      }
    } else if (other.words != best.words && std::find(mistake.alternatives.begin(), mistake.alternatives.end(),
                                                      other.words) == mistake.alternatives.end()) {
      mistake.alternatives.push_back(other.words);
    }
  }
  std::sort(mistake.lines.begin() + 1, mistake.lines.end());
  return mistake;
}

void Search::update_vocabulary() {
  problem_.vocabulary.updates.clear();
  for (const Line& line : accepted_.lines) {
    const Expr weight = line.target == Line::no_target ? nullptr : problem_.targets[line.target];
    if (weight != nullptr && weight->head == Head::symbol && weight->node->operation == nullptr) {
      problem_.vocabulary.updates.emplace_back(weight, line.right);
    }
  }
}

// leading_lines() of the accepted pass.
std::vector<bool> Search::leading() const {
  std::vector<Known> known(accepted_.lines.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::size_t p = accepted_.lines[i].target;
    if (p < evidence_.size() && !evidence_.all(p).empty()) {
      const Status status = evidence_.status(p);
      known[i] = {true, status == Status::remaining, status == Status::kept && length(evidence_.all(p)) > 0};
    }
  }
  return leading_lines(accepted_.lines, known);
}

// The lines that the target depends on through lines without a manual gradient; a few of them, nearest first.
std::vector<bool> Search::near(std::size_t target, Effort& effort) const {
  constexpr std::size_t most = 6;
  const std::vector<Line>& lines = accepted_.lines;
  std::vector<bool> result(lines.size(), false);
  std::unordered_set<Expr> wanted;
  std::size_t count = 0;
  for (std::size_t i = lines.size(); i-- > 0;) {
    const Line& line = lines[i];
    const bool is_given = line.target < evidence_.size() && !evidence_.all(line.target).empty();
    const bool leads = line.target == target || (!is_given && line.symbol != nullptr && wanted.contains(line.symbol));
    if (!leads) {
      continue;
    }
    if (++count > most) {
      effort.cut_short();
      break;
    }
    result[i] = problem_.editable[i];
    for (Expr symbol : symbols_in(line.right)) {
      wanted.insert(symbol);
    }
  }
  return result;
}

// Two mistakes that together give this gradient: one of the usual edits, and anything on top of it.
std::vector<Candidate> Search::pairs(std::size_t target, const std::vector<bool>& leading, Effort& effort) {
  const std::vector<bool> first = near(target, effort);
  std::vector<bool> second = leading;
  std::transform(second.begin(), second.end(), first.begin(), second.begin(), std::logical_and<>{});
  std::vector<Candidate> found;
  for (std::size_t line = 0; line < first.size(); ++line) {
    if (!first[line]) {
      continue;
    }
    for (const Edit& one : edits_of(pass_, accepted_.lines, line, problem_.vocabulary, Extent::usual)) {
      if (one.slope != nullptr || one.rank > Rank::common) {
        continue;
      }
      if (effort.ends()) {
        break;
      }
      for (Candidate& two : pairs_with({line, one.formula}, target, second, effort)) {
        two.words = fmt::format("{} in {}, and {}", one.words, one.site, two.words);
        two.rank = std::max(one.rank, two.rank);
        found.push_back(std::move(two));
      }
    }
  }
  return found;
}

// With this change, if it makes a difference.
std::vector<Candidate> Search::pairs_with(const ChangedLine& one, std::size_t target, const std::vector<bool>& editable,
                                          Effort& effort) {
  EditedPass tried{
      .lines = {}, .gradients = changed_gradients(instruments(), accepted_.lines, one, effort), .is_tried = true};
  const Values& before = accepted_.gradients[target];
  if (tried.gradients[target].empty() || evidence_.agree(tried.gradients[target], before)) {
    return {};
  }
  for (std::size_t p = 0; p < tried.gradients.size(); ++p) {
    tried.gradients[p] = tried.gradients[p].empty() ? accepted_.gradients[p] : std::move(tried.gradients[p]);
  }
  tried.lines = with_changes(accepted_.lines, {one});
  std::vector<Candidate> found = SingleEdits{instruments(), tried, editable, effort}.run();
  std::erase_if(found, [target](const Candidate& two) {
    return two.mistakes != 1 || std::find(two.explained.begin(), two.explained.end(), target) == two.explained.end();
  });
  for (Candidate& two : found) {
    if (two.changes.front().line != one.line) {
      two.changes.insert(two.changes.begin(), one);
    }
    two.mistakes = 2;
  }
  return found;
}

}  // namespace xgrad::check::diagnosis
