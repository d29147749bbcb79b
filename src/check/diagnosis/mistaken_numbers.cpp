// Mistakes with a number: the backward pass is linear in each of its lines, so the number follows from one equation, or
// two of them from two.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "check/diagnosis/single_edits.hpp"

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

struct Factor {
  double exact = 1;
  std::string words;
  bool has_meaning = false;  ///< it is one that people forget or repeat
  bool is_usual = true;      ///< unless it is some whole number, which has other reasons more often
};

// The number that a factor is meant to be, if it is one that people forget or repeat; and how it is called.
Factor meaning_of(double factor, std::int64_t batch) {
  const double size = std::abs(factor);
  const double sign = factor < 0 ? -1 : 1;
  const std::string flipped = factor < 0 ? ", with the sign flipped" : "";
  const auto samples = static_cast<double>(batch);
  if (is_near(factor, -1)) {
    return {-1, "the sign flipped", true};
  }
  if (batch > 1 && is_near(size, samples)) {
    return {sign * samples,
            fmt::format("a factor {} too much, the number of samples (a sum in place of a mean?){}", batch, flipped),
            true};
  }
  if (batch > 1 && is_near(size, 1 / samples)) {
    return {sign / samples,
            fmt::format("a factor 1/{} too much, one over the number of samples (a mean in place of a sum?){}", batch,
                        flipped),
            true};
  }
  const double whole = std::round(size);
  if (whole >= 2 && whole < 1e6 && is_near(size, whole)) {
    return {sign * whole, fmt::format("a factor {:.0f} too much{}", whole, flipped), true, whole == 2};
  }
  const double inverse = std::round(1 / size);
  if (inverse >= 2 && inverse < 1e6 && is_near(1 / size, inverse)) {
    const std::string words = inverse == 2 ? "½" : fmt::format("1/{:.0f}", inverse);
    return {sign / inverse, fmt::format("a factor {} too much{}", words, flipped), true, inverse == 2};
  }
  const bool near_one = std::abs(size - 1) < 1e-4;  // where seven digits don't say much
  const std::string words =
      near_one ? fmt::format("(1 {} {:.3g})", size < 1 ? "−" : "+", std::abs(size - 1)) : fmt::format("{:.7g}", size);
  return {factor, fmt::format("a factor {} too much{}", words, flipped), false};
}

Rank rank_of(bool has_meaning, bool is_usual) {
  if (!has_meaning) {
    return Rank::rare;
  }
  return is_usual ? Rank::usual : Rank::common;
}

}  // namespace

// manual = G + t (L − Z), with Z the gradients without this line and L those with the slope in its place; or the same
// with a factor, or beside an added term. Once t is known it is an edit like others.
void SingleEdits::judge_slope(const Edit& edit) {
  Expressions& e = with_.pass.expressions();
  const std::vector<Values> slopes = changed(edit.line, edit.slope);
  const std::vector<Values>& zeroed = without(edit.line);
  std::vector<double> tried;
  for (std::size_t p = 0; p < slopes.size() && p < evidence_.size(); ++p) {
    if (evidence_.status(p) != Status::remaining || slopes[p].empty() || zeroed[p].empty() ||
        evidence_.some(p).size() < 3) {
      continue;
    }
    const Values direction = difference(slopes[p], zeroed[p]);
    const Values wanted = difference(evidence_.some(p), pass_.gradients[p]);
    std::vector<double> numbers{dot(wanted, direction) / dot(direction, direction)};
    if (evidence_.some(p).size() > 3) {
      // manual = c G + s (L − Z): t = s / c.
      numbers.push_back(scale_beside(evidence_.some(p), direction, pass_.gradients[p]) /
                        scale_beside(evidence_.some(p), pass_.gradients[p], direction));
      for (const Term& term : with_.terms[p]) {
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
          e.spread(e.sum(pass_.lines[edit.line].right, e.scaled(t, edit.slope)), pass_.lines[edit.line].right->shape);
      with_number.slope = nullptr;
      with_number.words += fmt::format(" ({})", fmt::format(fmt::runtime(edit.slope_words), t));
      judge(with_number);
    }
  }
}

// manual = Z + c (G − Z): a factor on the line, alone or on top of an edit.
void SingleEdits::judge_numbers(std::size_t line, const Edit* edit, const std::vector<Values>& edited) {
  Expressions& e = with_.pass.expressions();
  const std::vector<Values>& zeroed = without(line);
  std::vector<double> tried;
  for (std::size_t p = 0; p < edited.size() && p < evidence_.size(); ++p) {
    if (evidence_.status(p) != Status::remaining || edited[p].empty() || zeroed[p].empty()) {
      continue;
    }
    const Values direction = difference(edited[p], zeroed[p]);
    const Values wanted = difference(evidence_.some(p), zeroed[p]);
    const double c = dot(wanted, direction) / dot(direction, direction);
    if (!std::isfinite(c) || std::abs(c - 1) <= evidence_.tolerance() || std::abs(c) < 1e-9 ||
        std::any_of(tried.begin(), tried.end(), [c](double other) { return is_near(c, other); })) {
      continue;
    }
    Values rest = wanted;
    std::transform(rest.begin(), rest.end(), direction.begin(), rest.begin(),
                   [c](double a, double b) { return a - c * b; });
    if (length(rest) > evidence_.tolerance() * length(evidence_.some(p))) {
      continue;
    }
    tried.push_back(c);
    const auto [exact, number, has_meaning, is_usual] = meaning_of(c, with_.vocabulary.batch);
    if (!has_meaning &&
        (evidence_.some(p).size() < 3 || (edit != nullptr && evidence_.is_nearly_right(p, pass_.gradients[p])))) {
      continue;  // some number always fits
    }
    const Expr right = edit == nullptr ? pass_.lines[line].right : edit->formula;
    const Expr formula = e.spread(e.scaled(exact, right), right->shape);
    const std::string words = edit == nullptr ? fmt::format("{} in {}", number, pass_.lines[line].left.text)
                                              : fmt::format("{} in {}, and {}", edit->words, edit->site, number);
    const std::size_t mistakes = edit == nullptr ? 1 : 2;
    const Rank of_number = rank_of(has_meaning, is_usual);
    const Rank rank = std::max(of_number, edit == nullptr ? Rank::usual : edit->rank);
    propose({{{line, formula}},
             words,
             {},
             mistakes,
             rank,
             edit != nullptr && edit->inlined,
             edit == nullptr ? number : std::string{}},
            changed(line, formula));
  }
}

// manual = c G + λ W: a term that belongs to the optimiser, alone (c = 1), on top of an edit, or beside a factor.
void SingleEdits::judge_added(std::size_t line, const Edit* edit, const std::vector<Values>& edited) {
  const std::size_t p = pass_.lines[line].target;
  if (p >= evidence_.size() || p >= edited.size() || evidence_.status(p) != Status::remaining || edited[p].empty() ||
      (edit != nullptr && evidence_.is_nearly_right(p, pass_.gradients[p]))) {
    return;
  }
  Expressions& e = with_.pass.expressions();
  for (const Term& term : with_.terms[p]) {
    double scale = 1;
    std::optional<double> factor = added_factor(evidence_.some(p), edited[p], term.values, scale);
    if (!factor && edit == nullptr && evidence_.some(p).size() > 3) {
      scale = scale_beside(evidence_.some(p), edited[p], term.values);
      factor = added_factor(evidence_.some(p), edited[p], term.values, scale);
    }
    if (!factor) {
      continue;
    }
    const bool on_the_edit = edit != nullptr && edit->line == line;
    const Expr right = on_the_edit ? edit->formula : pass_.lines[line].right;
    const Expr formula = e.spread(e.sum(e.scaled(scale, right), e.scaled(*factor, term.symbol)), right->shape);
    std::vector<ChangedLine> changes{{line, formula}};
    if (edit != nullptr && !on_the_edit) {
      changes.insert(changes.begin(), {edit->line, edit->formula});
    }
    const std::string& name = pass_.lines[line].left.text;
    Candidate candidate;
    candidate.changes = changes;
    candidate.words = fmt::format("the term {:.6g} {} added in {}", *factor, term.words, name);
    if (edit != nullptr) {
      candidate.words = fmt::format("{} in {}, and {}", edit->words, edit->site, candidate.words);
      candidate.rank = edit->rank;
      candidate.mistakes = 2;
    } else if (scale != 1) {
      const Factor factor_beside = meaning_of(scale, with_.vocabulary.batch);
      candidate.words = fmt::format("{} in {}, and {}", factor_beside.words, name, candidate.words);
      candidate.rank = factor_beside.has_meaning ? Rank::usual : Rank::rare;
      candidate.mistakes = 2;
    }
    std::vector<Values> gradients = with_.probe.gradients(with_changes(pass_.lines, changes));
    gradients.resize(evidence_.size());
    propose(std::move(candidate), gradients);
  }
}

// The λ for which manual = c G + λ W, if there is one.
std::optional<double> SingleEdits::added_factor(const Values& manual, const Values& gradient, const Values& term,
                                                double scale) const {
  Values rest = manual;
  std::transform(rest.begin(), rest.end(), gradient.begin(), rest.begin(),
                 [scale](double a, double b) { return a - scale * b; });
  const double factor = dot(rest, term) / dot(term, term);
  std::transform(rest.begin(), rest.end(), term.begin(), rest.begin(),
                 [factor](double a, double b) { return a - factor * b; });
  const double size = length(manual);
  const bool matters = std::abs(factor) * length(term) > evidence_.tolerance() * size;
  const bool holds = std::isfinite(factor) && matters && length(rest) <= evidence_.tolerance() * size;
  return holds ? std::optional{factor} : std::nullopt;
}

}  // namespace xgrad::check::diagnosis
