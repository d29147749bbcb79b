#include "formulas/formulas.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"

#include "autodiff/reverse.hpp"
#include "graph/copy.hpp"
#include "graph/values.hpp"
#include "ops/control/barrier.hpp"
#include "planning/simplify.hpp"

namespace xgrad::formulas {

namespace {

using Nodes = std::vector<const graph::Node*>;

/// The graph to be read: what has been evaluated could not be looked into. Those that gradients are taken by stand
/// behind barriers.
class ForwardCopy {
 public:
  ForwardCopy(std::span<const Tensor> tensors, std::span<const Tensor> xs)
      : copy_{tensors, [this, screened = set_of(xs)](const graph::Node& node, std::span<const Tensor> inputs) {
                graph::Copy::Made made = make(node, inputs);
                if (screened.contains(&node)) {
                  screen(node, made);
                }
                return made;
              }} {}
  ForwardCopy(const ForwardCopy&) = delete;
  ForwardCopy& operator=(const ForwardCopy&) = delete;

  [[nodiscard]] Tensor of(const Tensor& original) const { return copy_.of(original); }
  /// What a gradient by it is taken by.
  [[nodiscard]] Tensor source_of(const Tensor& original) const {
    const auto source = sources_.find(original.node());
    return source == sources_.end() ? of(original) : source->second;
  }

 private:
  [[nodiscard]] static std::unordered_set<const graph::Node*> set_of(std::span<const Tensor> tensors) {
    const Nodes nodes = graph::nodes_of(tensors);
    return {nodes.begin(), nodes.end()};
  }

  [[nodiscard]] static graph::Copy::Made make(const graph::Node& node, std::span<const Tensor> inputs) {
    if (node.operation->algebra() != Algebra::stop_gradient) {
      return graph::Copy::plain(node, inputs);
    }
    const graph::ScopeGuard scope{node.scope};
    const Tensor copy = ops::lasting_stop_gradient(inputs[0]);
    copy.node()->name = node.name;
    return {copy, {}};
  }

  // Gradients are taken by what is between two barriers: there they are behind one themselves.
  void screen(const graph::Node& node, graph::Copy::Made& made) {
    const std::size_t number = 2 * sources_.size();
    const Tensor source = ops::barrier(made.copy, number);
    sources_.emplace(&node, source);
    made.for_users = ops::barrier(source, number + 1);
  }

  std::unordered_map<const graph::Node*, Tensor> sources_;
  graph::Copy copy_;
};

graph::Copy without_barriers(std::span<const Tensor> tensors) {
  return graph::Copy{tensors, [](const graph::Node& node, std::span<const Tensor> inputs) {
                       const ops::Barrier* barrier = ops::as_barrier(*node.operation);
                       return barrier != nullptr && barrier->side() == ops::Barrier::Side::forward
                                  ? graph::Copy::Made{inputs[0], {}}
                                  : graph::Copy::plain(node, inputs);
                     }};
}

// Class probabilities: no element negative, and Σ = 1 along the last axis.
bool is_distribution(const graph::Node& leaf) {
  if (leaf.history || leaf.operation != nullptr || !is_floating(leaf.dtype) || leaf.shape.rank() == 0 ||
      leaf.shape.size() == 0) {
    return false;
  }
  const std::int64_t columns = leaf.shape.back();
  for (std::int64_t row = 0; row < leaf.shape.size(); row += columns) {
    double total = 0;
    for (std::int64_t i = row; i < row + columns; ++i) {
      const double share = graph::element_of(leaf, i);
      if (!(share >= 0)) {
        return false;
      }
      total += share;
    }
    if (!(std::abs(total - 1) < (leaf.dtype == float32 ? 1e-6 : 1e-14))) {
      return false;
    }
  }
  return columns > 1;
}

}  // namespace

Formulas::Formulas(const Tensor& y, std::span<const Tensor> xs, const DeriveOptions& options, Connection connection) {
  std::vector<Tensor> all{y};
  all.insert(all.end(), xs.begin(), xs.end());
  const ForwardCopy copy{all, xs};
  std::unordered_map<const graph::Node*, std::string> given;
  for (const NamedTensor& named : options.names) {
    given.emplace(copy.of(named.tensor).node(), named.name);
  }
  for (const Tensor& x : xs) {
    targets_.push_back(copy.of(x));
    const graph::Node* node = targets_.back().node();
    const auto name = given.find(node);
    target_names_.push_back(name != given.end() ? name->second : x.name());
    if (node->operation != nullptr && !target_names_.back().empty()) {
      given.emplace(node, target_names_.back());  // simplification may put another node in its place
    }
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
  // What gradients are taken by, in the targets' place.
  std::vector<Tensor> sources;
  sources.reserve(xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    sources.push_back(xs[i].node() == y.node() ? targets_[i] : copy.source_of(xs[i]));
  }
  const std::size_t forward_count = forward.size();
  forward.insert(forward.end(), sources.begin(), sources.end());
  const std::vector<Tensor> before = forward;
  forward = planning::simplify(forward, {});
  const auto follow = [&given](const std::vector<Tensor>& from, const std::vector<Tensor>& to) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const graph::Node* node = to[i].node();
      const bool has_own = node->operation == nullptr && node->name && node != from[i].node();
      if (const auto name = given.find(from[i].node()); name != given.end() && !has_own) {
        given.emplace(to[i].node(), std::string{name->second});
      }
    }
  };
  follow(before, forward);
  sources.assign(forward.begin() + static_cast<std::ptrdiff_t>(forward_count), forward.end());
  forward.resize(forward_count);
  const std::size_t target_count = targets_.size();

  // The backward pass: of what has a name, and of the targets.
  const graph::Node* root = forward.front().node();
  const graph::Order order = graph::topological_order({&root, 1}, graph::Boundary::leaves);
  const Names first_names{order, *root, given};
  std::unordered_map<const graph::Node*, Tensor> source_by_target;
  for (std::size_t i = 0; i < target_count; ++i) {
    source_by_target.emplace(forward[1 + i].node(), sources[i]);
  }
  const auto source_of = [&](const graph::Node* node) {
    const auto source = source_by_target.find(node);
    return source == source_by_target.end() ? Tensor{} : source->second;
  };
  std::vector<Tensor> interior;
  std::vector<Tensor> interior_sources;
  for (const graph::Node* node : order.nodes) {
    const bool wanted = (node->history && (first_names.is_preactivation(node) || node->name || given.contains(node))) ||
                        source_of(node).defined();
    if (wanted && node != root && is_floating(node->dtype)) {
      interior.push_back(graph::handle(node));
      const Tensor source = source_of(node);
      interior_sources.push_back(source.defined() ? source : interior.back());
    }
  }
  sources.insert(sources.begin(), interior_sources.begin(), interior_sources.end());
  std::vector<Tensor> cotangents;
  if (!xs.empty()) {
    if (connection == Connection::unknown) {
      static_cast<void>(gradients(y, xs, {.cotangent = options.cotangent}));  // its errors, with the caller's tensors
    }
    const Tensor& root_tensor = forward.front();
    const Tensor upstream = options.cotangent.defined() ? options.cotangent : scalar(1, root_tensor.dtype());
    cotangents = autodiff::reverse({&root_tensor, 1}, sources, {&upstream, 1}, {}, autodiff::Sums::written_out);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      cotangents[i] = cotangents[i].defined() ? cotangents[i] : zeros_like(sources[i]);
    }
  }

  // Both together, so that they share what is equal.
  std::vector<Tensor> joint = forward;
  joint.insert(joint.end(), interior.begin(), interior.end());
  joint.insert(joint.end(), cotangents.begin(), cotangents.end());
  const auto is_computed = [](const Tensor& target) { return target.node()->operation != nullptr; };
  if (std::any_of(forward.begin() + 1, forward.begin() + 1 + static_cast<std::ptrdiff_t>(target_count), is_computed)) {
    const std::vector<Tensor> with_barriers = joint;
    const graph::Copy without = without_barriers(joint);
    std::transform(joint.begin(), joint.end(), joint.begin(), [&without](const Tensor& t) { return without.of(t); });
    follow(with_barriers, joint);
  }
  const std::vector<Tensor> unsimplified = joint;
  joint = planning::simplify(joint, {});
  follow(unsimplified, joint);
  for (std::size_t i = 0; i < target_count; ++i) {
    const auto name = given.find(joint[1 + i].node());
    const bool is_leaf = xs[i].node()->operation == nullptr;
    if (is_leaf || (name != given.end() && name->second == target_names_[i])) {
      target_names_[i].clear();
    }
  }
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
  const ForwardCopy copy{all, {}};
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
  order_ = graph::topological_order(graph::nodes_of(roots), graph::Boundary::leaves);
  names_ = std::make_unique<Names>(order_, *roots.back().node(), given);
  // What gradients are asked for by needs a name.
  std::vector<const graph::Node*> unnamed;
  std::unordered_set<const graph::Node*> met;
  for (const Tensor& target : targets_) {
    const graph::Node* node = target.node();
    if (node->operation != nullptr && !names_->has(node) && met.insert(node).second) {
      unnamed.push_back(node);
    }
  }
  for (std::size_t i = 0; i < unnamed.size(); ++i) {
    names_->add(unnamed[i], "u", unnamed.size() == 1 ? 0 : i + 1);
  }
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

Name Formulas::derivative_name(const Name& by) const {
  const Name of = cotangent_.defined() ? make_name("Loss") : names_->of(y_.node());
  return {fmt::format("∂{}/∂{}", of.text, by.text),
          fmt::format("\\frac{{\\partial {}}}{{\\partial {}}}", of.latex, by.latex)};
}

Name Formulas::derivative_name(const graph::Node* node) const {
  return derivative_name(names_->has(node) ? names_->of(node) : make_name("u"));
}

Name Formulas::target_name(std::size_t i) const {
  return target_names_[i].empty() ? derivative_name(targets_[i].node()) : derivative_name(make_name(target_names_[i]));
}

}  // namespace xgrad::formulas
