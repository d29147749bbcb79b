#include "check/diagnosis/probe.hpp"

#include <algorithm>
#include <unordered_set>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/plan.hpp"
#include "xgrad/random.hpp"

#include "derive/evaluation.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Evaluation;
using formulas::Head;

// Many small graphs, each evaluated once: plans aren't worth making.
constexpr PlanOptions node_by_node{.simplify = false, .fuse = false};

Values doubles_of(const Tensor& tensor) {
  return cast(tensor, float64).to_vector<double>();
}

void collect_symbols(Expr root, std::unordered_set<Expr>& symbols) {
  std::vector<Expr> stack{root};
  std::unordered_set<Expr> seen;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (!seen.insert(e).second) {
      continue;
    }
    if (e->head == Head::symbol) {
      symbols.insert(e);
    }
    stack.insert(stack.end(), e->arguments.begin(), e->arguments.end());
  }
}

}  // namespace

Probe::Probe(formulas::Formulas& pass, std::uint64_t seed) : pass_{pass} {
  const PlanScope scope{node_by_node};
  Random random{seed};
  Evaluation evaluation{pass.expressions()};
  std::vector<Tensor> all;
  for (Expr symbol : pass.symbols()) {
    const bool is_leaf = symbol->node->operation == nullptr;
    if (is_leaf && seed != 0 && is_floating(symbol->dtype)) {
      // Positive, so that logarithms stay defined.
      evaluation.set(*symbol->node, random.uniform(symbol->shape, 0.1, 1, symbol->dtype).eval());
    }
    all.push_back(evaluation.of(symbol));
    given_.emplace(symbol->node, all.back());
  }
  eval(all);
}

Values Probe::value(Expr e) {
  const PlanScope scope{node_by_node};
  Evaluation evaluation{pass_.expressions()};
  for (const auto& [node, value] : given_) {
    evaluation.set(*node, value);
  }
  return doubles_of(evaluation.of(e));
}

std::vector<Values> Probe::gradients(const std::vector<Line>& lines) {
  return run(lines, std::vector<bool>(lines.size(), true));
}

std::vector<Values> Probe::gradients(const std::vector<Line>& lines, std::size_t changed, Expr formula) {
  std::vector<Line> edited = lines;
  edited[changed].right = formula;
  // What depends on the line; the order of computation is that of the lines.
  std::vector<bool> affected(lines.size(), false);
  affected[changed] = true;
  for (bool again = true; again;) {
    again = false;
    for (std::size_t j = 0; j < lines.size(); ++j) {
      if (affected[j]) {
        continue;
      }
      std::unordered_set<Expr> symbols;
      collect_symbols(edited[j].right, symbols);
      for (std::size_t k = 0; k < lines.size() && !affected[j]; ++k) {
        if (affected[k] && lines[k].symbol != nullptr && symbols.contains(lines[k].symbol)) {
          affected[j] = again = true;
        }
      }
    }
  }
  return run(edited, affected);
}

std::vector<Values> Probe::run(const std::vector<Line>& lines, const std::vector<bool>& wanted) {
  const PlanScope scope{node_by_node};
  Evaluation evaluation{pass_.expressions()};
  for (const auto& [node, value] : given_) {
    evaluation.set(*node, value);
  }
  std::vector<Tensor> targets;
  std::vector<std::size_t> which;
  std::size_t count = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].symbol != nullptr) {
      evaluation.set(*lines[i].symbol->node, evaluation.of(lines[i].right));
    }
    if (lines[i].target != formulas::Formulas::no_target) {
      count = std::max(count, lines[i].target + 1);
      if (wanted[i]) {
        targets.push_back(evaluation.of(lines[i].right));
        which.push_back(lines[i].target);
      }
    }
  }
  eval(targets);
  std::vector<Values> result(count);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    result[which[i]] = doubles_of(targets[i]);
  }
  return result;
}

}  // namespace xgrad::check::diagnosis
