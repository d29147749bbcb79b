// Mistakes with a number: the backward pass is linear in each of its lines, so the number follows from one equation, or
// two of them from two.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "check/diagnosis/search.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Expressions;

// The c for which c G + λ W is nearest to `manual`, whatever λ is.
double scale_beside(const Values& manual, const Values& gradient, const Values& term) {
  const double gg = dot(gradient, gradient);
  const double gw = dot(gradient, term);
  const double ww = dot(term, term);
  return (dot(manual, gradient) * ww - dot(manual, term) * gw) / (gg * ww - gw * gw);
}

bool is_near(double a, double b) {
  return std::abs(a - b) <= 1e-7 * std::max({std::abs(a), std::abs(b), 1e-3});
}

}  // namespace

// The number that a factor is meant to be, if it is one that people forget or repeat; and how it is called.
Search::Factor Search::meaning_of(double factor) const {
  const double size = std::abs(factor);
  const double sign = factor < 0 ? -1 : 1;
  const std::string flipped = factor < 0 ? ", with the sign flipped" : "";
  const auto samples = static_cast<double>(vocabulary_.batch);
  if (is_near(factor, -1)) {
    return {-1, "the sign flipped", true};
  }
  if (vocabulary_.batch > 1 && is_near(size, samples)) {
    return {sign * samples,
            fmt::format("a factor {} too much, the number of samples (a sum in place of a mean?){}", vocabulary_.batch,
                        flipped),
            true};
  }
  if (vocabulary_.batch > 1 && is_near(size, 1 / samples)) {
    return {sign / samples,
            fmt::format("a factor 1/{} too much, one over the number of samples (a mean in place of a sum?){}",
                        vocabulary_.batch, flipped),
            true};
  }
  const double whole = std::round(size);
  if (whole >= 2 && whole < 1e6 && is_near(size, whole)) {
    return {sign * whole, fmt::format("a factor {:.0f} too much{}", whole, flipped), true};
  }
  const double inverse = std::round(1 / size);
  if (inverse >= 2 && inverse < 1e6 && is_near(1 / size, inverse)) {
    const std::string words = inverse == 2 ? "½" : fmt::format("1/{:.0f}", inverse);
    return {sign / inverse, fmt::format("a factor {} too much{}", words, flipped), true};
  }
  const bool near_one = std::abs(size - 1) < 1e-4;  // where seven digits don't say much
  const std::string words =
      near_one ? fmt::format("(1 {} {:.3g})", size < 1 ? "−" : "+", std::abs(size - 1)) : fmt::format("{:.7g}", size);
  return {factor, fmt::format("a factor {} too much{}", words, flipped), false};
}

// manual = G + t (L − Z), with Z the gradients without this line and L those with the slope in its place; or the same
// with a factor, or beside an added term. Once t is known it is an edit like others.
void Search::judge_slope(const Edit& edit, std::vector<Candidate>& found) {
  Expressions& e = pass_.expressions();
  const std::vector<Values> slopes = changed(edit.line, edit.slope);
  const std::vector<Values>& zeroed = without(edit.line);
  std::vector<double> tried;
  for (std::size_t p = 0; p < slopes.size() && p < manual_.size(); ++p) {
    if (states_[p] != State::remaining || slopes[p].empty() || zeroed[p].empty() || manual_[p].size() < 3) {
      continue;
    }
    const Values direction = difference(slopes[p], zeroed[p]);
    const Values wanted = difference(manual_[p], current_[p]);
    std::vector<double> numbers{dot(wanted, direction) / dot(direction, direction)};
    if (manual_[p].size() > 3) {
      // manual = c G + s (L − Z): t = s / c.
      numbers.push_back(scale_beside(manual_[p], direction, current_[p]) /
                        scale_beside(manual_[p], current_[p], direction));
      for (const Term& term : terms_[p]) {
        numbers.push_back(scale_beside(wanted, direction, term.values));
      }
    }
    for (const double t : numbers) {
      const auto is_known = [t](double other) { return is_near(t, other); };
      if (!std::isfinite(t) || t < 1e-9 ||  // rates are positive
          std::any_of(tried.begin(), tried.end(), is_known)) {
        continue;
      }
      tried.push_back(t);
      Edit with_number = edit;
      with_number.formula =
          e.spread(e.sum(lines_[edit.line].right, e.scaled(t, edit.slope)), lines_[edit.line].right->shape);
      with_number.slope = nullptr;
      with_number.words += fmt::format(" ({})", fmt::format(fmt::runtime(edit.slope_words), t));
      judge(with_number, found);
    }
  }
}

// Two mistakes don't cancel but for so little: more likely some number was made to fit.
bool Search::is_nearly_right(std::size_t p) const {
  constexpr double little = 1e-4;
  return residual(manual_[p], current_[p]) <= little;
}

// manual = Z + c (G − Z): a factor on the line, alone or on top of an edit.
void Search::judge_numbers(std::size_t line, const Edit* edit, const std::vector<Values>& edited,
                           std::vector<Candidate>& found) {
  Expressions& e = pass_.expressions();
  const std::vector<Values>& zeroed = without(line);
  std::vector<double> tried;
  for (std::size_t p = 0; p < edited.size() && p < manual_.size(); ++p) {
    if (states_[p] != State::remaining || edited[p].empty() || zeroed[p].empty()) {
      continue;
    }
    const Values direction = difference(edited[p], zeroed[p]);
    const Values wanted = difference(manual_[p], zeroed[p]);
    const double c = dot(wanted, direction) / dot(direction, direction);
    if (!std::isfinite(c) || std::abs(c - 1) <= tolerance_ || std::abs(c) < 1e-9 ||
        std::any_of(tried.begin(), tried.end(), [c](double other) { return is_near(c, other); })) {
      continue;
    }
    Values rest = wanted;
    std::transform(rest.begin(), rest.end(), direction.begin(), rest.begin(),
                   [c](double a, double b) { return a - c * b; });
    if (length(rest) > tolerance_ * length(manual_[p])) {
      continue;
    }
    tried.push_back(c);
    const auto [exact, number, has_meaning] = meaning_of(c);
    if (!has_meaning && (manual_[p].size() < 3 || (edit != nullptr && is_nearly_right(p)))) {
      continue;  // some number always fits
    }
    const Expr right = edit == nullptr ? lines_[line].right : edit->formula;
    const Expr formula = e.spread(e.scaled(exact, right), right->shape);
    const std::string words = edit == nullptr ? fmt::format("{} in {}", number, lines_[line].left.text)
                                              : fmt::format("{} in {}, and {}", edit->words, edit->place, number);
    const std::size_t mistakes = edit == nullptr ? 1 : 2;
    const Rank rank = std::max(has_meaning ? Rank::usual : Rank::rare, edit == nullptr ? Rank::usual : edit->rank);
    propose({{{line, formula}},
             words,
             {},
             mistakes,
             rank,
             edit != nullptr && edit->inlined,
             edit == nullptr ? number : std::string{}},
            changed(line, formula), found);
  }
}

// manual = c G + λ W: a term that belongs to the optimiser, alone (c = 1), on top of an edit, or beside a factor.
void Search::judge_added(std::size_t line, const Edit* edit, const std::vector<Values>& edited,
                         std::vector<Candidate>& found) {
  const std::size_t p = lines_[line].target;
  if (p >= states_.size() || p >= edited.size() || states_[p] != State::remaining || edited[p].empty() ||
      (edit != nullptr && is_nearly_right(p))) {
    return;
  }
  Expressions& e = pass_.expressions();
  for (const Term& term : terms_[p]) {
    double scale = 1;
    std::optional<double> factor = added_factor(manual_[p], edited[p], term.values, scale);
    if (!factor && edit == nullptr && manual_[p].size() > 3) {
      scale = scale_beside(manual_[p], edited[p], term.values);
      factor = added_factor(manual_[p], edited[p], term.values, scale);
    }
    if (!factor) {
      continue;
    }
    const bool on_the_edit = edit != nullptr && edit->line == line;
    const Expr right = on_the_edit ? edit->formula : lines_[line].right;
    const Expr formula = e.spread(e.sum(e.scaled(scale, right), e.scaled(*factor, term.symbol)), right->shape);
    std::vector<Change> changes{{line, formula}};
    if (edit != nullptr && !on_the_edit) {
      changes.insert(changes.begin(), {edit->line, edit->formula});
    }
    const std::string& name = lines_[line].left.text;
    Candidate candidate;
    candidate.changes = changes;
    candidate.words = fmt::format("the term {:.6g} {} added in {}", *factor, term.words, name);
    if (edit != nullptr) {
      candidate.words = fmt::format("{} in {}, and {}", edit->words, edit->place, candidate.words);
      candidate.rank = edit->rank;
      candidate.mistakes = 2;
    } else if (scale != 1) {
      const Factor factor_beside = meaning_of(scale);
      candidate.words = fmt::format("{} in {}, and {}", factor_beside.words, name, candidate.words);
      candidate.rank = factor_beside.has_meaning ? Rank::usual : Rank::rare;
      candidate.mistakes = 2;
    }
    std::vector<Values> gradients = here_.gradients(this->edited(changes));
    gradients.resize(manual_.size());
    propose(std::move(candidate), gradients, found);
  }
}

// The λ for which manual = c G + λ W, if there is one.
std::optional<double> Search::added_factor(const Values& manual, const Values& gradient, const Values& term,
                                           double scale) const {
  Values rest = manual;
  std::transform(rest.begin(), rest.end(), gradient.begin(), rest.begin(),
                 [scale](double a, double b) { return a - scale * b; });
  const double factor = dot(rest, term) / dot(term, term);
  std::transform(rest.begin(), rest.end(), term.begin(), rest.begin(),
                 [factor](double a, double b) { return a - factor * b; });
  const double size = length(manual);
  const bool matters = std::abs(factor) * length(term) > tolerance_ * size;
  const bool holds = std::isfinite(factor) && matters && length(rest) <= tolerance_ * size;
  return holds ? std::optional{factor} : std::nullopt;
}

}  // namespace xgrad::check::diagnosis
