#include "check/diagnosis/single_edits.hpp"

#include <fmt/format.h>
#include <utility>

#include "check/diagnosis/layer_edits.hpp"

namespace xgrad::check::diagnosis {

std::vector<Line> with_changes(std::vector<Line> lines, const std::vector<ChangedLine>& changes) {
  for (const ChangedLine& change : changes) {
    lines[change.line].right = change.formula;
  }
  return lines;
}

std::vector<Values> changed_gradients(const Instruments& instruments, const std::vector<Line>& lines,
                                      const ChangedLine& change, Effort& effort) {
  // Of an edit, this many of the nearest gradients that say something are looked at first.
  constexpr std::size_t nearest_targets = 8;
  const Expr right = lines[change.line].right;
  effort.spend(1 + static_cast<double>(right->weight) / 20 + static_cast<double>(right->shape.size()) / 2000,
               multiplications_in(change.formula));
  std::vector<Values> gradients = or_nothing([&] {
    return instruments.probe.gradients(lines, change.line, change.formula, instruments.evidence.counted(),
                                       nearest_targets);
  });
  gradients.resize(instruments.evidence.size());
  return gradients;
}

SingleEdits::SingleEdits(const Instruments& instruments, const EditedPass& pass, const std::vector<bool>& editable,
                         Effort& effort)
    : with_{instruments},
      evidence_{instruments.evidence},
      pass_{pass},
      editable_{editable},
      effort_{effort},
      without_(pass.lines.size()) {}

std::vector<Candidate> SingleEdits::run() {
  for (std::size_t line = 0; line < pass_.lines.size(); ++line) {
    if (!editable_[line]) {
      continue;
    }
    for (const Edit& edit :
         edits_of(with_.pass, pass_.lines, line, with_.vocabulary, pass_.is_tried ? Extent::usual : Extent::all)) {
      if (effort_.ends()) {
        break;
      }
      if (!pass_.is_tried || edit.rank <= Rank::common) {
        judge(edit);
      }
    }
    judge_numbers(line, nullptr, changed(line, pass_.lines[line].right));
    judge_added(line, nullptr, pass_.gradients);
  }
  return std::move(found_);
}

std::vector<Values> SingleEdits::changed(std::size_t line, Expr formula) {
  return changed_gradients(with_, pass_.lines, {line, formula}, effort_);
}

const std::vector<Values>& SingleEdits::without(std::size_t line) {
  if (without_[line].empty()) {
    const Expr right = pass_.lines[line].right;
    without_[line] = changed(line, with_.pass.expressions().number(0, right->shape, right->dtype));
  }
  return without_[line];
}

// Keeps it, if it explains something and contradicts nothing.
void SingleEdits::propose(Candidate candidate, const std::vector<Values>& gradients) {
  bool explains = false;
  for (std::size_t p = 0; p < evidence_.size(); ++p) {
    const Status status = evidence_.status(p);
    if (status == Status::ignored || (gradients[p].empty() && !pass_.is_tried)) {
      continue;
    }
    const bool fits = evidence_.agree(evidence_.some(p), gradients[p].empty() ? pass_.gradients[p] : gradients[p]);
    if (!fits && status == Status::kept) {
      return;
    }
    if (fits && status == Status::remaining &&
        (gradients[p].empty() || !evidence_.agree(pass_.gradients[p], gradients[p]))) {
      explains = true;
      candidate.explained.push_back(p);
    }
  }
  if (explains) {
    found_.push_back(std::move(candidate));
  }
}

void SingleEdits::judge(const Edit& edit) {
  if (edit.slope != nullptr) {
    judge_slope(edit);
    return;
  }
  const std::vector<Values> gradients = changed(edit.line, edit.formula);
  propose({{{edit.line, edit.formula}},
           fmt::format("{} in {}", edit.words, edit.site),
           {},
           1,
           edit.rank,
           edit.inlined,
           edit.words},
          gradients);
  judge_numbers(edit.line, &edit, gradients);
  for (std::size_t line = 0; line < pass_.lines.size(); ++line) {
    judge_added(line, &edit, gradients);
  }
}

}  // namespace xgrad::check::diagnosis
