#include "check/diagnosis/deep_search.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <set>
#include <unordered_set>
#include <utility>

#include "check/diagnosis/values.hpp"
#include "check/entries/entries.hpp"

namespace xgrad::check::diagnosis {

DeepSearch::DeepSearch(formulas::Formulas& pass, Problem whole, double tolerance, const std::vector<NamedTensor>& terms)
    : pass_{pass},
      whole_{std::move(whole)},
      tolerance_{tolerance},
      terms_{terms},
      last_used_{last_used_by(whole_.lines)} {
  const std::vector<Line>& lines = whole_.lines;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].symbol != nullptr) {
      definition_.emplace(lines[i].symbol, i);
    }
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    symbols_.push_back(symbols_in(lines[i].right));
    for (Expr symbol : symbols_.back()) {
      if (definition_.contains(symbol)) {
        users_[symbol].push_back(i);
      }
    }
  }
  whole_.here.pin(pins_of(lines, whole_.manual));
  findings_.resize(whole_.manual.size());
  manual_.resize(whole_.manual.size());
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    if (whole_.manual[p].gradient.defined()) {
      manual_[p] = as_doubles(whole_.manual[p].gradient);
    }
  }
}

std::vector<Values> DeepSearch::gradients() {
  std::vector<Values> result = whole_.here.gradients(whole_.lines);
  result.resize(manual_.size());
  return result;
}

bool DeepSearch::agrees(std::size_t target, const Values& gradient) const {
  return residual(manual_[target], gradient) <= tolerance_;
}

std::vector<bool> DeepSearch::remaining(const std::vector<Values>& gradients) const {
  std::vector<bool> result(manual_.size(), false);
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    result[p] = whole_.manual[p].wrong && !gradients[p].empty() && is_finite(manual_[p]) && is_finite(gradients[p]) &&
                !agrees(p, gradients[p]);
  }
  return result;
}

std::size_t DeepSearch::first(const std::vector<bool>& remaining) const {
  const std::vector<Line>& lines = whole_.lines;
  std::size_t found = lines.size();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool is_nearer = found == lines.size() || last_used_[i] < last_used_[found];
    if (is_nearer && lines[i].target < remaining.size() && remaining[lines[i].target]) {
      found = i;
    }
  }
  return found;
}

std::vector<Finding> DeepSearch::run() {
  constexpr std::size_t most_lines = 300'000;  // that all rounds together go through
  const std::size_t rounds = std::clamp<std::size_t>(most_lines / whole_.lines.size(), 2, 32);
  current_ = gradients();
  std::vector<bool> left = remaining(current_);
  std::vector<bool> looked_at(left.size(), false);
  bool found = true;
  for (std::size_t i = 0; i < rounds && found; ++i) {
    const std::size_t line = first(left);
    if (line == whole_.lines.size()) {
      break;
    }
    looked_at[whole_.lines[line].target] = true;
    found = round(line, left);
    left = remaining(current_);
  }
  for (std::size_t p = 0; p < left.size(); ++p) {
    findings_[p].searched = looked_at[p] || !left[p];
  }
  return std::move(findings_);
}

// The nearest lines that lead to this one and may be wrong, what these use, and the nearest that use them. `leading` is
// left of the first.
DeepSearch::Lines DeepSearch::around(std::size_t line, std::vector<bool>& leading) const {
  constexpr std::size_t most_behind = 8;
  constexpr std::size_t most = 32;
  std::set<std::size_t> chosen{line};
  std::deque<std::size_t> waiting{line};
  while (!waiting.empty() && chosen.size() < most_behind) {
    const std::size_t at = waiting.front();
    waiting.pop_front();
    for (Expr symbol : symbols_[at]) {
      const auto used = definition_.find(symbol);
      if (used != definition_.end() && chosen.insert(used->second).second && leading[used->second]) {
        waiting.push_back(used->second);
      }
    }
  }
  waiting.clear();
  std::copy_if(chosen.begin(), chosen.end(), std::back_inserter(waiting),
               [&leading](std::size_t each) { return leading[each]; });
  std::vector<bool> suspects(leading.size(), false);
  for (const std::size_t each : waiting) {
    suspects[each] = true;
  }
  leading = std::move(suspects);
  while (!waiting.empty() && chosen.size() < most) {
    const Expr symbol = whole_.lines[waiting.front()].symbol;
    waiting.pop_front();
    if (const auto users = users_.find(symbol); users != users_.end()) {
      for (const std::size_t user : users->second) {
        if (chosen.size() < most && chosen.insert(user).second) {
          waiting.push_back(user);
        }
      }
    }
  }
  return {chosen.begin(), chosen.end()};
}

std::vector<bool> DeepSearch::leading(const std::vector<bool>& remaining) const {
  std::vector<Known> known(whole_.lines.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::size_t p = whole_.lines[i].target;
    if (p < manual_.size() && whole_.manual[p].gradient.defined()) {
      known[i] = {true, remaining[p], !remaining[p] && agrees(p, current_[p]) && dot(manual_[p], manual_[p]) > 0};
    }
  }
  return leading_lines(whole_.lines, known);
}

// The symbols near to those of the lines in the forward pass.
Vocabulary DeepSearch::vocabulary_of(const Lines& lines) const {
  constexpr std::size_t reach = 24;
  const Vocabulary& all = whole_.vocabulary;
  std::set<std::size_t> positions;
  Vocabulary result;
  result.batch = all.batch;
  const auto add = [&](Expr symbol) {
    if (const auto position = all.position.find(symbol); position != all.position.end()) {
      result.position.emplace(*position);
      const std::size_t end = std::min(all.symbols.size(), position->second + reach + 1);
      for (std::size_t i = position->second - std::min(position->second, reach); i < end; ++i) {
        positions.insert(i);
      }
    }
  };
  for (const std::size_t i : lines) {
    std::for_each(symbols_[i].begin(), symbols_[i].end(), add);
    if (whole_.lines[i].symbol != nullptr) {
      add(whole_.lines[i].symbol);
    }
  }
  for (const std::size_t position : positions) {
    result.symbols.push_back(all.symbols[position]);
    result.position.emplace(all.symbols[position], position);
    if (const auto base = all.bases.find(all.symbols[position]); base != all.bases.end()) {
      result.bases.emplace(*base);
    }
  }
  return result;
}

Problem DeepSearch::part(const Lines& lines, std::size_t sought, const std::vector<bool>& remaining,
                         const std::vector<bool>& leading) {
  whole_.here.prepare(whole_.lines);
  for (std::optional<Probe>* probe : {&whole_.random, &whole_.there}) {
    const bool is_defined = *probe && or_nothing([&] {
      (*probe)->prepare(whole_.lines);
      return true;
    });
    if (!is_defined) {
      probe->reset();
    }
  }
  constexpr double effort = 0.2;
  Problem result{.lines = {},
                 .targets = {},
                 .manual = {},
                 .manual_there = {},
                 .vocabulary = vocabulary_of(lines),
                 .here = whole_.here,
                 .random = whole_.random,
                 .there = whole_.there,
                 .effort = effort};
  for (const std::size_t i : lines) {
    Line line = whole_.lines[i];
    if (const std::size_t target = line.target; target < manual_.size()) {
      line.target = result.targets.size();
      result.sought = i == sought ? line.target : result.sought;
      result.targets.push_back(whole_.targets[target]);
      result.manual.push_back({whole_.manual[target].gradient, remaining[target]});
      result.manual_there.push_back(target < whole_.manual_there.size() ? whole_.manual_there[target] : Tensor{});
    }
    result.lines.push_back(std::move(line));
    result.editable.push_back(leading[i]);
  }
  return result;
}

// Whether the first gradient that remains was explained.
bool DeepSearch::round(std::size_t line, const std::vector<bool>& remaining) {
  std::vector<bool> may_be_wrong = leading(remaining);
  const Lines lines = around(line, may_be_wrong);
  Search search{pass_, part(lines, line, remaining, may_be_wrong), tolerance_, terms_};
  std::vector<Finding> found = search.run();
  const std::vector<Line> before = whole_.lines;
  std::vector<Mistake> mistakes;  // in what others may see
  std::vector<std::size_t> targets;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    whole_.lines[lines[i]].right = search.lines()[i].right;
    if (whole_.lines[lines[i]].target < manual_.size()) {
      targets.push_back(whole_.lines[lines[i]].target);
    }
  }
  for (Finding& finding : found) {
    for (Mistake& mistake : finding.mistakes) {
      for (std::size_t& at : mistake.lines) {
        at = lines[at];
      }
      const auto is_same = [&mistake](const Mistake& each) {
        return each.words == mistake.words && each.lines == mistake.lines;
      };
      const bool is_seen = std::any_of(mistake.lines.begin(), mistake.lines.end(),
                                       [this](std::size_t at) { return whole_.lines[at].symbol != nullptr; });
      if (is_seen && std::none_of(mistakes.begin(), mistakes.end(), is_same)) {
        mistakes.push_back(mistake);
      }
    }
  }
  std::vector<Values> after = gradients();
  const std::unordered_set<std::size_t> inside{targets.begin(), targets.end()};
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    const bool was_right = whole_.manual[p].gradient.defined() && !remaining[p] && agrees(p, current_[p]);
    if (!inside.contains(p) && was_right && !agrees(p, after[p])) {
      whole_.lines = before;  // it contradicts what is right
      findings_[whole_.lines[line].target].cut_short = true;
      return false;
    }
  }
  for (std::size_t k = 0; k < targets.size(); ++k) {
    Finding& known = findings_[targets[k]];
    std::move(found[k].mistakes.begin(), found[k].mistakes.end(), std::back_inserter(known.mistakes));
    known.explained = known.explained || found[k].explained;
    known.cut_short = found[k].cut_short;
  }
  for (std::size_t p = 0; p < manual_.size(); ++p) {
    if (!inside.contains(p) && remaining[p] && residual(current_[p], after[p]) > tolerance_) {
      findings_[p].mistakes.insert(findings_[p].mistakes.end(), mistakes.begin(), mistakes.end());
      findings_[p].explained = agrees(p, after[p]);
    }
  }
  current_ = std::move(after);
  return findings_[whole_.lines[line].target].explained;
}

}  // namespace xgrad::check::diagnosis
