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

// Many small graphs, each evaluated once: plans aren't worth making.
constexpr PlanOptions node_by_node{.simplify = false, .fuse = false};

Values doubles_of(const Tensor& tensor) {
  return cast(tensor, float64).to_vector<double>();
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

void Probe::walk(const std::vector<Line>& lines,
                 const std::function<Tensor(std::size_t line, const Tensor& value)>& follow) {
  const PlanScope scope{node_by_node};
  Evaluation evaluation{pass_.expressions()};
  for (const auto& [node, value] : given_) {
    evaluation.set(*node, value);
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Tensor value = follow(i, evaluation.of(lines[i].right));
    if (lines[i].symbol != nullptr) {
      evaluation.set(*lines[i].symbol->node, value);
    }
  }
}

Values Probe::selected(std::size_t parameter, const Tensor& tensor) const {
  if (parameter >= entries_.size() || entries_[parameter].empty()) {
    return doubles_of(tensor);
  }
  Values result(entries_[parameter].size());
  const auto copy = [&](const auto* data) {
    std::transform(entries_[parameter].begin(), entries_[parameter].end(), result.begin(),
                   [data](std::size_t i) { return static_cast<double>(data[i]); });
  };
  if (tensor.dtype() == float64) {
    copy(tensor.data<double>().data());
  } else {
    copy(tensor.data<float>().data());
  }
  return result;
}

const std::unordered_set<Expr>& Probe::symbols_of(Expr root) {
  const auto known = symbols_.find(root);
  return known != symbols_.end() ? known->second : symbols_.emplace(root, symbols_in(root)).first->second;
}

std::vector<Values> Probe::gradients(const std::vector<Line>& lines) {
  return run(lines, std::vector<bool>(lines.size(), true));
}

std::vector<Values> Probe::gradients(const std::vector<Line>& lines, std::size_t changed, Expr formula) {
  prepare(lines);
  std::vector<Line> edited = lines;
  edited[changed].right = formula;
  // What depends on the line comes after it.
  std::vector<bool> affected(lines.size(), false);
  std::unordered_set<Expr> changed_symbols;
  for (std::size_t j = changed; j < lines.size(); ++j) {
    const std::unordered_set<Expr>& symbols = symbols_of(edited[j].right);
    affected[j] = j == changed || std::any_of(changed_symbols.begin(), changed_symbols.end(),
                                              [&symbols](Expr symbol) { return symbols.contains(symbol); });
    if (affected[j] && edited[j].symbol != nullptr) {
      changed_symbols.insert(edited[j].symbol);
    }
  }
  return run(edited, affected);
}

// The values of all lines that others may use.
void Probe::prepare(const std::vector<Line>& lines) {
  std::vector<Expr> rights;
  rights.reserve(lines.size());
  for (const Line& line : lines) {
    rights.push_back(line.right);
  }
  if (rights == prepared_) {
    return;
  }
  line_values_.clear();
  std::vector<Tensor> values;
  walk(lines, [&](std::size_t i, const Tensor& value) {
    if (lines[i].symbol != nullptr) {
      line_values_.insert_or_assign(lines[i].symbol, value);
      values.push_back(value);
    }
    return value;
  });
  const PlanScope scope{node_by_node};
  eval(values);
  prepared_ = std::move(rights);
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
      evaluation.set(*lines[i].symbol->node,
                     wanted[i] ? evaluation.of(lines[i].right) : line_values_.at(lines[i].symbol));
    }
    if (lines[i].target != Line::no_target) {
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
    result[which[i]] = selected(which[i], targets[i]);
  }
  return result;
}

}  // namespace xgrad::check::diagnosis
