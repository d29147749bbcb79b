#include "check/diagnosis/search.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include "derive/printing.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Expressions;
using formulas::Formulas;
using formulas::Head;

double dot(const Values& a, const Values& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Values difference(const Values& a, const Values& b) {
  Values result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus<>{});
  return result;
}

double norm(const Values& a) {
  return std::sqrt(dot(a, a));
}

bool is_near(double a, double b) {
  return std::abs(a - b) <= 1e-7 * std::max({std::abs(a), std::abs(b), 1e-3});
}

}  // namespace

Search::Search(Formulas& pass, std::vector<Values> manual, double tolerance, std::int64_t batch)
    : pass_{pass},
      manual_{std::move(manual)},
      tolerance_{tolerance},
      here_{pass},
      elsewhere_{pass, 20261125},
      lines_{pass.backward_lines()} {
  vocabulary_.batch = batch;
  // What formulas are cut up by is part of the pass here.
  std::vector<Line> all = pass.abbreviations();
  all.insert(all.end(), lines_.begin(), lines_.end());
  // In an order in which each line comes after those that it uses.
  std::vector<Line> sorted;
  std::vector<bool> placed(all.size(), false);
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (placed[i]) {
        continue;
      }
      bool ready = true;
      std::vector<Expr> stack{all[i].right};
      while (!stack.empty() && ready) {
        const Expr e = stack.back();
        stack.pop_back();
        for (std::size_t j = 0; j < all.size() && ready; ++j) {
          ready = placed[j] || j == i || all[j].symbol != e || e->head != Head::symbol;
        }
        stack.insert(stack.end(), e->arguments.begin(), e->arguments.end());
      }
      if (ready) {
        sorted.push_back(all[i]);
        placed[i] = again = true;
      }
    }
  }
  lines_ = std::move(sorted);
  vocabulary_.symbols = pass.symbols();
}

bool Search::agree(const Values& a, const Values& b) const {
  return residual(a, b) <= tolerance_;
}

double Search::residual(const Values& a, const Values& b) const {
  const double size = std::max(norm(a), norm(b));
  return size == 0 ? 0 : norm(difference(a, b)) / size;
}

// The numbers that a factor may be, in words; and whether it is one that people forget or repeat.
std::pair<std::string, bool> Search::number_words(double factor) const {
  const double size = std::abs(factor);
  const std::string sign = factor < 0 ? ", with the sign flipped" : "";
  const auto samples = static_cast<double>(vocabulary_.batch);
  if (is_near(factor, -1)) {
    return {"the sign flipped", true};
  }
  if (vocabulary_.batch > 1 && is_near(size, samples)) {
    return {fmt::format("a factor {} too much, the number of samples (a sum in place of a mean?){}", vocabulary_.batch,
                        sign),
            true};
  }
  if (vocabulary_.batch > 1 && is_near(size, 1 / samples)) {
    return {fmt::format("a factor 1/{} too much, one over the number of samples (a mean in place of a sum?){}",
                        vocabulary_.batch, sign),
            true};
  }
  const double whole = std::round(size);
  if (whole >= 2 && whole < 1e6 && is_near(size, whole)) {
    return {fmt::format("a factor {:.0f} too much{}", whole, sign), true};
  }
  const double inverse = std::round(1 / size);
  if (inverse >= 2 && inverse < 1e6 && is_near(1 / size, inverse)) {
    return {fmt::format("a factor {} too much{}", inverse == 2 ? "½" : fmt::format("1/{:.0f}", inverse), sign), true};
  }
  return {fmt::format("a factor {:.7g} too much{}", size, sign), false};
}

std::vector<Finding> Search::run() {
  findings_.assign(manual_.size(), {});
  remaining_.assign(manual_.size(), false);
  current_ = here_.gradients(lines_);
  current_.resize(manual_.size());
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    if (!manual_[p].empty() && !current_[p].empty() && !agree(manual_[p], current_[p])) {
      findings_[p].wrong = true;
      remaining_[p] = std::isfinite(norm(manual_[p]));  // what isn't finite is like nothing
    }
  }
  update_vocabulary();
  while (std::find(remaining_.begin(), remaining_.end(), true) != remaining_.end()) {
    std::vector<Candidate> found = singles();
    if (found.empty()) {
      // The one nearest to the loss: what comes after may have its mistakes on top.
      for (const Line& line : lines_) {
        if (line.target != Formulas::no_target && line.target < remaining_.size() && remaining_[line.target] &&
            found.empty()) {
          found = pairs(line.target);
        }
      }
    }
    if (found.empty()) {
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
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    if (findings_[p].wrong) {
      findings_[p].residual = residual(manual_[p], current_[p]);
    }
  }
  return findings_;
}

std::vector<Line> Search::edited(const std::vector<Change>& changes) const {
  std::vector<Line> lines = lines_;
  for (const Change& change : changes) {
    lines[change.line].right = change.formula;
  }
  return lines;
}

void Search::accept(const Candidate& best, const std::vector<Candidate>& found) {
  const Mistake mistake{best.words, alternatives(best, found)};
  lines_ = edited(best.changes);
  without_.clear();
  std::vector<Values> changed = here_.gradients(lines_);
  changed.resize(manual_.size());
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    if (remaining_[p] && !changed[p].empty() && !agree(changed[p], current_[p])) {
      findings_[p].mistakes.push_back(mistake);
    }
  }
  current_ = std::move(changed);
  for (const std::size_t p : best.explained) {
    remaining_[p] = false;
  }
  update_vocabulary();
}

// Others that explain as much, but say something else at other values.
std::vector<std::string> Search::alternatives(const Candidate& best, const std::vector<Candidate>& found) {
  constexpr std::size_t most = 3;
  std::vector<std::string> result;
  const std::vector<Values> said = elsewhere_.gradients(edited(best.changes));
  for (const Candidate& other : found) {
    if (&other == &best || other.explained != best.explained || other.mistakes != best.mistakes ||
        other.words == best.words || result.size() == most ||
        std::find(result.begin(), result.end(), other.words) != result.end()) {
      continue;
    }
    const std::vector<Values> says = elsewhere_.gradients(edited(other.changes));
    const bool same = std::all_of(best.explained.begin(), best.explained.end(),
                                  [&](std::size_t p) { return residual(said[p], says[p]) <= 1e-7; });
    if (!same) {
      result.push_back(other.words);
    }
  }
  return result;
}

void Search::update_vocabulary() {
  vocabulary_.updates.clear();
  for (const Line& line : lines_) {
    if (line.target == Formulas::no_target) {
      continue;
    }
    if (const Expr weight = pass_.target(line.target)) {
      vocabulary_.updates.emplace_back(weight, line.right);
    }
  }
}

bool Search::affects_remaining(std::size_t line) {
  const std::vector<Values>& zeroed = without(line);
  for (std::size_t p = 0; p < zeroed.size() && p < remaining_.size(); ++p) {
    if (remaining_[p] && !zeroed[p].empty()) {
      return true;
    }
  }
  return false;
}

const std::vector<Values>& Search::without(std::size_t line) {
  if (without_.size() != lines_.size()) {
    without_.assign(lines_.size(), {});
  }
  if (without_[line].empty()) {
    const Expr right = lines_[line].right;
    without_[line] = here_.gradients(lines_, line, pass_.expressions().number(0, right->shape, right->dtype));
    without_[line].resize(manual_.size());
  }
  return without_[line];
}

// Keeps it, if it explains something and contradicts nothing.
void Search::propose(Candidate candidate, const std::vector<Values>& gradients, std::vector<Candidate>& found) const {
  for (std::size_t p = 0; p < gradients.size() && p < manual_.size(); ++p) {
    if (gradients[p].empty() || manual_[p].empty()) {
      continue;
    }
    if (!std::isfinite(norm(manual_[p]))) {
      continue;
    }
    const bool fits = agree(manual_[p], gradients[p]);
    if (remaining_[p]) {
      if (fits) {
        candidate.explained.push_back(p);
      }
    } else if (!fits) {
      return;  // it is right, or explained, as it is
    }
  }
  if (!candidate.explained.empty()) {
    found.push_back(std::move(candidate));
  }
}

void Search::judge(const Edit& edit, std::vector<Candidate>& found) {
  Expressions& e = pass_.expressions();
  const std::string words = fmt::format("{} in {}", edit.words, edit.place);
  if (edit.slope == nullptr) {
    const std::vector<Values> gradients = here_.gradients(lines_, edit.line, edit.formula);
    propose({{{edit.line, edit.formula}}, words, {}, 1, edit.rank}, gradients, found);
    judge_numbers(edit.line, &edit, gradients, found);
    return;
  }
  // manual = G + t (L − Z), with Z the gradients without this line and L those with the slope in its place.
  const std::vector<Values> slopes = here_.gradients(lines_, edit.line, edit.slope);
  const std::vector<Values>& zeroed = without(edit.line);
  for (std::size_t p = 0; p < slopes.size() && p < manual_.size(); ++p) {
    if (!remaining_[p] || slopes[p].empty() || zeroed[p].empty() || manual_[p].size() < 3) {
      continue;
    }
    const Values direction = difference(slopes[p], zeroed[p]);
    const double t = dot(difference(manual_[p], current_[p]), direction) / dot(direction, direction);
    if (!std::isfinite(t) || t == 0) {
      continue;
    }
    const Expr formula =
        e.spread(e.sum(lines_[edit.line].right, e.scaled(t, edit.slope)), lines_[edit.line].right->shape);
    const std::string number = fmt::format(fmt::runtime(edit.slope_words), t);
    propose({{{edit.line, formula}}, fmt::format("{} ({}) in {}", edit.words, number, edit.place), {}, 1, edit.rank},
            here_.gradients(lines_, edit.line, formula), found);
  }
}

// manual = Z + c (G − Z): a factor on the line, alone or on top of an edit.
void Search::judge_numbers(std::size_t line, const Edit* edit, const std::vector<Values>& edited,
                           std::vector<Candidate>& found) {
  Expressions& e = pass_.expressions();
  const std::vector<Values>& zeroed = without(line);
  std::vector<double> tried;
  for (std::size_t p = 0; p < edited.size() && p < manual_.size(); ++p) {
    if (!remaining_[p] || edited[p].empty() || zeroed[p].empty() || manual_[p].size() < 3) {
      continue;
    }
    const Values direction = difference(edited[p], zeroed[p]);
    const Values wanted = difference(manual_[p], zeroed[p]);
    const double c = dot(wanted, direction) / dot(direction, direction);
    if (!std::isfinite(c) || is_near(c, 1) || std::abs(c) < 1e-9 ||
        std::any_of(tried.begin(), tried.end(), [c](double other) { return is_near(c, other); })) {
      continue;
    }
    Values rest = wanted;
    std::transform(rest.begin(), rest.end(), direction.begin(), rest.begin(),
                   [c](double a, double b) { return a - c * b; });
    if (norm(rest) > tolerance_ * norm(manual_[p])) {
      continue;
    }
    tried.push_back(c);
    const Expr right = edit == nullptr ? lines_[line].right : edit->formula;
    const Expr formula = e.spread(e.scaled(c, right), right->shape);
    const auto [number, has_meaning] = number_words(c);
    const std::string words = edit == nullptr ? fmt::format("{} in {}", number, lines_[line].left.text)
                                              : fmt::format("{} in {}, and {}", edit->words, edit->place, number);
    const std::size_t mistakes = edit == nullptr ? 1 : 2;
    const Rank rank = std::max(has_meaning ? Rank::usual : Rank::rare, edit == nullptr ? Rank::usual : edit->rank);
    propose({{{line, formula}}, words, {}, mistakes, rank}, here_.gradients(lines_, line, formula), found);
  }
}

// manual = G + λ W: a term that belongs to the optimiser.
void Search::judge_added(std::size_t line, std::vector<Candidate>& found) {
  const std::size_t p = lines_[line].target;
  if (p == Formulas::no_target || p >= remaining_.size() || !remaining_[p] || manual_[p].size() < 3) {
    return;
  }
  const Expr weight = pass_.target(p);
  if (weight == nullptr) {
    return;
  }
  Expressions& e = pass_.expressions();
  const Values values = here_.value(weight);
  const double factor = dot(difference(manual_[p], current_[p]), values) / dot(values, values);
  if (!std::isfinite(factor) || factor == 0) {
    return;
  }
  const Expr right = lines_[line].right;
  const Expr formula = e.spread(e.sum(right, e.scaled(factor, weight)), right->shape);
  const formulas::Name* name = pass_.name_of(weight);
  propose({{{line, formula}},
           fmt::format("the term {:.6g} {} (weight decay) added in {}", factor, name == nullptr ? "W" : name->text,
                       lines_[line].left.text),
           {},
           1,
           Rank::usual},
          here_.gradients(lines_, line, formula), found);
}

std::vector<Search::Candidate> Search::singles() {
  std::vector<Candidate> found;
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    if (!affects_remaining(line)) {
      continue;
    }
    for (const Edit& edit : edits_of(pass_, lines_, line, vocabulary_)) {
      judge(edit, found);
    }
    judge_numbers(line, nullptr, here_.gradients(lines_, line, lines_[line].right), found);
    judge_added(line, found);
  }
  return found;
}

// Two edits of the usual kinds that together give this parameter's gradient.
std::vector<Search::Candidate> Search::pairs(std::size_t parameter) {
  constexpr std::size_t most = 60'000;
  const auto usual = [](const Edit& edit) { return edit.slope == nullptr && edit.rank <= Rank::common; };
  std::vector<Candidate> found;
  std::size_t count = 0;
  for (std::size_t first = 0; first < lines_.size(); ++first) {
    for (const Edit& one : edits_of(pass_, lines_, first, vocabulary_)) {
      if (!usual(one)) {
        continue;
      }
      const std::vector<Values> after_one = here_.gradients(lines_, first, one.formula);
      if (parameter >= after_one.size() || after_one[parameter].empty() ||
          agree(after_one[parameter], current_[parameter])) {
        continue;
      }
      const std::vector<Line> lines = edited({{first, one.formula}});
      for (std::size_t second = first; second < lines.size(); ++second) {
        for (const Edit& two : edits_of(pass_, lines, second, vocabulary_)) {
          if (!usual(two) || ++count > most) {
            continue;
          }
          std::vector<Values> gradients = here_.gradients(lines, second, two.formula);
          if (parameter >= gradients.size() || gradients[parameter].empty() ||
              !agree(manual_[parameter], gradients[parameter])) {
            continue;
          }
          for (std::size_t p = 0; p < gradients.size(); ++p) {
            gradients[p] = gradients[p].empty() && p < after_one.size() ? after_one[p] : gradients[p];
          }
          std::vector<Change> changes{{second, two.formula}};
          if (first != second) {
            changes.insert(changes.begin(), {first, one.formula});
          }
          propose({changes,
                   fmt::format("{} in {}, and {} in {}", one.words, one.place, two.words, two.place),
                   {},
                   2,
                   std::max(one.rank, two.rank)},
                  gradients, found);
        }
      }
    }
  }
  return found;
}

}  // namespace xgrad::check::diagnosis
