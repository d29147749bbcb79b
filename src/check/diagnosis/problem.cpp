#include "check/diagnosis/problem.hpp"

#include <unordered_set>

#include "check/diagnosis/alike.hpp"
#include "graph/node.hpp"

namespace xgrad::check::diagnosis {

Problem whole_problem(formulas::Formulas& pass, const std::vector<Line>& lines, const std::vector<Manual>& manual,
                      std::int64_t batch, const OtherPoint* other) {
  Problem problem{.lines = lines,
                  .targets = {},
                  .manual = manual,
                  .manual_there = other == nullptr ? std::vector<Tensor>{} : other->manual,
                  .vocabulary = {},
                  .here = Probe{pass}};
  for (std::size_t p = 0; p < manual.size(); ++p) {
    problem.targets.push_back(pass.target(p));
  }
  for (const auto& leaves : {Probe::random_leaves(20261125), Probe::shaken_leaves(20261125)}) {
    if (!problem.random) {
      problem.random = or_nothing([&] { return std::optional{Probe{pass, leaves}}; });
    }
  }
  if (other != nullptr) {
    problem.there = or_nothing([&] {
      return std::optional{Probe{pass, [other](const graph::Node& leaf) {
                                   const auto value = other->leaves.find(&leaf);
                                   return value == other->leaves.end() ? Tensor{} : value->second;
                                 }}};
    });
  }
  Vocabulary& vocabulary = problem.vocabulary;
  vocabulary.batch = batch;
  vocabulary.symbols = pass.symbols();
  std::unordered_map<const graph::Node*, std::size_t> position;
  for (std::size_t i = 0; i < vocabulary.symbols.size(); ++i) {
    vocabulary.position.emplace(vocabulary.symbols[i], i);
    position.emplace(vocabulary.symbols[i]->node, i);
    if (const formulas::Name* name = pass.name_of(vocabulary.symbols[i])) {
      vocabulary.bases.emplace(vocabulary.symbols[i], without_number(name->text));
    }
  }
  for (const Line& line : lines) {
    const auto of = position.find(line.of);
    if (line.symbol != nullptr && of != position.end()) {
      vocabulary.position.emplace(line.symbol, of->second);
    }
  }
  return problem;
}

std::vector<Tensor> pins_of(const std::vector<Line>& lines, const std::vector<Manual>& manual) {
  std::vector<Tensor> pins(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].symbol != nullptr && lines[i].target < manual.size()) {
      pins[i] = manual[lines[i].target].gradient;
    }
  }
  return pins;
}

std::vector<bool> leading_lines(const std::vector<Line>& lines, const std::vector<Known>& known) {
  std::vector<bool> leading(lines.size(), false);
  std::unordered_set<Expr> wanted;
  std::unordered_set<Expr> confirmed;
  for (std::size_t i = lines.size(); i-- > 0;) {
    const Line& line = lines[i];
    // A line that uses one with a manual gradient takes the manual gradient.
    const bool is_seen = !known[i].given && line.symbol != nullptr;
    const bool is_confirmed = is_seen && confirmed.contains(line.symbol);
    leading[i] = !is_confirmed && (known[i].remains || (is_seen && wanted.contains(line.symbol)));
    const bool confirms = is_confirmed || known[i].confirms;
    if (leading[i] || confirms) {
      for (Expr symbol : symbols_in(line.right)) {
        (confirms ? confirmed : wanted).insert(symbol);
      }
    }
  }
  return leading;
}

}  // namespace xgrad::check::diagnosis
