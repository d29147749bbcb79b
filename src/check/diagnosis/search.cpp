#include "check/diagnosis/search.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <random>

#include "xgrad/math.hpp"

#include "derive/printing.hpp"
#include "graph/node.hpp"

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

Search::Search(Formulas& pass, std::vector<Tensor> manual, double tolerance, std::int64_t batch,
               const std::vector<NamedTensor>& terms)
    : pass_{pass},
      all_manual_{std::move(manual)},
      tolerance_{tolerance},
      here_{pass},
      exact_{pass},
      elsewhere_{pass, 20261125},
      lines_{lines_of(pass)} {
  vocabulary_.batch = batch;
  vocabulary_.symbols = pass.symbols();
  select_entries();
  const auto as_term = [&](std::size_t p, const graph::Node& node, const Tensor& value, std::string words) {
    return Term{pass.expressions().symbol(node), std::move(words), here_.selected(p, value)};
  };
  terms_.resize(manual_.size());
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    const Expr x = pass.target(p);
    if (x == nullptr || x->node->operation != nullptr || manual_[p].size() < 3) {
      continue;
    }
    const formulas::Name* name = pass.name_of(x);
    terms_[p].push_back(as_term(p, *x->node, graph::handle(x->node),
                                fmt::format("{} (weight decay)", name == nullptr ? "W" : name->text)));
    for (const NamedTensor& term : terms) {
      if (term.tensor.shape() == x->shape && term.tensor.dtype() == x->dtype) {
        terms_[p].push_back(as_term(p, *term.tensor.node(), term.tensor, term.name));
      }
    }
  }
}

// Most edits are told from what was given by any few entries; those that explain it are looked at in full. The entries
// are those that differ most, and others drawn at random.
void Search::select_entries() {
  constexpr std::size_t most = 2048;
  current_ = here_.gradients(lines_);
  current_.resize(all_manual_.size());
  std::vector<std::vector<std::size_t>> entries(all_manual_.size());
  findings_.assign(all_manual_.size(), {});
  remaining_.assign(all_manual_.size(), false);
  manual_.resize(all_manual_.size());
  std::mt19937_64 random{most};
  for (std::size_t p = 0; p < all_manual_.size(); ++p) {
    if (!all_manual_[p].defined()) {
      continue;
    }
    manual_[p] = cast(all_manual_[p], float64).to_vector<double>();
    if (!current_[p].empty() && !agree(manual_[p], current_[p])) {
      findings_[p].wrong = true;
      remaining_[p] = std::isfinite(norm(manual_[p]));  // what isn't finite is like nothing
    }
    const std::size_t size = manual_[p].size();
    if (size <= most || current_[p].empty() || !std::isfinite(norm(manual_[p]))) {
      continue;
    }
    std::vector<std::size_t> sorted(size);
    std::iota(sorted.begin(), sorted.end(), std::size_t{0});
    const auto middle = sorted.begin() + most / 2;
    std::nth_element(sorted.begin(), middle, sorted.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple{-std::abs(manual_[p][a] - current_[p][a]), a} <
             std::tuple{-std::abs(manual_[p][b] - current_[p][b]), b};
    });
    for (auto at = middle; at != middle + most / 2; ++at) {
      std::iter_swap(at, at + static_cast<std::ptrdiff_t>(random() % static_cast<std::size_t>(sorted.end() - at)));
    }
    entries[p].assign(sorted.begin(), sorted.begin() + most);
    std::sort(entries[p].begin(), entries[p].end());
  }
  here_.select(std::move(entries));
  for (std::size_t p = 0; p < all_manual_.size(); ++p) {
    if (all_manual_[p].defined()) {
      manual_[p] = here_.selected(p, all_manual_[p]);
    }
  }
  current_ = here_.gradients(lines_);
  current_.resize(all_manual_.size());
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
  update_vocabulary();
  while (std::find(remaining_.begin(), remaining_.end(), true) != remaining_.end()) {
    std::vector<Candidate> found = singles();
    if (found.empty()) {
      // The one nearest to the loss: what comes after may have its mistakes on top.
      for (const Line& line : lines_) {
        if (line.target != Line::no_target && line.target < remaining_.size() && remaining_[line.target] &&
            found.empty()) {
          found = pairs(line.target);
        }
      }
    }
    std::erase_if(found, [this](const Candidate& candidate) { return !holds(candidate); });
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
  const std::vector<Values> explained = exact_.gradients(lines_);
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    if (findings_[p].wrong) {
      findings_[p].residual = residual(cast(all_manual_[p], float64).to_vector<double>(), explained[p]);
    }
  }
  return findings_;
}

// Whether it explains all entries, and contradicts none, where only some were looked at.
bool Search::holds(const Candidate& candidate) {
  std::vector<std::size_t> concerned = candidate.explained;
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    if (all_manual_[p].defined() && !remaining_[p] && std::isfinite(norm(manual_[p]))) {
      concerned.push_back(p);
    }
  }
  const bool all_seen = std::all_of(concerned.begin(), concerned.end(), [this](std::size_t p) {
    return static_cast<std::int64_t>(manual_[p].size()) == all_manual_[p].shape().size();
  });
  if (all_seen) {
    return true;
  }
  const std::vector<Values> gradients = exact_.gradients(edited(candidate.changes));
  return std::all_of(concerned.begin(), concerned.end(), [&](std::size_t p) {
    return agree(cast(all_manual_[p], float64).to_vector<double>(), gradients[p]);
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
  const Mistake mistake{best.words, lines_[best.changes.front().line].left.text, alternatives(best, found)};
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
    if (line.target == Line::no_target) {
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
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    const bool is_changed = p < gradients.size() && !gradients[p].empty();
    // What an edit below this one changed counts too.
    if (manual_[p].empty() || (!is_changed && !on_top_) || !std::isfinite(norm(manual_[p]))) {
      continue;
    }
    const bool fits = agree(manual_[p], is_changed ? gradients[p] : current_[p]);
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
  if (edit.slope != nullptr) {
    judge_slope(edit, found);
    return;
  }
  const std::vector<Values> gradients = here_.gradients(lines_, edit.line, edit.formula);
  propose({{{edit.line, edit.formula}}, fmt::format("{} in {}", edit.words, edit.place), {}, 1, edit.rank}, gradients,
          found);
  judge_numbers(edit.line, &edit, gradients, found);
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    judge_added(line, &edit, gradients, found);
  }
}

// manual = G + t (L − Z), with Z the gradients without this line and L those with the slope in its place; or the same
// with a factor, or beside an added term. Once t is known it is an edit like others.
void Search::judge_slope(const Edit& edit, std::vector<Candidate>& found) {
  Expressions& e = pass_.expressions();
  const std::vector<Values> slopes = here_.gradients(lines_, edit.line, edit.slope);
  const std::vector<Values>& zeroed = without(edit.line);
  std::vector<double> tried;
  for (std::size_t p = 0; p < slopes.size() && p < manual_.size(); ++p) {
    if (!remaining_[p] || slopes[p].empty() || zeroed[p].empty() || manual_[p].size() < 3) {
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
      if (!std::isfinite(t) || std::abs(t) < 1e-9 || std::any_of(tried.begin(), tried.end(), is_known)) {
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

// manual = c G + λ W: a term that belongs to the optimiser, alone (c = 1), on top of an edit, or beside a factor.
void Search::judge_added(std::size_t line, const Edit* edit, const std::vector<Values>& edited,
                         std::vector<Candidate>& found) {
  const std::size_t p = lines_[line].target;
  if (p >= remaining_.size() || p >= edited.size() || !remaining_[p] || edited[p].empty()) {
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
    Candidate candidate{changes, fmt::format("the term {:.6g} {} added in {}", *factor, term.words, name), {}};
    if (edit != nullptr) {
      candidate.words = fmt::format("{} in {}, and {}", edit->words, edit->place, candidate.words);
      candidate.rank = edit->rank;
      candidate.mistakes = 2;
    } else if (scale != 1) {
      const auto [number, has_meaning] = number_words(scale);
      candidate.words = fmt::format("{} in {}, and {}", number, name, candidate.words);
      candidate.rank = has_meaning ? Rank::usual : Rank::rare;
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
  const bool holds = std::isfinite(factor) && factor != 0 && norm(rest) <= tolerance_ * norm(manual);
  return holds ? std::optional{factor} : std::nullopt;
}

std::vector<Search::Candidate> Search::singles() {
  std::vector<Candidate> found;
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    if (!affects_remaining(line)) {
      continue;
    }
    for (const Edit& edit : edits_of(pass_, lines_, line, vocabulary_)) {
      if (!on_top_ || edit.rank <= Rank::common) {
        judge(edit, found);
      }
    }
    judge_numbers(line, nullptr, here_.gradients(lines_, line, lines_[line].right), found);
    judge_added(line, nullptr, current_, found);
  }
  return found;
}

// Two mistakes that together give this parameter's gradient: one of the usual edits, and anything on top of it.
std::vector<Search::Candidate> Search::pairs(std::size_t parameter) {
  const std::vector<Line> lines = lines_;
  const std::vector<Values> current = current_;
  std::vector<Candidate> found;
  for (std::size_t first = 0; first < lines.size(); ++first) {
    for (const Edit& one : edits_of(pass_, lines, first, vocabulary_)) {
      if (one.slope != nullptr || one.rank > Rank::common) {
        continue;
      }
      std::vector<Values> after_one = here_.gradients(lines, first, one.formula);
      after_one.resize(manual_.size());
      if (after_one[parameter].empty() || agree(after_one[parameter], current[parameter])) {
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
        if (two.mistakes != 1 ||
            std::find(two.explained.begin(), two.explained.end(), parameter) == two.explained.end()) {
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
  return found;
}

}  // namespace xgrad::check::diagnosis
