#include "formulas/formulas.hpp"

#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "graph/values.hpp"

namespace xgrad::formulas {

namespace {

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

Formulas::Formulas(Passes passes)
    : passes_{std::move(passes)},
      order_{graph::topological_order(graph::nodes_of(passes_.forward_roots()), graph::Boundary::leaves)},
      names_{order_, *passes_.forward_roots().back().node(), passes_.given},
      translation_{expressions_, symbols_} {
  name_targets();
  name_cotangent();
  name_adjoints();
  for (const auto& [node, name] : names_.all()) {
    symbols_.insert(node);
  }
  for (const auto& [node, name] : adjoints_) {
    symbols_.insert(node);
  }
  find_distributions();
  translate();
}

// Those that have no name yet.
void Formulas::name_targets() {
  std::vector<const graph::Node*> unnamed;
  std::unordered_set<const graph::Node*> met;
  for (const Target& target : passes_.targets) {
    const graph::Node* node = target.tensor.node();
    if (node->operation != nullptr && !names_.has(node) && met.insert(node).second) {
      unnamed.push_back(node);
    }
  }
  for (std::size_t i = 0; i < unnamed.size(); ++i) {
    names_.add(unnamed[i], "u", unnamed.size() == 1 ? 0 : i + 1);
  }
}

void Formulas::name_cotangent() {
  if (const Tensor& cotangent = passes_.cotangent; cotangent.defined()) {
    names_.add(cotangent.node(), cotangent.name().empty() ? "G" : cotangent.name(), 0);
  }
}

// A gradient that is a tensor of the forward pass keeps the name that it has there.
void Formulas::name_adjoints() {
  for (const Differentiated& each : passes_.interior) {
    const graph::Node* gradient = each.gradient.node();
    if (gradient->operation != nullptr && !names_.has(gradient)) {
      adjoints_.try_emplace(gradient, adjoint_name(each.tensor.node()));
    }
  }
}

void Formulas::find_distributions() {
  for (const graph::Node* node : order_.nodes) {
    for (const graph::Node* input : node->inputs()) {
      if (names_.has(input) && is_distribution(*input)) {
        expressions_.sums_to_one(*input, static_cast<std::int64_t>(input->shape.rank()) - 1);
      }
    }
  }
}

void Formulas::translate() {
  translation_.add(passes_.forward_roots());
  std::vector<Tensor> gradients;
  gradients.reserve(passes_.interior.size() + passes_.targets.size());
  for (const Differentiated& each : passes_.interior) {
    gradients.push_back(each.gradient);
  }
  for (const Target& target : passes_.targets) {
    gradients.push_back(target.gradient);
  }
  translation_.add(gradients, Translation::Zeros::written);
  for (const graph::Node* node : translation_.abbreviated()) {
    abbreviations_.emplace(node, make_name("t"));
  }
}

Name Formulas::adjoint_name(const graph::Node* node) const {
  if (names_.is_preactivation(node) && !node->name) {
    return make_name("δ", names_.layer(node));
  }
  return with_subscript("δ", names_.has(node) ? names_.of(node) : make_name("u"));
}

// A cotangent is the derivative of a loss that isn't in the graph.
Name Formulas::name_of_y() const {
  return passes_.cotangent.defined() ? make_name("Loss") : names_.of(passes_.y.node());
}

Name Formulas::derivative_name(const Name& by) const {
  const Name of = name_of_y();
  return {fmt::format("∂{}/∂{}", of.text, by.text),
          fmt::format("\\frac{{\\partial {}}}{{\\partial {}}}", of.latex, by.latex)};
}

Name Formulas::derivative_name(const graph::Node* node) const {
  return derivative_name(names_.has(node) ? names_.of(node) : make_name("u"));
}

Name Formulas::target_name(std::size_t i) const {
  const Target& target = passes_.targets[i];
  return target.name.empty() ? derivative_name(target.tensor.node()) : derivative_name(make_name(target.name));
}

}  // namespace xgrad::formulas
