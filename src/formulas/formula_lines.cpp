// The lines of the forward and of the backward pass, and their subformulas.
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
    return names_.has(e->node) ? &names_.of(e->node) : nullptr;
  }
  const auto term = terms_.find(e);
  return term == terms_.end() ? nullptr : &term->second;
}

// The subformulas of these and themselves, arguments first, but for those in `seen`. Adds them to `seen`.
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
    if (node != passes_.y.node() && names_.has(node) && translation_.has(node) && seen.insert(node).second &&
        translation_.of(node)->head == Head::symbol) {
      result.push_back(translation_.of(node));
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
  for (const graph::Node* node : translation_.abbreviated()) {
    const Expr symbol = translation_.of(node);
    lines.push_back({abbreviations_.at(node), expressions_.definition(symbol), symbol});
  }
  return lines;
}

Expr Formulas::target(std::size_t i) const {
  const graph::Node* node = passes_.targets[i].tensor.node();
  return translation_.has(node) ? translation_.of(node) : nullptr;
}

std::vector<Formulas::Line> Formulas::forward_lines() const {
  std::vector<Line> lines;
  std::unordered_set<const graph::Node*> outputs;
  for (const NamedTensor& output : passes_.outputs) {
    outputs.insert(output.tensor.node());
  }
  for (const graph::Node* node : order_.nodes) {
    if (names_.has(node) && !outputs.contains(node)) {
      const Expr symbol = translation_.of(node);
      lines.push_back({names_.of(node), expressions_.definition(symbol), symbol});
    }
  }
  for (const NamedTensor& output : passes_.outputs) {
    const Expr e = translation_.of(output.tensor.node());
    lines.push_back({make_name(output.name), expressions_.definition(e), e->head == Head::symbol ? e : nullptr});
  }
  return lines;
}

struct Formulas::Candidate {
  Line line;
  std::size_t position;  // of the tensor that it is the gradient of
  std::size_t rank;      // of lines at one position: δ, then gradients of targets by their rank
  bool needed;
  std::size_t number = 0;  // among all candidates: of lines alike in the above the earlier comes first
};

std::vector<Formulas::Line> Formulas::backward_lines() const {
  std::vector<Candidate> all = candidates();
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].number = i;
  }
  std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    return std::tuple{b.position, a.rank, a.number} < std::tuple{a.position, b.rank, b.number};
  });
  mark_needed(all);
  std::vector<Line> lines;
  for (const Candidate& candidate : all) {
    if (candidate.needed) {
      lines.push_back(candidate.line);
    }
  }
  return lines;
}

// The index in the order of the named tensor that each node is part of; of a leaf, that of the first of its users.
std::unordered_map<const graph::Node*, std::size_t> Formulas::positions() const {
  std::unordered_map<const graph::Node*, std::size_t> position;
  position.reserve(order_.nodes.size());
  for (std::size_t i = order_.nodes.size(); i-- > 0;) {
    const graph::Node* node = order_.nodes[i];
    if (names_.has(node)) {
      position[node] = i;
    }
    const std::size_t owner = position.contains(node) ? position.at(node) : i;
    for (const graph::Node* input : node->inputs()) {
      const auto [known, added] = position.try_emplace(input, owner);
      known->second = added ? owner : std::min(known->second, owner);
    }
  }
  return position;
}

// δ of interior tensors, each once, and a line for each target, which alone are needed in any case.
std::vector<Formulas::Candidate> Formulas::candidates() const {
  const std::unordered_map<const graph::Node*, std::size_t> positions = this->positions();
  const auto position_of = [&positions](const graph::Node* node) {
    const auto known = positions.find(node);
    return known == positions.end() ? 0 : known->second;
  };
  const auto is_adjoint = [this](Expr e) { return e->head == Head::symbol && adjoints_.contains(e->node); };
  std::vector<Candidate> result;
  for (const Differentiated& each : passes_.interior) {
    const graph::Node* x = each.tensor.node();
    const Expr e = translation_.of(each.gradient.node());
    if (is_adjoint(e) && adjoints_.at(e->node).text == adjoint_name(x).text) {
      const Line line{adjoints_.at(e->node), expressions_.definition(e), e, Line::no_target, x};
      result.push_back({line, position_of(x), 0, false});
    }
  }
  for (std::size_t i = 0; i < passes_.targets.size(); ++i) {
    const graph::Node* x = passes_.targets[i].tensor.node();
    const Expr e = translation_.of(passes_.targets[i].gradient.node());
    const bool follows_its_adjoint = x->operation != nullptr && is_adjoint(e);
    const Line line{target_name(i), e, nullptr, i, x};
    result.push_back({line, position_of(x), follows_its_adjoint ? 0 : 1 + x->shape.rank(), true});
  }
  return result;
}

// A δ is needed if a line that is needed uses it, itself or in what it abbreviates.
void Formulas::mark_needed(std::vector<Candidate>& candidates) const {
  std::unordered_map<Expr, Candidate*> definition;
  std::vector<Expr> roots;
  for (Candidate& candidate : candidates) {
    if (candidate.needed) {
      roots.push_back(candidate.line.right);
    } else {
      definition.emplace(candidate.line.symbol, &candidate);
    }
  }
  std::unordered_map<Expr, Expr> abbreviated;
  for (const graph::Node* node : translation_.abbreviated()) {
    const Expr symbol = translation_.of(node);
    abbreviated.emplace(symbol, expressions_.definition(symbol));
  }
  Marks seen{expressions_};
  while (!roots.empty()) {
    std::vector<Expr> next;
    for (Expr part : new_parts(std::move(roots), seen)) {
      if (const auto whole = abbreviated.find(part); whole != abbreviated.end()) {
        next.push_back(whole->second);
      }
      const auto defined = definition.find(part);
      if (defined != definition.end() && !std::exchange(defined->second->needed, true)) {
        next.push_back(defined->second->line.right);
      }
    }
    roots = std::move(next);
  }
}

}  // namespace xgrad::formulas
