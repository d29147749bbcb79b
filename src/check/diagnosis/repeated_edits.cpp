#include "check/diagnosis/repeated_edits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "check/diagnosis/alike.hpp"
#include "check/diagnosis/layer_edits.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Expressions;
using formulas::Head;

// The symbols by which two formulas differ, if it is in these only.
std::pair<Expr, Expr> exchanged_symbols(Expr a, Expr b) {
  if (a->head == Head::symbol && b->head == Head::symbol) {
    return {a, b};
  }
  if (a->head != b->head || a->arguments.size() != b->arguments.size()) {
    return {};
  }
  const auto [one, other] = std::mismatch(a->arguments.begin(), a->arguments.end(), b->arguments.begin());
  const bool is_only_one = one != a->arguments.end() && std::equal(one + 1, a->arguments.end(), other + 1);
  return is_only_one ? exchanged_symbols(*one, *other) : std::pair<Expr, Expr>{};
}

class RepeatedEdits {
 public:
  RepeatedEdits(const Instruments& instruments, const EditedPass& pass, const std::vector<bool>& editable,
                Effort& effort)
      : with_{instruments},
        pass_{pass},
        editable_{editable},
        effort_{effort},
        cost_{cost_of(pass.lines)},
        alike_{instruments.pass, pass.lines, instruments.vocabulary} {}

  std::vector<Candidate> run() {
    for (std::size_t line = 0; line < pass_.lines.size(); ++line) {
      if (!editable_[line]) {
        continue;
      }
      for (const Edit& edit : edits_of(with_.pass, pass_.lines, line, with_.vocabulary)) {
        if (effort_.ends()) {
          return std::move(found_);
        }
        if (edit.part != nullptr && edit.part->head != Head::symbol && edit.slope == nullptr && !edit.inlined &&
            edit.rank <= Rank::common && !is_far(edit)) {
          try_everywhere(edit);
        }
      }
      try_everywhere(flipped(line));
    }
    return std::move(found_);
  }

 private:
  // On average half of the lines depend on an edit.
  [[nodiscard]] static double cost_of(const std::vector<Line>& lines) {
    double cost = 1;
    for (const Line& line : lines) {
      cost += static_cast<double>(line.right->weight) / 40 + static_cast<double>(line.right->shape.size()) / 4000;
    }
    return cost;
  }

  // A tensor of some other step, or of the other end of one, in the place of another.
  [[nodiscard]] bool is_far(const Edit& edit) const {
    constexpr std::size_t reach = 5;
    const auto [one, other] = exchanged_symbols(edit.part, edit.replacement);
    if (one == nullptr) {
      return false;
    }
    const auto& positions = with_.vocabulary.position;
    const auto& bases = with_.vocabulary.bases;
    const auto from = positions.find(one);
    const auto to = positions.find(other);
    if (from == positions.end() || to == positions.end()) {
      return false;
    }
    const auto base = bases.find(one);
    const auto other_base = bases.find(other);
    if (base != bases.end() && other_base != bases.end() && base->second == other_base->second) {
      return false;
    }
    return std::max(from->second, to->second) - std::min(from->second, to->second) > reach;
  }

  [[nodiscard]] Edit flipped(std::size_t line) {
    const Expr right = pass_.lines[line].right;
    Edit edit;
    edit.line = line;
    edit.formula = with_.pass.expressions().scaled(-1, right);
    edit.words = "the sign flipped";
    edit.site = pass_.lines[line].left.text;
    edit.part = right;
    edit.replacement = edit.formula;
    return edit;
  }

  // With what is alike to the edit's part in the place of it.
  [[nodiscard]] Expr edited(Expr root, const Edit& edit) {
    if (root->size >= edit.part->size) {
      if (Renaming renaming; alike_.are_alike(edit.part, root, renaming)) {
        return alike_.renamed(edit.replacement, renaming);
      }
    }
    if (root->arguments.empty() || root->size <= edit.part->size) {
      return root;
    }
    std::vector<Expr> arguments;
    for (Expr argument : root->arguments) {
      arguments.push_back(edited(argument, edit));
      if (arguments.back()->shape != argument->shape && root->head != Head::sum && root->head != Head::product) {
        arguments.back() = argument;
      }
    }
    return arguments == root->arguments ? root : with_.pass.expressions().rebuilt(root, arguments);
  }

  void try_everywhere(const Edit& edit) {
    std::vector<ChangedLine> changes;
    std::vector<std::string> others;
    for (std::size_t i = 0; i < pass_.lines.size(); ++i) {
      const Line& line = pass_.lines[i];
      if (!editable_[i]) {
        continue;
      }
      const Expr formula = edited(line.right, edit);
      if (formula == line.right || formula->shape != line.right->shape) {
        continue;
      }
      changes.push_back({i, formula});
      if (i != edit.line) {
        others.push_back(line.left.text);
      }
    }
    const bool is_there = std::any_of(changes.begin(), changes.end(),
                                      [&](const ChangedLine& change) { return change.line == edit.line; });
    if (!is_there || others.empty() || !is_new(changes)) {
      return;
    }
    Candidate candidate;
    candidate.changes = changes;
    candidate.words = fmt::format("{} in {}, and likewise in {}", edit.words, edit.site, list_of(others));
    candidate.rank = edit.rank;
    judge(std::move(candidate));
  }

  [[nodiscard]] static std::string list_of(const std::vector<std::string>& names) {
    constexpr std::size_t most = 3;
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) {
      list += (i == 0 ? "" : ", ") + names[i];
    }
    return names.size() > most ? fmt::format("{} and {} more", list, names.size() - most) : list;
  }

  [[nodiscard]] bool is_new(const std::vector<ChangedLine>& changes) {
    std::vector<std::pair<std::size_t, Expr>> key;
    std::transform(changes.begin(), changes.end(), std::back_inserter(key), [](const ChangedLine& change) {
      return std::pair{change.line, change.formula};
    });
    return tried_.insert(std::move(key)).second;
  }

  void judge(Candidate candidate) {
    const std::vector<Line> lines = with_changes(pass_.lines, candidate.changes);
    double multiplications = 0;
    for (const ChangedLine& change : candidate.changes) {
      multiplications += multiplications_in(change.formula);
    }
    effort_.spend(cost_, multiplications);
    std::vector<Values> gradients = or_nothing([&] { return with_.probe.edited_gradients(pass_.lines, lines); });
    gradients.resize(with_.evidence.size());
    bool explains = false;
    for (std::size_t p = 0; p < gradients.size(); ++p) {
      const Status status = with_.evidence.status(p);
      if (status == Status::ignored || gradients[p].empty()) {
        continue;
      }
      const bool fits = with_.evidence.agree(with_.evidence.some(p), gradients[p]);
      if (!fits && status == Status::kept) {
        return;
      }
      if (fits && status == Status::remaining && !with_.evidence.agree(pass_.gradients[p], gradients[p])) {
        candidate.explained.push_back(p);
        explains = true;
      }
    }
    if (explains) {
      found_.push_back(std::move(candidate));
    }
  }

  Instruments with_;
  const EditedPass& pass_;
  std::vector<bool> editable_;
  Effort& effort_;
  double cost_;
  Alikeness alike_;
  std::set<std::vector<std::pair<std::size_t, Expr>>> tried_;
  std::vector<Candidate> found_;
};

}  // namespace

std::vector<Candidate> repeated_edits(const Instruments& instruments, const EditedPass& pass,
                                      const std::vector<bool>& editable, Effort& effort) {
  return RepeatedEdits{instruments, pass, editable, effort}.run();
}

}  // namespace xgrad::check::diagnosis
