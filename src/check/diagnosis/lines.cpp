#include "check/diagnosis/lines.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

namespace xgrad::check::diagnosis {

std::vector<Expr> symbols_in(Expr root) {
  constexpr std::size_t small = 64;  // a formula that may be gone through as the tree that it is
  const bool may_repeat = root->size <= small;
  std::vector<Expr> stack{root};
  std::unordered_set<Expr> seen;
  std::vector<Expr> symbols;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (!may_repeat && !seen.insert(e).second) {
      continue;
    }
    if (e->head == formulas::Head::symbol) {
      symbols.push_back(e);
    }
    stack.insert(stack.end(), e->arguments.begin(), e->arguments.end());
  }
  std::sort(symbols.begin(), symbols.end(), [](Expr a, Expr b) { return a->serial < b->serial; });
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  return symbols;
}

std::vector<std::size_t> last_used_by(const std::vector<Line>& lines) {
  std::unordered_map<Expr, std::size_t> definition;
  std::vector<std::size_t> last(lines.size(), 0);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (Expr symbol : symbols_in(lines[i].right)) {
      const auto used = definition.find(symbol);
      last[i] = used == definition.end() ? last[i] : std::max(last[i], used->second + 1);
    }
    if (lines[i].symbol != nullptr) {
      definition.emplace(lines[i].symbol, i);
    }
  }
  return last;
}

std::vector<Line> lines_of(const formulas::Formulas& pass, const std::vector<Line>& backward) {
  std::vector<Line> all = pass.abbreviations();
  all.insert(all.end(), backward.begin(), backward.end());
  std::unordered_map<Expr, std::size_t> owner;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].symbol != nullptr) {
      owner.emplace(all[i].symbol, i);
    }
  }
  std::erase_if(all, [&, lines = all](const Line& line) {
    const auto found = line.target == Line::no_target ? owner.end() : owner.find(line.right);
    return found != owner.end() && lines[found->second].of == line.of && line.of != nullptr;
  });
  std::unordered_map<Expr, std::size_t> definition;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].symbol != nullptr) {
      definition.emplace(all[i].symbol, i);
    }
  }
  for (const Line& line : backward) {
    const auto found = line.target == Line::no_target ? owner.end() : owner.find(line.right);
    if (found == owner.end() || line.of == nullptr) {
      continue;
    }
    const auto defining = definition.find(line.right);
    if (defining != definition.end() && all[defining->second].of == line.of) {
      all[defining->second].target = line.target;
    }
  }

  std::vector<std::vector<std::size_t>> users(all.size());
  std::vector<std::size_t> missing(all.size(), 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (Expr symbol : symbols_in(all[i].right)) {
      if (const auto used = definition.find(symbol); used != definition.end() && used->second != i) {
        users[used->second].push_back(i);
        ++missing[i];
      }
    }
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (missing[i] == 0) {
      ready.push(i);
    }
  }
  std::vector<Line> sorted;
  sorted.reserve(all.size());
  while (!ready.empty()) {
    const std::size_t i = ready.top();
    ready.pop();
    sorted.push_back(all[i]);
    for (const std::size_t user : users[i]) {
      if (--missing[user] == 0) {
        ready.push(user);
      }
    }
  }
  return sorted;
}

}  // namespace xgrad::check::diagnosis
