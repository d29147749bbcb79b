// The lines of the forward and of the backward pass, and what they are made of.
#include <algorithm>
#include <tuple>
#include <utility>

#include "formulas/formulas.hpp"

namespace xgrad::formulas {

const Name* Formulas::name_of(Expr e) const {
  if (e->head == Head::symbol) {
    if (const auto adjoint = adjoints_.find(e->node); adjoint != adjoints_.end()) {
      return &adjoint->second;
    }
    if (const auto abbreviation = abbreviations_.find(e->node); abbreviation != abbreviations_.end()) {
      return &abbreviation->second;
    }
    return names_->has(e->node) ? &names_->of(e->node) : nullptr;
  }
  const auto term = terms_.find(e);
  return term == terms_.end() ? nullptr : &term->second;
}

// What the formulas are made of, arguments first; without what is in `seen`, which they are added to.
std::vector<Expr> Formulas::new_parts(std::vector<Expr> roots, Marks& seen) {
  std::vector<Expr> stack = std::move(roots);
  std::vector<Expr> all;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (seen.insert(e)) {
      all.push_back(e);
      stack.insert(stack.end(), e->arguments.begin(), e->arguments.end());
    }
  }
  std::sort(all.begin(), all.end(), [](Expr a, Expr b) { return a->serial < b->serial; });
  return all;
}

std::vector<Expr> Formulas::parts_of(const std::vector<Line>& lines) const {
  std::vector<Expr> roots(lines.size());
  std::transform(lines.begin(), lines.end(), roots.begin(), [](const Line& line) { return line.right; });
  Marks seen{expressions_};
  return new_parts(std::move(roots), seen);
}

std::vector<Expr> Formulas::symbols() const {
  std::vector<Expr> result;
  std::unordered_set<const graph::Node*> seen;
  const auto add = [&](const graph::Node* node) {
    if (node != y_.node() && names_->has(node) && translation_->has(node) && seen.insert(node).second &&
        translation_->of(node)->head == Head::symbol) {
      result.push_back(translation_->of(node));
    }
  };
  for (const graph::Node* node : order_.nodes) {
    for (const graph::Node* input : node->inputs()) {
      add(input);
    }
    add(node);
  }
  return result;
}

std::vector<Formulas::Line> Formulas::abbreviations() const {
  std::vector<Line> lines;
  for (const graph::Node* node : translation_->abbreviated()) {
    const Expr symbol = translation_->of(node);
    lines.push_back({abbreviations_.at(node), expressions_.definition(symbol), symbol});
  }
  return lines;
}

Expr Formulas::target(std::size_t i) const {
  const graph::Node* node = targets_[i].node();
  return translation_->has(node) ? translation_->of(node) : nullptr;
}

std::vector<Formulas::Line> Formulas::forward_lines() {
  std::vector<Line> lines;
  std::unordered_set<const graph::Node*> outputs;
  for (const Tensor& output : outputs_) {
    outputs.insert(output.node());
  }
  for (const graph::Node* node : order_.nodes) {
    if (!names_->has(node)) {
      continue;
    }
    const Expr symbol = translation_->of(node);
    const bool is_output = outputs.contains(node);
    if (!is_output) {
      lines.push_back({names_->of(node), expressions_.definition(symbol), symbol});
    }
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const Expr e = translation_->of(outputs_[i].node());
    lines.push_back({output_names_[i], expressions_.definition(e), e->head == Head::symbol ? e : nullptr});
  }
  return lines;
}

std::vector<Formulas::Line> Formulas::backward_lines() const {
  // Where each node's named quantity stands; leaves stand where the first of their users is part of.
  std::unordered_map<const graph::Node*, std::size_t> place;
  for (std::size_t i = order_.nodes.size(); i-- > 0;) {
    const graph::Node* node = order_.nodes[i];
    if (names_->has(node)) {
      place[node] = i;
    }
    const std::size_t owner = place.contains(node) ? place.at(node) : i;
    for (const graph::Node* input : node->inputs()) {
      const auto [known, added] = place.try_emplace(input, owner);
      known->second = added ? owner : std::min(known->second, owner);
    }
  }
  struct Candidate {
    Line line;
    std::size_t place;
    std::size_t rank;    // δ before the parameters, those before of lower rank
    std::size_t number;  // in the order of the tensors
    bool needed;
  };
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < gradients_.size(); ++i) {
    const bool is_target = i >= interior_.size();
    const graph::Node* x = is_target ? targets_[i - interior_.size()].node() : interior_[i].node();
    const Expr e = translation_->of(gradients_[i].node());
    const bool is_defined = e->head == Head::symbol && adjoints_.contains(e->node);
    Line line;
    if (!is_target) {
      if (!is_defined || adjoints_.at(e->node).text != adjoint_name(x).text) {
        continue;
      }
      line = {adjoints_.at(e->node), expressions_.definition(e), e, Line::no_target, x};
    } else {
      line = {target_name(i - interior_.size()), e, nullptr, i - interior_.size(), x};
    }
    const bool is_first = !is_target || (is_defined && x->operation != nullptr);
    candidates.push_back({line, place.contains(x) ? place.at(x) : 0, is_first ? 0 : 1 + x->shape.rank(), i, is_target});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tuple{b.place, a.rank, a.number} < std::tuple{a.place, b.rank, b.number};
  });
  // Only those δ that lead to a target.
  std::unordered_map<Expr, std::size_t> definition;
  std::vector<Expr> roots;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].needed) {
      roots.push_back(candidates[i].line.right);
    } else {
      definition.emplace(candidates[i].line.symbol, i);
    }
  }
  Marks seen{expressions_};
  while (!roots.empty()) {
    std::vector<Expr> next;
    for (Expr part : new_parts(std::move(roots), seen)) {
      const auto defined = definition.find(part);
      if (defined != definition.end() && !std::exchange(candidates[defined->second].needed, true)) {
        next.push_back(candidates[defined->second].line.right);
      }
    }
    roots = std::move(next);
  }
  std::vector<Line> lines;
  for (const Candidate& candidate : candidates) {
    if (candidate.needed) {
      lines.push_back(candidate.line);
    }
  }
  return lines;
}

}  // namespace xgrad::formulas
