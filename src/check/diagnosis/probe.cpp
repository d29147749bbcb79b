#include "check/diagnosis/probe.hpp"

#include <algorithm>
#include <memory>

#include "xgrad/math.hpp"
#include "xgrad/plan.hpp"
#include "xgrad/random.hpp"

#include "derive/evaluation.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Evaluation;

// Many small graphs, each evaluated once: plans aren't worth making.
constexpr PlanOptions node_by_node{.simplify = false, .fuse = false};

}  // namespace

Probe::Probe(formulas::Formulas& pass, const LeafValues& leaf_values) : pass_{&pass} {
  const PlanScope scope{node_by_node};
  Evaluation evaluation{pass.expressions()};
  std::vector<Tensor> all;
  for (Expr symbol : pass.symbols()) {
    const bool is_leaf = symbol->node->operation == nullptr;
    if (const Tensor value = is_leaf && leaf_values ? leaf_values(*symbol->node) : Tensor{}; value.defined()) {
      evaluation.set(*symbol->node, value);
    }
    all.push_back(evaluation.of(symbol));
    given_.emplace(symbol->node, all.back());
  }
  eval(all);
}

Probe::LeafValues Probe::random_leaves(std::uint64_t seed) {
  return [random = std::make_shared<Random>(seed)](const graph::Node& leaf) {
    return is_floating(leaf.dtype) ? random->uniform(leaf.shape, 0.1, 1, leaf.dtype).eval() : Tensor{};
  };
}

void Probe::walk(const std::vector<Line>& lines,
                 const std::function<Tensor(std::size_t line, const Tensor& value)>& follow) {
  const PlanScope scope{node_by_node};
  Evaluation evaluation{pass_->expressions()};
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

Values Probe::selected(std::size_t target, const Tensor& tensor) const {
  if (target >= entries_.size() || entries_[target].empty()) {
    return values_of(tensor);
  }
  Values result(entries_[target].size());
  const auto copy = [&](const auto* data) {
    std::transform(entries_[target].begin(), entries_[target].end(), result.begin(),
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

std::vector<Values> Probe::gradients(const std::vector<Line>& lines, std::size_t changed, Expr formula,
                                     const std::vector<bool>& counted, std::size_t most) {
  prepare(lines);
  std::vector<Line> edited = lines;
  edited[changed].right = formula;
  // What depends on the line comes after it.
  std::vector<bool> affected(lines.size(), false);
  std::unordered_set<Expr> changed_symbols;
  std::size_t count = 0;
  for (std::size_t j = changed; j < lines.size() && count < most; ++j) {
    const std::unordered_set<Expr>& symbols = symbols_of(edited[j].right);
    affected[j] = j == changed || std::any_of(changed_symbols.begin(), changed_symbols.end(),
                                              [&symbols](Expr symbol) { return symbols.contains(symbol); });
    if (!affected[j]) {
      continue;
    }
    if (edited[j].symbol != nullptr && !is_pinned(j)) {
      changed_symbols.insert(edited[j].symbol);
    } else if (changed_symbols.empty() && edited[j].symbol != nullptr) {
      j = lines.size();  // nothing sees the change
      continue;
    }
    const std::size_t target = edited[j].target;
    count += target < counted.size() && counted[target] ? 1 : 0;
  }
  return run(edited, affected);
}

// The values of all lines that others may use, as they find them.
void Probe::prepare(const std::vector<Line>& lines) {
  std::vector<Expr> rights(lines.size());
  std::transform(lines.begin(), lines.end(), rights.begin(), [](const Line& line) { return line.right; });
  if (rights == prepared_) {
    return;
  }
  line_values_.clear();
  std::vector<Tensor> values;
  walk(lines, [&](std::size_t i, const Tensor& value) {
    const Tensor seen = is_pinned(i) ? pins_[i] : value;
    if (lines[i].symbol != nullptr) {
      line_values_.insert_or_assign(lines[i].symbol, seen);
      values.push_back(seen);
    }
    return seen;
  });
  const PlanScope scope{node_by_node};
  eval(values);
  prepared_ = std::move(rights);
}

std::vector<Values> Probe::run(const std::vector<Line>& lines, const std::vector<bool>& wanted) {
  const PlanScope scope{node_by_node};
  Evaluation evaluation{pass_->expressions()};
  for (const auto& [node, value] : given_) {
    evaluation.set(*node, value);
  }
  std::vector<Tensor> targets;
  std::vector<std::size_t> which;
  std::size_t count = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool is_target = lines[i].target != Line::no_target;
    count = is_target ? std::max(count, lines[i].target + 1) : count;
    if (!wanted[i]) {
      if (const auto known = line_values_.find(lines[i].symbol); known != line_values_.end()) {
        evaluation.set(*lines[i].symbol->node, known->second);
      }
      continue;
    }
    const Tensor value = evaluation.of(lines[i].right);
    if (lines[i].symbol != nullptr) {
      evaluation.set(*lines[i].symbol->node, is_pinned(i) ? pins_[i] : value);
    }
    if (is_target) {
      targets.push_back(value);
      which.push_back(lines[i].target);
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
