#include "check/diagnosis/explanation.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <optional>

#include "check/diagnosis/deep_search.hpp"
#include "check/diagnosis/difference.hpp"
#include "check/diagnosis/divergence.hpp"
#include "check/diagnosis/lines.hpp"
#include "check/diagnosis/problem.hpp"
#include "check/diagnosis/search.hpp"
#include "check/entries/entries.hpp"
#include "check/verdict/agreement.hpp"
#include "check/verdict/automatic.hpp"
#include "check/verdict/rounding.hpp"
#include "formulas/formulas.hpp"
#include "formulas/printing.hpp"
#include "loops/written_out.hpp"

namespace xgrad::check {

namespace {

using diagnosis::Divergence;
using diagnosis::Finding;
using diagnosis::Line;
using diagnosis::Manual;
using diagnosis::Standing;
using diagnosis::Values;

// The number of samples: the length of the first axis that the z of all layers share, 0 if these are of one sample.
// Without layers, or where they don't agree, that of the first data with two axes.
std::int64_t batch_of(formulas::Formulas& pass) {
  const std::vector<formulas::Layer>& layers = pass.layers().all();
  const auto samples = [](const formulas::Layer& layer) {
    return layer.z->shape.rank() >= 2 ? layer.z->shape[0] : std::int64_t{0};
  };
  if (!layers.empty() && std::all_of(layers.begin(), layers.end(), [&](const formulas::Layer& layer) {
        return samples(layer) == samples(layers.front());
      })) {
    return samples(layers.front());
  }
  for (formulas::Expr symbol : pass.symbols()) {
    if (symbol->node->operation == nullptr && !symbol->node->history && symbol->shape.rank() >= 2) {
      return symbol->shape[0];
    }
  }
  return 0;
}

// Gradients that agree to this share of their norm are explained: rounding in float32 is far above that in float64.
double tolerance_for(std::span<const ComparedTensor> given) {
  const bool single =
      std::any_of(given.begin(), given.end(), [](const ComparedTensor& g) { return g.x.dtype() == float32; });
  return single ? 2e-5 : 1e-9;
}

Verdict verdict_of(const ComparedTensor& given, const Automatic& automatic, std::size_t i) {
  return compare_manual(given, automatic, i).comparison.verdict;
}

/// A derived backward pass beside the manual gradients.
class PassComparison {
 public:
  PassComparison(const Tensor& loss, std::span<const ComparedTensor> given, const Automatic& automatic,
                 const ExplainOptions& options)
      : given_{given}, automatic_{automatic}, options_{options} {
    std::vector<NamedTensor> names = options.names;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (automatic.connected[i]) {
        connected_.push_back(i);
        xs_.push_back(given[i].x);
        if (given[i].x.name().empty() && given[i].x.node()->operation == nullptr) {
          names.push_back({given[i].name, given[i].x});
        }
      }
    }
    if (xs_.empty()) {
      return;
    }
    pass_ = std::make_unique<formulas::Formulas>(with_steps(loss), xs_, DeriveOptions{.names = names},
                                                 formulas::Formulas::Connection::known);
    const std::vector<Line> backward = pass_->backward_lines();
    lines_ = diagnosis::lines_of(*pass_, backward);
    printer_ = std::make_unique<formulas::Printer>(formulas::Dialect::text,
                                                   [this](formulas::Expr e) { return pass_->name_of(e); });
    lefts_.resize(xs_.size());
    for (const Line& line : backward) {
      if (line.target < lefts_.size()) {
        lefts_[line.target] = line.left.text;
      }
    }
    line_of_target_.assign(xs_.size(), Line::no_target);
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (lines_[i].target < xs_.size()) {
        line_of_target_[lines_[i].target] = i;
      }
    }
    judge();
  }

  [[nodiscard]] const std::vector<std::size_t>& targets() const noexcept { return connected_; }
  /// The steps of the longest loop that is one formula; 0 if there is none.
  [[nodiscard]] std::int64_t longest_loop() const noexcept { return longest_loop_; }
  /// Of the k-th target: "∂Loss/∂W¹ = δ¹ᵀ x".
  [[nodiscard]] std::string formula_of_target(std::size_t k) {
    const std::size_t line = line_of_target_[k];
    return fmt::format("{} = {}", lefts_[k], line == Line::no_target ? "0" : printer_->of(lines_[line].right));
  }
  /// Of a line: "δ¹ = (δ² W²) ⊙ σ′(z¹)".
  [[nodiscard]] std::string formula_of_line(std::size_t i) {
    return fmt::format("{} = {}", lines_[i].left.text, printer_->of(lines_[i].right));
  }

  /// With the other lines that it may be in.
  [[nodiscard]] std::string words_of(const diagnosis::Mistake& mistake) const {
    constexpr std::size_t most = 2;
    std::vector<std::string> others;
    for (std::size_t i = 1; i < mistake.lines.size() && i <= most; ++i) {
      others.push_back(lines_[mistake.lines[i]].left.text);
    }
    if (mistake.lines.size() > most + 1) {
      others.emplace_back("others");
    }
    return others.empty() ? mistake.words
                          : fmt::format("{} (or, just the same, in {})", mistake.words, fmt::join(others, " or "));
  }

  [[nodiscard]] std::vector<Finding> search() {
    std::optional<diagnosis::OtherPoint> other;
    if (options_.second != nullptr) {
      other.emplace();
      for (std::size_t i = 0; i < options_.second->values.size(); ++i) {
        other->leaves.emplace(given_[i].x.node(), options_.second->values[i]);
      }
      for (const std::size_t i : connected_) {
        other->manual.push_back(i < options_.second->manual.size() ? options_.second->manual[i] : Tensor{});
      }
    }
    diagnosis::Problem whole =
        diagnosis::whole_problem(*pass_, lines_, manual_, batch_of(*pass_), other ? &*other : nullptr);
    const double tolerance = tolerance_for(given_);
    return lines_.size() <= diagnosis::DeepSearch::most_for_one
               ? diagnosis::Search{*pass_, std::move(whole), tolerance, options_.terms}.run()
               : diagnosis::DeepSearch{*pass_, std::move(whole), tolerance, options_.terms}.run();
  }

  [[nodiscard]] Divergence divergence() {
    std::vector<Tensor> manual;
    std::vector<bool> wrong;
    for (const Manual& each : manual_) {
      manual.push_back(each.gradient);
      wrong.push_back(each.wrong);
    }
    return {*pass_, lines_, manual, wrong, tolerance_for(given_)};
  }

  [[nodiscard]] Verdict verdict(std::size_t k) const { return verdicts_[k]; }
  [[nodiscard]] std::string difference_of(std::size_t k) const {
    return diagnosis::difference_of(as_doubles(manual_[k].gradient), automatic_.gradients[connected_[k]],
                                    xs_[k].shape(), tolerance_of(xs_[k].dtype()));
  }

  [[nodiscard]] std::string first_divergence(const Divergence& divergence, const std::vector<Finding>& findings) {
    if (divergence.first() == Divergence::none) {
      return {};
    }
    std::vector<std::size_t> wrong_lines = divergence.suspects();
    wrong_lines.push_back(divergence.first());
    const Finding& finding = findings[lines_[divergence.first()].target];
    if (finding.explained) {
      // The lines of the mistake that was found first in the order of the pass.
      const auto first =
          std::min_element(finding.mistakes.begin(), finding.mistakes.end(), [](const auto& a, const auto& b) {
            return *std::min_element(a.lines.begin(), a.lines.end()) <
                   *std::min_element(b.lines.begin(), b.lines.end());
          });
      wrong_lines = first->lines;
      std::sort(wrong_lines.begin(), wrong_lines.end());
    }
    constexpr std::size_t most = 16;
    const std::size_t more = wrong_lines.size() - std::min(wrong_lines.size(), most);
    std::vector<std::string> formulas(wrong_lines.size() - more);
    std::transform(wrong_lines.begin() + static_cast<std::ptrdiff_t>(more), wrong_lines.end(), formulas.begin(),
                   [this](std::size_t i) { return formula_of_line(i); });
    return fmt::format("{}{}", fmt::join(formulas, ", or "),
                       more == 0 ? std::string{} : fmt::format(", or one of {} before these", more));
  }

 private:
  // Short loops as their steps, whose formulas can be edited. The given and named tensors must be in the graph
  // that is read.
  Tensor with_steps(const Tensor& loss) {
    constexpr std::int64_t most_steps = 16;
    const auto is_leaf = [](const Tensor& x) { return x.node()->operation == nullptr; };
    const bool may_be_rebuilt = std::all_of(xs_.begin(), xs_.end(), is_leaf) &&
                                std::all_of(options_.names.begin(), options_.names.end(),
                                            [&](const NamedTensor& named) { return is_leaf(named.tensor); });
    loops::WrittenOut written = loops::written_out(loss, may_be_rebuilt ? most_steps : 0);
    longest_loop_ = written.longest;
    return may_be_rebuilt ? written.result : loss;
  }

  void judge() {
    for (const std::size_t i : connected_) {
      const Tensor& by_hand = given_[i].manual;
      verdicts_.push_back(by_hand.defined() ? verdict_of(given_[i], automatic_, i) : Verdict::inconclusive);
      manual_.push_back({by_hand, verdicts_.back() == Verdict::wrong});
    }
  }

  std::span<const ComparedTensor> given_;
  const Automatic& automatic_;
  const ExplainOptions& options_;
  std::int64_t longest_loop_ = 0;
  std::vector<std::size_t> connected_;  // those that the loss depends on; there is nothing to derive for others
  std::vector<Tensor> xs_;
  std::unique_ptr<formulas::Formulas> pass_;
  std::vector<Line> lines_;
  std::unique_ptr<formulas::Printer> printer_;  // made with pass_
  std::vector<std::string> lefts_;              // by target
  std::vector<std::size_t> line_of_target_;     // none if it isn't in the pass
  std::vector<Verdict> verdicts_;
  std::vector<Manual> manual_;
};

// Of a tensor that the loss doesn't depend on, any gradient but zero is wrong.
void judge_unconnected(Verdict verdict, Diagnosis& diagnosis, Explanation& result) {
  diagnosis.verdict = verdict;
  if (verdict == Verdict::wrong) {
    diagnosis.difference = "the loss doesn't depend on it, so it is zero everywhere";
    result.first_divergence = result.first_divergence.empty() ? diagnosis.formula : result.first_divergence;
  }
}

}  // namespace

Explanation explain(const Tensor& loss, std::span<const ComparedTensor> given, const Automatic& automatic,
                    const ExplainOptions& options) {
  Explanation result;
  result.diagnoses.resize(given.size());
  PassComparison comparison{loss, given, automatic, options};
  const std::vector<std::size_t>& targets = comparison.targets();
  if (!targets.empty()) {
    const std::vector<Finding> findings = comparison.search();
    const Divergence divergence = comparison.divergence();
    for (std::size_t k = 0; k < targets.size(); ++k) {
      Diagnosis& here = result.diagnoses[targets[k]];
      here.formula = comparison.formula_of_target(k);
      if (!given[targets[k]].manual.defined()) {
        continue;
      }
      here.verdict = comparison.verdict(k);
      if (here.verdict != Verdict::wrong) {
        continue;
      }
      if (divergence.of(k) == Standing::follows) {
        for (const std::size_t cause : divergence.causes(k)) {
          here.follows_from.push_back(given[targets[cause]].name);
        }
      } else if (findings[k].explained) {
        for (const diagnosis::Mistake& mistake : findings[k].mistakes) {
          here.mistakes.push_back(comparison.words_of(mistake));
          here.formulas.push_back(comparison.formula_of_line(mistake.lines.front()));
          here.alternatives.insert(here.alternatives.end(), mistake.alternatives.begin(), mistake.alternatives.end());
        }
      } else {
        here.difference = comparison.difference_of(k);
        if (const std::int64_t steps = comparison.longest_loop(); steps > 0) {
          here.difference += fmt::format(
              "; a loop of {} steps is one formula here, so mistakes inside of a step weren't searched for", steps);
        }
        here.search_cut_short = findings[k].cut_short;
        here.searched = findings[k].searched;
      }
    }
    result.first_divergence = comparison.first_divergence(divergence, findings);
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    Diagnosis& here = result.diagnoses[i];
    here.parameter = given[i].name;
    if (here.formula.empty()) {
      here.formula = fmt::format("∂Loss/∂{} = 0", given[i].name);
      if (given[i].manual.defined()) {
        judge_unconnected(verdict_of(given[i], automatic, i), here, result);
      }
    }
  }
  return result;
}

}  // namespace xgrad::check
