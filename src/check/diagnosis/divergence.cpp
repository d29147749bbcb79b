#include "check/diagnosis/divergence.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "check/diagnosis/probe.hpp"
#include "check/diagnosis/values.hpp"
#include "check/entries/entries.hpp"

namespace xgrad::check::diagnosis {

Divergence::Divergence(formulas::Formulas& pass, const std::vector<Line>& lines, std::span<const Tensor> manual,
                       const std::vector<bool>& wrong, double tolerance)
    : standing_(manual.size(), Standing::unknown), causes_(manual.size()) {
  std::unordered_map<Expr, std::vector<std::size_t>> wrong_behind;  // per symbol: wrong manual gradients in its value
  const std::vector<std::size_t> last_used = last_used_by(lines);
  Probe probe{pass};
  probe.walk(lines, [&](std::size_t i, const Tensor& value) {
    std::vector<std::size_t> causes;
    for (Expr symbol : symbols_in(lines[i].right)) {
      if (const auto behind = wrong_behind.find(symbol); behind != wrong_behind.end()) {
        causes.insert(causes.end(), behind->second.begin(), behind->second.end());
      }
    }
    std::sort(causes.begin(), causes.end());
    causes.erase(std::unique(causes.begin(), causes.end()), causes.end());
    const std::size_t target = lines[i].target;
    const bool given = target < manual.size() && manual[target].defined();
    if (given && !wrong[target]) {
      standing_[target] = Standing::right;
      causes.clear();
    } else if (given && !causes.empty() && residual(as_doubles(manual[target]), as_doubles(value)) <= tolerance) {
      standing_[target] = Standing::follows;
      causes_[target] = std::exchange(causes, {target});
    } else if (given) {
      standing_[target] = Standing::diverges;
      first_ = first_ == none || std::pair{last_used[i], i} < std::pair{last_used[first_], first_} ? i : first_;
      causes = {target};
    }
    if (lines[i].symbol != nullptr) {
      wrong_behind[lines[i].symbol] = causes;
    }
    return given ? manual[target] : value;
  });
  if (first_ != none) {
    find_suspects(lines);
  }
}

Standing Divergence::standing_of(const Line& line) const {
  return line.target < standing_.size() ? standing_[line.target] : Standing::unknown;
}

void Divergence::find_suspects(const std::vector<Line>& lines) {
  std::unordered_map<Expr, std::size_t> definition;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].symbol != nullptr) {
      definition.emplace(lines[i].symbol, i);
    }
  }
  // The lines that these depend on through lines without a manual gradient.
  const auto behind = [&](std::vector<std::size_t> stack) {
    std::unordered_set<std::size_t> seen;
    while (!stack.empty()) {
      const std::size_t at = stack.back();
      stack.pop_back();
      for (Expr symbol : symbols_in(lines[at].right)) {
        const auto used = definition.find(symbol);
        if (used != definition.end() && standing_of(lines[used->second]) == Standing::unknown &&
            seen.insert(used->second).second) {
          stack.push_back(used->second);
        }
      }
    }
    return seen;
  };
  std::vector<std::size_t> right;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (standing_of(lines[i]) == Standing::right) {
      right.push_back(i);
    }
  }
  const std::unordered_set<std::size_t> cleared = behind(std::move(right));
  for (const std::size_t i : behind({first_})) {
    if (!cleared.contains(i)) {
      suspects_.push_back(i);
    }
  }
  std::sort(suspects_.begin(), suspects_.end());
}

}  // namespace xgrad::check::diagnosis
