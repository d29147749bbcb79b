#include "check/diagnosis/divergence.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "xgrad/math.hpp"

#include "check/agreement.hpp"

namespace xgrad::check::diagnosis {

namespace {

bool agree(const Values& a, const Values& b, double tolerance) {
  Values rest(a.size());
  std::transform(a.begin(), a.end(), b.begin(), rest.begin(), std::minus<>{});
  return norm(rest) <= tolerance * larger(norm(a), norm(b));
}

}  // namespace

Divergence::Divergence(formulas::Formulas& pass, std::span<const Tensor> manual, std::span<const Values> derived,
                       double tolerance)
    : standing_(manual.size(), Standing::unknown), causes_(manual.size()) {
  const std::vector<Line> lines = lines_of(pass);
  // δ = ∂Loss/∂z is the line that is judged where z is a target: the target's own line only repeats it.
  std::unordered_map<Expr, std::size_t> repeated;
  for (const Line& line : lines) {
    if (line.target == Line::no_target || line.right->head != formulas::Head::symbol) {
      continue;
    }
    const auto owner = std::find_if(lines.begin(), lines.end(), [&](const Line& other) {
      return other.symbol == line.right && other.of == line.of;
    });
    if (owner != lines.end()) {
      repeated.emplace(line.right, line.target);
    }
  }
  judged_.assign(lines.size(), none);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto alias = lines[i].symbol == nullptr ? repeated.end() : repeated.find(lines[i].symbol);
    if (alias != repeated.end()) {
      judged_[i] = alias->second;
    } else if (lines[i].target != Line::no_target && lines[i].target < manual.size()) {
      const auto owner = repeated.find(lines[i].right);
      judged_[i] = owner != repeated.end() && owner->second == lines[i].target ? none : lines[i].target;
    }
  }

  std::unordered_map<Expr, std::vector<std::size_t>> wrong_behind;  // per symbol: wrong manual gradients in its value
  Probe probe{pass};
  probe.walk(lines, [&](std::size_t i, const Tensor& value) {
    std::vector<std::size_t> wrong;
    for (Expr symbol : symbols_in(lines[i].right)) {
      if (const auto behind = wrong_behind.find(symbol); behind != wrong_behind.end()) {
        wrong.insert(wrong.end(), behind->second.begin(), behind->second.end());
      }
    }
    std::sort(wrong.begin(), wrong.end());
    wrong.erase(std::unique(wrong.begin(), wrong.end()), wrong.end());
    const std::size_t target = judged_[i];
    const bool given = target != none && manual[target].defined();
    if (given) {
      const Values by_hand = cast(manual[target], float64).to_vector<double>();
      if (agree(by_hand, derived[target], tolerance)) {
        standing_[target] = Standing::right;
        wrong.clear();
      } else if (!wrong.empty() && agree(by_hand, cast(value, float64).to_vector<double>(), tolerance)) {
        standing_[target] = Standing::follows;
        causes_[target] = wrong;
        wrong = {target};
      } else {
        standing_[target] = Standing::diverges;
        first_ = std::min(first_, i);
        wrong = {target};
      }
    }
    if (lines[i].symbol != nullptr) {
      wrong_behind[lines[i].symbol] = wrong;
    }
    return given ? manual[target] : value;
  });
  if (first_ != none) {
    find_suspects(lines);
  }
}

void Divergence::find_suspects(const std::vector<Line>& lines) {
  std::unordered_map<Expr, std::size_t> definition;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].symbol != nullptr) {
      definition.emplace(lines[i].symbol, i);
    }
  }
  // The lines that lead to this one, and haven't a manual gradient in between.
  const auto behind = [&](std::size_t line) {
    std::vector<std::size_t> stack{line};
    std::unordered_set<std::size_t> seen;
    while (!stack.empty()) {
      const std::size_t at = stack.back();
      stack.pop_back();
      for (Expr symbol : symbols_in(lines[at].right)) {
        const auto used = definition.find(symbol);
        const bool is_open = used != definition.end() &&
                             (judged_[used->second] == none || standing_[judged_[used->second]] == Standing::unknown);
        if (is_open && seen.insert(used->second).second) {
          stack.push_back(used->second);
        }
      }
    }
    return seen;
  };
  std::unordered_set<std::size_t> cleared;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (judged_[i] != none && standing_[judged_[i]] == Standing::right) {
      cleared.merge(behind(i));
    }
  }
  for (const std::size_t i : behind(first_)) {
    if (!cleared.contains(i)) {
      suspects_.push_back(i);
    }
  }
  std::sort(suspects_.begin(), suspects_.end());
}

}  // namespace xgrad::check::diagnosis
