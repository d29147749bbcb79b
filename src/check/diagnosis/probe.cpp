#include "check/diagnosis/probe.hpp"

#include <algorithm>
#include <memory>

#include "xgrad/math.hpp"
#include "xgrad/plan.hpp"
#include "xgrad/random.hpp"

#include "check/entries/entries.hpp"
#include "formulas/evaluation.hpp"

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
    base_.emplace(symbol->node, all.back());
  }
  eval(all);
}

Probe::LeafValues Probe::random_leaves(std::uint64_t seed) {
  return [random = std::make_shared<Random>(seed)](const graph::Node& leaf) {
    return is_floating(leaf.dtype) ? random->uniform(leaf.shape, 0.1, 1, leaf.dtype).eval() : Tensor{};
  };
}

Probe::LeafValues Probe::shaken_leaves(std::uint64_t seed) {
  return [random = std::make_shared<Random>(seed)](const graph::Node& leaf) {
    return is_floating(leaf.dtype)
               ? (graph::handle(&leaf).detach() * random->uniform(leaf.shape, 0.9, 1.1, leaf.dtype)).eval()
               : Tensor{};
  };
}

void Probe::walk(const std::vector<Line>& lines,
                 const std::function<Tensor(std::size_t line, const Tensor& value)>& follow) {
  const PlanScope scope{node_by_node};
  Evaluation evaluation{pass_->expressions(), base_};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Tensor value = follow(i, evaluation.of(lines[i].right));
    if (lines[i].symbol != nullptr) {
      evaluation.set(*lines[i].symbol->node, value);
    }
  }
}

Values Probe::selected(std::size_t target, const Tensor& tensor) const {
  if (target >= entries_.size() || entries_[target].empty()) {
    return as_doubles(tensor);
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

const std::vector<Expr>& Probe::symbols_of(Expr root) {
  const auto known = symbols_.find(root);
  return known != symbols_.end() ? known->second : symbols_.emplace(root, symbols_in(root)).first->second;
}

std::vector<Values> Probe::gradients(const std::vector<Line>& lines) {
  prepare(lines);
  std::vector<bool> wanted(lines.size());
  std::transform(lines.begin(), lines.end(), wanted.begin(),
                 [](const Line& line) { return line.target != Line::no_target; });
  return run(lines, wanted, lines.size(), nullptr);
}

std::vector<Values> Probe::gradients(const std::vector<Line>& lines, std::size_t changed, Expr formula,
                                     const std::vector<bool>& counted, std::size_t most) {
  prepare(lines);
  // Lines that depend on this one come after it.
  std::vector<bool> affected(lines.size(), false);
  std::vector<Expr> changed_symbols;
  std::size_t count = 0;
  for (std::size_t j = changed; j < lines.size() && count < most; ++j) {
    const Line& line = lines[j];
    if (j != changed) {
      const std::vector<Expr>& symbols = symbols_of(line.right);
      affected[j] = std::find_first_of(symbols.begin(), symbols.end(), changed_symbols.begin(),
                                       changed_symbols.end()) != symbols.end();
    } else {
      affected[j] = true;
    }
    if (!affected[j]) {
      continue;
    }
    if (line.symbol != nullptr && !is_pinned(j)) {
      changed_symbols.push_back(line.symbol);
    }
    count += line.target < counted.size() && counted[line.target] ? 1 : 0;
    if (changed_symbols.empty()) {
      break;  // nothing sees the change
    }
  }
  return run(lines, affected, changed, formula);
}

std::vector<Values> Probe::edited_gradients(const std::vector<Line>& lines, const std::vector<Line>& edited) {
  prepare(lines);
  std::vector<bool> affected(lines.size(), false);
  std::vector<Expr> changed_symbols;
  for (std::size_t j = 0; j < lines.size(); ++j) {
    const std::vector<Expr>& symbols = symbols_of(edited[j].right);
    affected[j] = edited[j].right != lines[j].right ||
                  std::find_first_of(symbols.begin(), symbols.end(), changed_symbols.begin(), changed_symbols.end()) !=
                      symbols.end();
    if (affected[j] && lines[j].symbol != nullptr && !is_pinned(j)) {
      changed_symbols.push_back(lines[j].symbol);
    }
  }
  return run(edited, affected, edited.size(), nullptr);
}

// Adds the values of all lines that others use, pinned ones included, to the symbols' values.
void Probe::prepare(const std::vector<Line>& lines) {
  const bool is_prepared = std::equal(lines.begin(), lines.end(), prepared_.begin(), prepared_.end(),
                                      [](const Line& line, Expr right) { return line.right == right; });
  if (is_prepared) {
    return;
  }
  for (const Line& line : lines) {
    if (line.symbol != nullptr) {
      base_.erase(line.symbol->node);
    }
  }
  prepared_.clear();
  const PlanScope scope{node_by_node};
  std::vector<const graph::Node*> nodes;
  std::vector<Tensor> values;
  {
    Evaluation evaluation{pass_->expressions(), base_};
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].symbol != nullptr) {
        nodes.push_back(lines[i].symbol->node);
        values.push_back(is_pinned(i) ? pins_[i] : evaluation.of(lines[i].right));
        evaluation.set(*nodes.back(), values.back());
      }
    }
  }
  eval(values);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    base_.emplace(nodes[i], values[i]);
  }
  prepared_.resize(lines.size());
  std::transform(lines.begin(), lines.end(), prepared_.begin(), [](const Line& line) { return line.right; });
}

// With another formula in one of the lines, if it isn't null.
std::vector<Values> Probe::run(const std::vector<Line>& lines, const std::vector<bool>& wanted, std::size_t changed,
                               Expr formula) {
  const PlanScope scope{node_by_node};
  Evaluation evaluation{pass_->expressions(), base_};
  std::vector<Tensor> targets;
  std::vector<std::size_t> which;
  std::size_t count = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    const bool is_target = line.target != Line::no_target;
    count = is_target ? std::max(count, line.target + 1) : count;
    if (!wanted[i]) {
      continue;
    }
    const Tensor value = evaluation.of(i == changed ? formula : line.right);
    if (line.symbol != nullptr) {
      evaluation.set(*line.symbol->node, is_pinned(i) ? pins_[i] : value);
    }
    if (is_target) {
      targets.push_back(value);
      which.push_back(line.target);
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
