#include "check/diagnosis/search.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <random>
#include <tuple>

#include "check/entries/entries.hpp"
#include "formulas/printing.hpp"
#include "graph/node.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Formulas;
using formulas::Head;

// Of an edit, this many of the nearest gradients that say something are looked at first.
constexpr std::size_t nearest_targets = 8;

}  // namespace

Search::Search(Formulas& pass, Problem problem, double tolerance, const std::vector<NamedTensor>& terms)
    : pass_{pass},
      lines_{std::move(problem.lines)},
      targets_{std::move(problem.targets)},
      tolerance_{tolerance},
      manual_there_{std::move(problem.manual_there)},
      vocabulary_{std::move(problem.vocabulary)},
      here_{std::move(problem.here)},
      exact_{here_},
      random_{std::move(problem.random)},
      there_{std::move(problem.there)},
      sought_{problem.sought},
      effort_{problem.effort} {
  editable_ = problem.editable.empty() ? std::vector<bool>(lines_.size(), true) : problem.editable;
  allowed_ = editable_;
  look_at_manual(problem.manual);
  select_entries();
  add_terms(terms);
}

void Search::look_at_manual(const std::vector<Manual>& manual) {
  const std::vector<Tensor> pins = pins_of(lines_, manual);
  here_.pin(pins);
  exact_.pin(pins);
  findings_.resize(manual.size());
  all_manual_.resize(manual.size());
  states_.assign(manual.size(), State::ignored);
  counted_.assign(manual.size(), false);
  current_ = here_.gradients(lines_);
  current_.resize(manual.size());
  for (std::size_t p = 0; p < manual.size(); ++p) {
    if (!manual[p].gradient.defined() || current_[p].empty()) {
      continue;
    }
    all_manual_[p] = as_doubles(manual[p].gradient);
    const bool agrees = agree(all_manual_[p], current_[p]);
    if (manual[p].wrong && !agrees && is_finite(all_manual_[p]) && is_finite(current_[p])) {
      states_[p] = State::remaining;
    } else if (!manual[p].wrong && agrees) {
      states_[p] = State::kept;
    }
    counted_[p] = states_[p] != State::ignored;
  }
  manual_ = all_manual_;
}

// Most edits are told from what was given by any few entries; those that explain it are looked at in full. The entries
// are those that differ most, and others drawn at random.
void Search::select_entries() {
  constexpr std::size_t most = 2048;
  std::vector<std::vector<std::size_t>> entries(manual_.size());
  std::mt19937_64 random{most};
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    const std::size_t size = manual_[p].size();
    if (size <= most || !counted_[p]) {
      continue;
    }
    std::vector<std::size_t> sorted(size);
    std::iota(sorted.begin(), sorted.end(), std::size_t{0});
    const auto middle = sorted.begin() + most / 2;
    std::nth_element(sorted.begin(), middle, sorted.end(), [&](std::size_t a, std::size_t b) {
      return std::pair{-std::abs(manual_[p][a] - current_[p][a]), a} <
             std::pair{-std::abs(manual_[p][b] - current_[p][b]), b};
    });
    for (auto at = middle; at != middle + most / 2; ++at) {
      std::iter_swap(at, at + static_cast<std::ptrdiff_t>(random() % static_cast<std::size_t>(sorted.end() - at)));
    }
    entries[p].assign(sorted.begin(), sorted.begin() + most);
    std::sort(entries[p].begin(), entries[p].end());
    const auto chosen = [&entries, p](const Values& all) {
      Values some(entries[p].size());
      std::transform(entries[p].begin(), entries[p].end(), some.begin(), [&all](std::size_t i) { return all[i]; });
      return some;
    };
    manual_[p] = chosen(manual_[p]);
    current_[p] = chosen(current_[p]);
  }
  here_.select(std::move(entries));
}

void Search::add_terms(const std::vector<NamedTensor>& terms) {
  const auto as_term = [&](std::size_t p, const Tensor& value, std::string words) {
    return Term{pass_.expressions().symbol(*value.node()), std::move(words), here_.selected(p, value)};
  };
  terms_.resize(manual_.size());
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    const Expr x = targets_[p];
    if (x == nullptr || x->head != Head::symbol || manual_[p].size() < 3) {
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

bool Search::is_sought(std::size_t target) const {
  return target < states_.size() && states_[target] == State::remaining &&
         (sought_ == Line::no_target || sought_ == target);
}

std::vector<Finding> Search::run() {
  constexpr double most_for_singles = 100'000;
  constexpr double most_for_pairs = 80'000;
  const auto any_sought = [this] {
    for (std::size_t p = 0; p < states_.size(); ++p) {
      if (is_sought(p)) {
        return true;
      }
    }
    return false;
  };
  while (any_sought()) {
    cut_short_ = false;
    work_ = 0;
    most_work_ = effort_ * most_for_singles;
    update_vocabulary();
    find_leading();
    std::vector<Candidate> found = singles();
    keep_what_holds(found);
    work_ = 0;
    most_work_ = effort_ * most_for_pairs;
    // The ones nearest to the loss first: what comes after may have its mistakes on top.
    for (std::size_t i = 0; i < lines_.size() && found.empty(); ++i) {
      if (!is_sought(lines_[i].target)) {
        continue;
      }
      if (is_nearly_right(lines_[i].target)) {
        cut_short_ = true;
        continue;
      }
      found = pairs(lines_[i].target);
      keep_what_holds(found);
    }
    if (found.empty()) {
      for (std::size_t p = 0; p < states_.size(); ++p) {
        findings_[p].cut_short = cut_short_ && states_[p] == State::remaining;
      }
      break;
    }
    // A number without a meaning may stand for several that have one.
    const auto reach = [](const Candidate& c) { return c.rank >= Rank::rare ? 1 : c.explained.size(); };
    const auto best = std::min_element(found.begin(), found.end(), [&reach](const Candidate& a, const Candidate& b) {
      return std::tuple{reach(b), a.mistakes, a.rank, a.changes.front().line} <
             std::tuple{reach(a), b.mistakes, b.rank, b.changes.front().line};
    });
    accept(*best, found);
  }
  return findings_;
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

// Whether it explains all entries, and contradicts none, here and at the other point; and all that it explains. What
// changes nothing explains nothing, however near a gradient is to the derived one.
bool Search::holds(Candidate& candidate) {
  if (all_current_.empty()) {
    all_current_ = exact_.gradients(lines_);
    all_current_.resize(manual_.size());
  }
  const std::vector<Line> lines = edited(candidate.changes);
  const std::vector<Values> gradients = or_nothing([&] { return exact_.gradients(lines); });
  candidate.explained.clear();
  for (std::size_t p = 0; p < gradients.size() && p < states_.size(); ++p) {
    if (states_[p] == State::ignored || gradients[p].empty()) {
      continue;
    }
    if (agree(all_manual_[p], gradients[p])) {
      if (states_[p] == State::remaining && !agree(all_current_[p], gradients[p])) {
        candidate.explained.push_back(p);
      }
    } else if (states_[p] == State::kept) {
      return false;
    }
  }
  if (candidate.explained.empty()) {
    return false;
  }
  if (!there_) {
    return true;
  }
  const std::vector<Values> there = or_nothing([&] { return there_->gradients(lines); });
  return std::all_of(candidate.explained.begin(), candidate.explained.end(), [&](std::size_t p) {
    return p >= there.size() || p >= manual_there_.size() || !manual_there_[p].defined() ||
           agree(as_doubles(manual_there_[p]), there[p]);
  });
}

std::vector<Line> Search::edited(const std::vector<Change>& changes) const {
  std::vector<Line> lines = lines_;
  for (const Change& change : changes) {
    lines[change.line].right = change.formula;
  }
  return lines;
}

void Search::accept(const Candidate& best, const std::vector<Candidate>& found) {
  const Mistake mistake = mistake_of(best, found);
  lines_ = edited(best.changes);
  without_.clear();
  all_current_.clear();
  std::vector<Values> after = here_.gradients(lines_);
  after.resize(manual_.size());
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    const bool explains = std::find(best.explained.begin(), best.explained.end(), p) != best.explained.end();
    const bool changes = states_[p] == State::remaining && !after[p].empty() && !agree(after[p], current_[p]);
    if (explains || changes) {
      findings_[p].mistakes.push_back(mistake);
    }
  }
  current_ = std::move(after);
  for (const std::size_t p : best.explained) {
    findings_[p].explained = true;
    states_[p] = State::kept;
  }
}

// With others that explain as much: those that say the same at all values are the same mistake, in another line
// perhaps; those that don't are alternatives.
Mistake Search::mistake_of(const Candidate& best, const std::vector<Candidate>& found) {
  constexpr std::size_t most = 64;
  Mistake mistake{best.words, {best.changes.front().line}, {}};
  const auto values_at_random = [&](const Candidate& candidate) {
    return random_ ? or_nothing([&] { return random_->gradients(edited(candidate.changes)); }) : std::vector<Values>{};
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
  vocabulary_.updates.clear();
  for (const Line& line : lines_) {
    const Expr weight = line.target == Line::no_target ? nullptr : targets_[line.target];
    if (weight != nullptr && weight->head == Head::symbol && weight->node->operation == nullptr) {
      vocabulary_.updates.emplace_back(weight, line.right);
    }
  }
}

void Search::find_leading() {
  std::vector<Known> known(lines_.size());
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const std::size_t p = lines_[i].target;
    if (p < states_.size() && !all_manual_[p].empty()) {
      known[i] = {true, states_[p] == State::remaining, states_[p] == State::kept && length(all_manual_[p]) > 0};
    }
  }
  leading_ = leading_lines(lines_, known);
}

const std::vector<Values>& Search::without(std::size_t line) {
  if (without_.size() != lines_.size()) {
    without_.assign(lines_.size(), {});
  }
  if (without_[line].empty()) {
    const Expr right = lines_[line].right;
    without_[line] = changed(line, pass_.expressions().number(0, right->shape, right->dtype));
  }
  return without_[line];
}

// The gradients nearest to a line, with another formula there. Empty where none is known.
std::vector<Values> Search::changed(std::size_t line, Expr formula) {
  const auto size = static_cast<double>(lines_[line].right->shape.size());
  work_ += 1 + static_cast<double>(lines_[line].right->weight) / 20 + size / 2000;
  std::vector<Values> gradients =
      or_nothing([&] { return here_.gradients(lines_, line, formula, counted_, nearest_targets); });
  gradients.resize(manual_.size());
  return gradients;
}

// Keeps it, if it explains something and contradicts nothing.
void Search::propose(Candidate candidate, const std::vector<Values>& gradients, std::vector<Candidate>& found) const {
  bool explains = false;
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    // What an edit below this one changed counts too.
    if (states_[p] == State::ignored || (gradients[p].empty() && !on_top_)) {
      continue;
    }
    const bool fits = agree(manual_[p], gradients[p].empty() ? current_[p] : gradients[p]);
    if (!fits && states_[p] == State::kept) {
      return;
    }
    if (fits && states_[p] == State::remaining && (gradients[p].empty() || !agree(current_[p], gradients[p]))) {
      explains = true;
      candidate.explained.push_back(p);
    }
  }
  if (explains) {
    found.push_back(std::move(candidate));
  }
}

void Search::judge(const Edit& edit, std::vector<Candidate>& found) {
  if (edit.slope != nullptr) {
    judge_slope(edit, found);
    return;
  }
  const std::vector<Values> gradients = changed(edit.line, edit.formula);
  propose({{{edit.line, edit.formula}},
           fmt::format("{} in {}", edit.words, edit.place),
           {},
           1,
           edit.rank,
           edit.inlined,
           edit.words},
          gradients, found);
  judge_numbers(edit.line, &edit, gradients, found);
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    judge_added(line, &edit, gradients, found);
  }
}

std::vector<Search::Candidate> Search::singles() {
  std::vector<Candidate> found;
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    if (!leading_[line] || !allowed_[line]) {
      continue;
    }
    for (const Edit& edit : edits_of(pass_, lines_, line, vocabulary_)) {
      if (work_ > most_work_) {
        cut_short_ = true;
        break;
      }
      if (!on_top_ || edit.rank <= Rank::common) {
        judge(edit, found);
      }
    }
    judge_numbers(line, nullptr, changed(line, lines_[line].right), found);
    judge_added(line, nullptr, current_, found);
  }
  return found;
}

// The lines that lead to this target, not more than a few of them.
std::vector<bool> Search::near(std::size_t target) {
  constexpr std::size_t most = 6;
  std::vector<bool> result(lines_.size(), false);
  std::unordered_set<Expr> wanted;
  std::size_t count = 0;
  for (std::size_t i = lines_.size(); i-- > 0;) {
    const Line& line = lines_[i];
    const bool is_given = line.target < states_.size() && !all_manual_[line.target].empty();
    const bool leads = line.target == target || (!is_given && line.symbol != nullptr && wanted.contains(line.symbol));
    if (!leads) {
      continue;
    }
    if (++count > most) {
      cut_short_ = true;
      break;
    }
    result[i] = editable_[i];
    for (Expr symbol : symbols_in(line.right)) {
      wanted.insert(symbol);
    }
  }
  return result;
}

// Two mistakes that together give this gradient: one of the usual edits, and anything on top of it.
std::vector<Search::Candidate> Search::pairs(std::size_t target) {
  const std::vector<Line> lines = lines_;
  const std::vector<Values> current = current_;
  std::vector<Candidate> found;
  allowed_ = near(target);
  for (std::size_t first = 0; first < lines.size(); ++first) {
    if (!allowed_[first]) {
      continue;
    }
    for (const Edit& one : edits_of(pass_, lines, first, vocabulary_)) {
      if (one.slope != nullptr || one.rank > Rank::common) {
        continue;
      }
      if (work_ > most_work_) {
        cut_short_ = true;
        break;
      }
      std::vector<Values> after_one = changed(first, one.formula);
      if (after_one[target].empty() || agree(after_one[target], current[target])) {
        continue;
      }
      for (std::size_t p = 0; p < after_one.size(); ++p) {
        after_one[p] = after_one[p].empty() ? current[p] : after_one[p];
      }
      lines_[first].right = one.formula;
      current_ = std::move(after_one);
      without_.clear();
      on_top_ = true;
      for (Candidate& two : singles()) {
        if (two.mistakes != 1 || std::find(two.explained.begin(), two.explained.end(), target) == two.explained.end()) {
          continue;
        }
        if (two.changes.front().line != first) {
          two.changes.insert(two.changes.begin(), {first, one.formula});
        }
        two.words = fmt::format("{} in {}, and {}", one.words, one.place, two.words);
        two.mistakes = 2;
        two.rank = std::max(one.rank, two.rank);
        found.push_back(std::move(two));
      }
      on_top_ = false;
      lines_ = lines;
      current_ = current;
      without_.clear();
    }
  }
  allowed_ = editable_;
  return found;
}

}  // namespace xgrad::check::diagnosis
