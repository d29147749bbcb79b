#include "derive/derivation.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/derive.hpp"
#include "xgrad/error.hpp"

#include "compile/kind.hpp"
#include "compile/simplify.hpp"
#include "derive/evaluation.hpp"
#include "derive/names.hpp"
#include "derive/printing.hpp"
#include "derive/translation.hpp"
#include "graph/order.hpp"

namespace xgrad::formulas {

namespace {

using Nodes = std::vector<const graph::Node*>;

std::vector<const graph::Node*> nodes_of(std::span<const Tensor> tensors) {
  Nodes nodes;
  std::transform(tensors.begin(), tensors.end(), std::back_inserter(nodes),
                 [](const Tensor& tensor) { return tensor.node(); });
  return nodes;
}

/// stop_gradient, in a form that simplification before differentiation doesn't take for nothing.
class StopGradient final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "stop_gradient"; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    std::memcpy(output.data, inputs[0].data, static_cast<std::size_t>(output.shape.size()) * size_of(output.dtype));
  }
};

/// The same graph without values: what has been evaluated could not be looked into.
class Copy {
 public:
  explicit Copy(std::span<const Tensor> tensors) {
    const graph::Order order = graph::topological_order(nodes_of(tensors), graph::Boundary::leaves);
    for (const graph::Node* node : order.nodes) {
      std::vector<Tensor> inputs;
      for (const graph::Node* input : node->inputs()) {
        inputs.push_back(of(graph::handle(input)));
      }
      const graph::ScopeGuard scope{node->scope};
      const bool stops = planning::kind_of(*node->operation) == planning::Kind::stop_gradient;
      const Tensor copy = xgrad::apply(stops ? std::make_shared<const StopGradient>() : node->operation, inputs);
      copy.node()->name = node->name;
      copies_.emplace(node, copy);
    }
  }

  [[nodiscard]] Tensor of(const Tensor& original) const {
    const auto copy = copies_.find(original.node());
    return copy == copies_.end() ? original : copy->second;
  }

 private:
  std::unordered_map<const graph::Node*, Tensor> copies_;
};

// Class probabilities: no element negative, and Σ = 1 along the last axis.
bool is_distribution(const graph::Node& leaf) {
  if (leaf.history || leaf.operation != nullptr || !is_floating(leaf.dtype) || leaf.shape.rank() == 0 ||
      leaf.shape.size() == 0) {
    return false;
  }
  const auto value = [&leaf](std::size_t i) {
    return leaf.dtype == float32 ? static_cast<double>(static_cast<const float*>(leaf.value.data())[i])
                                 : static_cast<const double*>(leaf.value.data())[i];
  };
  const auto columns = static_cast<std::size_t>(leaf.shape.back());
  const auto size = static_cast<std::size_t>(leaf.shape.size());
  for (std::size_t row = 0; row < size; row += columns) {
    double total = 0;
    for (std::size_t i = row; i < row + columns; ++i) {
      if (!(value(i) >= 0)) {
        return false;
      }
      total += value(i);
    }
    if (!(std::abs(total - 1) < (leaf.dtype == float32 ? 1e-6 : 1e-14))) {
      return false;
    }
  }
  return columns > 1;
}

}  // namespace

Formulas::Formulas(const Tensor& y, std::span<const Tensor> xs, const DeriveOptions& options) {
  std::vector<Tensor> all{y};
  all.insert(all.end(), xs.begin(), xs.end());
  const Copy copy{all};
  std::unordered_map<const graph::Node*, std::string> given;
  for (const NamedTensor& named : options.names) {
    given.emplace(copy.of(named.tensor).node(), named.name);
  }
  for (const Tensor& x : xs) {
    targets_.push_back(copy.of(x));
  }

  // The forward pass in its stable form, and what of it has a name.
  std::vector<Tensor> forward{copy.of(y)};
  forward.insert(forward.end(), targets_.begin(), targets_.end());
  const auto keep_named = [&](const Tensor& root) {
    const graph::Node* node = root.node();
    for (const graph::Node* each : graph::topological_order({&node, 1}, graph::Boundary::leaves).nodes) {
      if (each->name || given.contains(each)) {
        forward.push_back(graph::handle(each));
      }
    }
  };
  keep_named(forward.front());
  const std::vector<Tensor> before = forward;
  forward = planning::simplify(forward, {});
  const auto follow = [&given](const std::vector<Tensor>& from, const std::vector<Tensor>& to) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (const auto name = given.find(from[i].node()); name != given.end()) {
        given.emplace(to[i].node(), std::string{name->second});
      }
    }
  };
  follow(before, forward);
  const std::size_t target_count = targets_.size();

  // The backward pass: of what has a name, and of the targets.
  const graph::Node* root = forward.front().node();
  const graph::Order order = graph::topological_order({&root, 1}, graph::Boundary::leaves);
  const Names first_names{order, *root, given};
  std::vector<Tensor> interior;
  for (const graph::Node* node : order.nodes) {
    const bool wanted = first_names.is_preactivation(node) || node->name || given.contains(node);
    if (wanted && node != root && is_floating(node->dtype) && node->history) {
      interior.push_back(graph::handle(node));
    }
  }
  std::vector<Tensor> sources = interior;
  sources.insert(sources.end(), forward.begin() + 1, forward.begin() + 1 + static_cast<std::ptrdiff_t>(target_count));
  std::vector<Tensor> cotangents;
  if (!xs.empty()) {
    static_cast<void>(gradients(y, xs, {.cotangent = options.cotangent}));  // its errors, with the caller's tensors
    cotangents =
        gradients(forward.front(), sources, {.cotangent = options.cotangent, .unconnected = Unconnected::zeros});
  }

  // Both together, so that they share what is equal.
  std::vector<Tensor> joint = forward;
  joint.insert(joint.end(), interior.begin(), interior.end());
  joint.insert(joint.end(), cotangents.begin(), cotangents.end());
  const std::vector<Tensor> unsimplified = joint;
  joint = planning::simplify(joint, {});
  follow(unsimplified, joint);
  kept_ = joint;
  y_ = joint.front();
  named_.assign(joint.begin() + 1 + static_cast<std::ptrdiff_t>(target_count),
                joint.begin() + static_cast<std::ptrdiff_t>(forward.size()));
  const auto middle = joint.begin() + static_cast<std::ptrdiff_t>(forward.size());
  for (std::size_t i = 0; i < target_count; ++i) {
    targets_[i] = joint[1 + i];
  }
  interior_.assign(middle, middle + static_cast<std::ptrdiff_t>(interior.size()));
  gradients_.assign(middle + static_cast<std::ptrdiff_t>(interior.size()), joint.end());
  translate(given, options);
}

Formulas::Formulas(const std::vector<NamedTensor>& tensors, const DeriveOptions& options) {
  std::vector<Tensor> all;
  all.reserve(tensors.size());
  for (const NamedTensor& each : tensors) {
    all.push_back(each.tensor);
  }
  const Copy copy{all};
  std::unordered_map<const graph::Node*, std::string> given;
  for (const NamedTensor& named : options.names) {
    given.emplace(copy.of(named.tensor).node(), named.name);
  }
  std::vector<Tensor> before;
  for (const NamedTensor& each : tensors) {
    before.push_back(copy.of(each.tensor));
    given.insert_or_assign(before.back().node(), each.name);
  }
  const std::vector<Tensor> after = planning::simplify(before, {});
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (after[i].node()->operation != nullptr) {
      given.insert_or_assign(after[i].node(), tensors[i].name);
    }
  }
  kept_ = after;
  outputs_ = after;
  for (const NamedTensor& each : tensors) {
    output_names_.push_back(make_name(each.name));
  }
  translate(given, options);
}

void Formulas::translate(const std::unordered_map<const graph::Node*, std::string>& given,
                         const DeriveOptions& options) {
  std::vector<Tensor> roots = outputs_;
  roots.insert(roots.end(), named_.begin(), named_.end());
  if (y_.defined()) {
    roots.push_back(y_);
  }
  order_ = graph::topological_order(nodes_of(roots), graph::Boundary::leaves);
  names_ = std::make_unique<Names>(order_, *roots.back().node(), given);
  // δ of what has a name, if it isn't itself something with a name.
  std::unordered_set<const graph::Node*> symbols;
  for (const auto& [node, name] : names_->all()) {
    symbols.insert(node);
  }
  cotangent_ = options.cotangent;
  if (options.cotangent.defined()) {
    names_->add(options.cotangent.node(), options.cotangent.name().empty() ? "G" : options.cotangent.name(), 0);
    symbols.insert(options.cotangent.node());
  }
  for (std::size_t i = 0; i < interior_.size(); ++i) {
    const graph::Node* node = gradients_[i].node();
    if (node->operation == nullptr || names_->has(node) || adjoints_.contains(node)) {
      continue;
    }
    adjoints_.emplace(node, adjoint_name(interior_[i].node()));
    symbols.insert(node);
  }
  symbols_ = std::move(symbols);
  translation_ = std::make_unique<Translation>(expressions_, symbols_);
  for (const graph::Node* node : order_.nodes) {
    for (const graph::Node* input : node->inputs()) {
      if (names_->has(input) && is_distribution(*input)) {
        expressions_.sums_to_one(*input, static_cast<std::int64_t>(input->shape.rank()) - 1);
      }
    }
  }
  translation_->add(roots);
  translation_->add(gradients_);
  for (const graph::Node* node : translation_->abbreviated()) {
    abbreviations_.emplace(node, make_name("t"));
  }
}

Name Formulas::adjoint_name(const graph::Node* node) const {
  if (names_->is_preactivation(node) && !node->name) {
    return make_name("δ", names_->layer(node));
  }
  return with_subscript("δ", names_->has(node) ? names_->of(node) : make_name("u"));
}

Name Formulas::derivative_name(const graph::Node* node) const {
  const Name of = cotangent_.defined() ? make_name("Loss") : names_->of(y_.node());
  const Name by = names_->has(node) ? names_->of(node) : make_name("u");
  return {fmt::format("∂{}/∂{}", of.text, by.text),
          fmt::format("\\frac{{\\partial {}}}{{\\partial {}}}", of.latex, by.latex)};
}

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

// What the formulas are made of, arguments first.
std::vector<Expr> Formulas::parts_of(const std::vector<Line>& lines) {
  std::vector<Expr> stack;
  stack.reserve(lines.size());
  for (const Line& line : lines) {
    stack.push_back(line.right);
  }
  std::unordered_set<Expr> seen;
  std::vector<Expr> all;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (seen.insert(e).second) {
      all.push_back(e);
      stack.insert(stack.end(), e->arguments.begin(), e->arguments.end());
    }
  }
  std::sort(all.begin(), all.end(), [](Expr a, Expr b) { return a->serial < b->serial; });
  return all;
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
  for (const graph::Node* node : order_.nodes) {
    if (!names_->has(node)) {
      continue;
    }
    const Expr symbol = translation_->of(node);
    const bool is_output =
        std::any_of(outputs_.begin(), outputs_.end(), [&](const Tensor& t) { return t.node() == node; });
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
      line = {adjoints_.at(e->node), expressions_.definition(e), e, no_target, x};
    } else {
      line = {derivative_name(x), e, nullptr, i - interior_.size(), x};
    }
    candidates.push_back(
        {line, place.contains(x) ? place.at(x) : 0, is_target ? 1 + x->shape.rank() : 0, i, is_target});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tuple{b.place, a.rank, a.number} < std::tuple{a.place, b.rank, b.number};
  });
  // Only those δ that lead to a target.
  for (bool again = true; again;) {
    again = false;
    std::vector<Line> needed;
    for (const Candidate& candidate : candidates) {
      if (candidate.needed) {
        needed.push_back(candidate.line);
      }
    }
    const std::vector<Expr> parts = parts_of(needed);
    for (Candidate& candidate : candidates) {
      if (!candidate.needed && std::find(parts.begin(), parts.end(), candidate.line.symbol) != parts.end()) {
        candidate.needed = again = true;
      }
    }
  }
  std::vector<Line> lines;
  for (const Candidate& candidate : candidates) {
    if (candidate.needed) {
      lines.push_back(candidate.line);
    }
  }
  return lines;
}

Derivation Formulas::write(const DeriveOptions& options) {
  std::vector<Line> forward = forward_lines();
  std::vector<Line> backward = backward_lines();
  // σ(z) that the loss has swallowed is an activation all the same.
  for (Expr e : parts_of(backward)) {
    if (e->head == Head::function && !e->primed && e->arguments[0]->head == Head::symbol &&
        names_->is_preactivation(e->arguments[0]->node) &&
        (is_builtin(*e->operation, "sigmoid") || is_builtin(*e->operation, "softmax"))) {
      const Name name = make_name("a", names_->layer(e->arguments[0]->node));
      const bool taken =
          std::any_of(forward.begin(), forward.end(), [&](const Line& line) { return line.left.text == name.text; });
      if (!taken) {
        terms_.emplace(e, name);
        forward.insert(forward.end() - 1, Line{name, e});
      }
    }
  }
  name_terms(options, forward, backward);
  Derivation result;
  result.forward = equations(forward);
  result.backward = equations(backward);
  label(result);
  note(result, forward, backward);
  return result;
}

// What is used twice, or makes a line too long, gets a name and a line of its own.
void Formulas::name_terms(const DeriveOptions& options, std::vector<Line>& forward, std::vector<Line>& backward) {
  constexpr std::size_t worth_sharing = 4;
  std::vector<Line> all = forward;
  all.insert(all.end(), backward.begin(), backward.end());
  std::unordered_map<Expr, std::size_t> uses;
  std::unordered_set<Expr> roots;
  for (const graph::Node* node : translation_->abbreviated()) {
    all.push_back({abbreviations_.at(node), expressions_.definition(translation_->of(node)), translation_->of(node)});
  }
  const std::vector<Expr> parts = parts_of(all);
  for (const Line& line : all) {
    roots.insert(line.right);
    ++uses[line.right];
  }
  for (Expr e : parts) {
    for (Expr argument : e->arguments) {
      ++uses[argument];
    }
  }
  std::unordered_set<Expr> made;                 // the terms without a line before
  std::unordered_map<Expr, std::size_t> length;  // of what is written in its place
  for (Expr e : parts) {
    std::size_t total = 4;
    if (e->head == Head::symbol || e->head == Head::number) {
      total = 3;
    } else if (e->head == Head::call) {
      total = 12;
    }
    for (Expr argument : e->arguments) {
      total += length.at(argument);
    }
    const bool may = e->head != Head::symbol && e->head != Head::number && e->head != Head::spread &&
                     !e->arguments.empty() && !terms_.contains(e) && e->dtype != boolean;
    const bool is_root = roots.contains(e);
    const bool shared = uses[e] > 1 && (e->weight >= worth_sharing || is_root) && !(is_root && uses[e] == 1);
    const bool too_long = total > options.line_width && !is_root;
    if (may && (shared || too_long)) {
      // A line that already defines it lends its name.
      const auto line = std::find_if(all.begin(), all.end(), [e](const Line& each) { return each.right == e; });
      if (line != all.end()) {
        if (e->weight >= worth_sharing) {
          terms_.emplace(e, line->left);
          total = characters(line->left.text);
        }
      } else {
        terms_.emplace(e, make_name("t"));
        made.insert(e);
        total = 2;
      }
    } else if (terms_.contains(e)) {
      total = 2;
    }
    length[e] = total;
  }
  // A term's line comes before the first that uses it.
  std::unordered_set<Expr> placed;
  for (std::size_t i = 0; i < forward.size() + backward.size(); ++i) {
    placed.insert(all[i].right);
  }
  for (std::vector<Line>* lines : {&forward, &backward}) {
    std::vector<Line> result;
    for (const Line& line : *lines) {
      std::vector<Line> waiting{line};
      while (!waiting.empty()) {
        const Line next = waiting.back();
        const std::size_t before = waiting.size();
        for (Expr e : parts_of({next})) {
          const bool abbreviated = e->head == Head::symbol && abbreviations_.contains(e->node);
          const Expr right = abbreviated ? expressions_.definition(e) : e;
          if ((abbreviated || (e != next.right && terms_.contains(e))) && placed.insert(right).second) {
            waiting.push_back({*name_of(e), right, abbreviated ? e : nullptr});
          }
        }
        if (waiting.size() == before) {
          result.push_back(next);
          waiting.pop_back();
        } else {
          // What was met first is needed first.
          std::reverse(waiting.begin() + static_cast<std::ptrdiff_t>(before), waiting.end());
        }
      }
    }
    *lines = std::move(result);
  }
  // Numbered in the order in which they stand.
  std::size_t count = 0;
  for (std::vector<Line>* lines : {&forward, &backward}) {
    for (Line& line : *lines) {
      const bool abbreviated = line.symbol != nullptr && abbreviations_.contains(line.symbol->node);
      if (!abbreviated && !made.contains(line.right)) {
        continue;
      }
      do {
        line.left = make_name("t", ++count);
      } while (names_->is_taken(line.left.text));
      if (abbreviated) {
        abbreviations_.insert_or_assign(line.symbol->node, line.left);
      } else {
        terms_.insert_or_assign(line.right, line.left);
      }
    }
  }
}

std::vector<Equation> Formulas::equations(const std::vector<Line>& lines) {
  const auto names = [this](Expr e) { return name_of(e); };
  Printer text{Dialect::text, names};
  Printer latex{Dialect::latex, names};
  Evaluation evaluation{expressions_};
  std::vector<Equation> result;
  for (const Line& line : lines) {
    // A name lent to this very formula isn't its own definition.
    const bool alias = terms_.contains(line.right) && terms_.at(line.right).text != line.left.text;
    Equation equation;
    equation.left = line.left.text;
    equation.latex_left = line.left.latex;
    equation.right = alias ? terms_.at(line.right).text : text.of(line.right);
    equation.latex_right = alias ? terms_.at(line.right).latex : latex.of(line.right);
    equation.shape = line.right->shape;
    equation.value = evaluation.of(line.right);
    std::vector<Expr> stack{line.right->arguments.rbegin(), line.right->arguments.rend()};
    if (alias) {
      stack = {line.right};
    }
    if (line.right->head == Head::symbol) {
      stack.push_back(line.right);
    }
    while (!stack.empty()) {
      const Expr e = stack.back();
      stack.pop_back();
      if (const Name* name = name_of(e)) {
        if (std::find(equation.uses.begin(), equation.uses.end(), name->text) == equation.uses.end()) {
          equation.uses.push_back(name->text);
        }
      } else {
        stack.insert(stack.end(), e->arguments.rbegin(), e->arguments.rend());
      }
    }
    result.push_back(std::move(equation));
  }
  return result;
}

// The document's formulas: one sample, a sigmoid after every layer, the quadratic loss.
void Formulas::label(Derivation& derivation) const {
  const auto number = [](std::size_t l) { return l == 0 ? std::string{} : superscript(l); };
  std::vector<const graph::Node*> layers;
  for (const graph::Node* node : order_.nodes) {
    if (names_->is_preactivation(node) && node->shape.rank() == 1) {
      layers.push_back(node);
    }
  }
  std::map<std::string, std::pair<std::string, std::string>> document;  // left: label, right
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::size_t l = layers.size() == 1 ? 0 : i + 1;
    const std::string here = number(l);
    const std::string above = number(l + 1);
    const std::string before = i == 0 ? "x" : "a" + number(l - 1);
    if (i + 1 == layers.size()) {
      document["δ" + here] = {"BP1", fmt::format("(a{0} − y) ⊙ σ′(z{0})", here)};
    } else {
      document["δ" + here] = {"BP2", fmt::format("(W{0}ᵀ δ{0}) ⊙ σ′(z{1})", above, here)};
    }
    document["∂Loss/∂b" + here] = {"BP3", "δ" + here};
    document["∂Loss/∂W" + here] = {"BP4", fmt::format("δ{} {}ᵀ", here, before)};
  }
  for (Equation& equation : derivation.backward) {
    const auto known = document.find(equation.left);
    if (known != document.end() && known->second.second == equation.right) {
      equation.label = known->second.first;
    }
  }
}

void Formulas::note(Derivation& derivation, const std::vector<Line>& forward, const std::vector<Line>& backward) const {
  bool has_layer = false;
  for (const Line& line : backward) {
    if (line.symbol == nullptr) {
      continue;
    }
    for (std::size_t i = 0; i < interior_.size(); ++i) {
      if (gradients_[i].node() != line.symbol->node) {
        continue;
      }
      const graph::Node* node = interior_[i].node();
      if (names_->is_preactivation(node) && !node->name) {
        has_layer = true;
      } else {
        derivation.notes.push_back(fmt::format("{} := {}", line.left.text, derivative_name(node).text));
      }
      break;
    }
  }
  if (has_layer) {
    const bool numbered = std::any_of(interior_.begin(), interior_.end(), [this](const Tensor& t) {
      return names_->is_preactivation(t.node()) && names_->layer(t.node()) > 0;
    });
    const std::string of = cotangent_.defined() ? "Loss" : names_->of(y_.node()).text;
    derivation.notes.insert(derivation.notes.begin(),
                            numbered ? fmt::format("δˡ := ∂{}/∂zˡ", of) : fmt::format("δ := ∂{}/∂z", of));
  }
  if (cotangent_.defined()) {
    derivation.notes.push_back(
        fmt::format("{} := {}, given", names_->of(cotangent_.node()).text, derivative_name(y_.node()).text));
  }
  std::vector<Line> all = forward;
  all.insert(all.end(), backward.begin(), backward.end());
  const std::vector<Expr> parts = parts_of(all);
  const auto any = [&](const auto& condition) { return std::any_of(parts.begin(), parts.end(), condition); };
  if (any([](Expr e) { return e->head == Head::reduce && e->axes.size() < e->arguments[0]->shape.rank(); })) {
    derivation.notes.emplace_back("Σ₀ sums over axis 0, the samples of a batch; Σ₁ over axis 1, and so on");
  }
  if (any([](Expr e) {
        return e->head == Head::indicator &&
               (e->primed || e->arguments[0]->head != Head::call || e->arguments[0]->operation->name() != "one_hot");
      })) {
    derivation.notes.emplace_back("[c] is 1 where c holds, else 0");
  }
  if (any([](Expr e) { return e->head == Head::call && e->operation->name() == "slice_adjoint"; })) {
    derivation.notes.emplace_back("at[i](v) is zero but for v at [i]");
  }
  if (expressions_.used_distribution()) {
    derivation.notes.emplace_back("simplified by Σ = 1 over the classes of each sample, which holds for this target");
  }
}

}  // namespace xgrad::formulas

namespace xgrad {

namespace {

void require_defined(const Tensor& y, std::span<const Tensor> xs) {
  const auto undefined = [](const Tensor& tensor) { return !tensor.defined(); };
  if (undefined(y) || std::any_of(xs.begin(), xs.end(), undefined)) {
    throw ValueError("[derive] of an undefined Tensor");
  }
}

std::string padded(const std::string& text, std::size_t to) {
  const std::size_t length = formulas::characters(text);
  return text + std::string(length < to ? to - length : 0, ' ');
}

}  // namespace

Derivation derive(const Tensor& y, std::span<const Tensor> xs, const DeriveOptions& options) {
  require_defined(y, xs);
  return formulas::Formulas{y, xs, options}.write(options);
}

Derivation derive(const Tensor& y, std::initializer_list<Tensor> xs, const DeriveOptions& options) {
  return derive(y, std::span{xs.begin(), xs.size()}, options);
}

Derivation derive(const Tensor& y, const std::vector<NamedParameter>& xs, const DeriveOptions& options) {
  std::vector<Tensor> tensors;
  tensors.reserve(xs.size());
  for (const NamedParameter& x : xs) {
    tensors.emplace_back(x);
  }
  return derive(y, tensors, options);
}

Derivation formulas_of(const std::vector<NamedTensor>& tensors, const DeriveOptions& options) {
  std::vector<Tensor> all;
  all.reserve(tensors.size());
  for (const NamedTensor& each : tensors) {
    all.push_back(each.tensor);
  }
  if (all.empty()) {
    throw ValueError("[formulas_of] no tensors");
  }
  require_defined(all.front(), all);
  return formulas::Formulas{tensors, options}.write(options);
}

const Equation& Derivation::operator[](std::string_view left) const {
  std::string known;
  for (const std::vector<Equation>* part : {&forward, &backward}) {
    for (const Equation& equation : *part) {
      if (equation.left == left) {
        return equation;
      }
      known += (known.empty() ? "" : ", ") + equation.left;
    }
  }
  throw ValueError(fmt::format("[Derivation] no equation for '{}'; there are {}", left, known));
}

std::string Derivation::text() const {
  std::size_t left_width = 0;
  std::size_t right_width = 0;
  for (const std::vector<Equation>* part : {&forward, &backward}) {
    for (const Equation& equation : *part) {
      left_width = std::max(left_width, formulas::characters(equation.left));
      right_width = std::max(right_width, formulas::characters(equation.right));
    }
  }
  std::string text;
  std::size_t number = 0;
  for (const std::vector<Equation>* part : {&forward, &backward}) {
    if (!part->empty()) {
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n", part == &forward ? "Forward" : "Backward");
    }
    for (const Equation& equation : *part) {
      std::string line =
          fmt::format("{:>5}  {} = {}  {}", fmt::format("({})", ++number), padded(equation.left, left_width),
                      padded(equation.right, right_width), to_string(equation.shape));
      if (!equation.label.empty()) {
        line = padded(line, 5 + 2 + left_width + 3 + right_width + 2 + 10) + "  " + equation.label;
      }
      text += line + "\n";
    }
  }
  for (const std::string& note : notes) {
    text += (&note == &notes.front() ? "\n" : "") + note + "\n";
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Derivation& derivation) {
  return out << derivation.text();
}

}  // namespace xgrad
