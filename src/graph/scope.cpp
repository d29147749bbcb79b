#include "xgrad/scope.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>

#include "xgrad/error.hpp"

#include "graph/node.hpp"
#include "graph/order.hpp"
#include "graph/scope_path.hpp"
#include "memory/thread_store.hpp"

namespace xgrad {

namespace {

// A scope with a role is one call, and made anew. Scopes without one are shared: this thread's latest are kept.
graph::SharedScope scope_inside(const graph::SharedScope& outer, std::string_view name, Scope::Role role) {
  constexpr std::size_t kept = 64;  // a power of two
  const auto make = [&] { return graph::SharedScope::make(std::string{name}, outer, role); };
  if (role != Scope::Role::none) {
    return make();
  }
  auto* all = memory::of_this_thread<std::array<graph::SharedScope, kept>>();
  if (all == nullptr) {  // the thread ends
    return make();
  }
  const std::size_t hash = std::hash<std::string_view>{}(name) ^ (reinterpret_cast<std::uintptr_t>(outer.get()) >> 4U);
  auto& entry = (*all)[hash % kept];
  if (entry == nullptr || entry->outer != outer || entry->name != name) {
    entry = make();
  }
  return entry;
}

}  // namespace

Scope::Scope(std::string_view name, Role role) {
  auto& current = graph::current_scope();
  current = scope_inside(current, name, role);
}

Scope::~Scope() {
  auto& current = graph::current_scope();
  if (current != nullptr) {
    auto outer = current->outer;
    current = std::move(outer);
  }
}

graph::SharedScope graph::derivative_of(const SharedScope& scope) {
  if (scope == nullptr || scope->derivative) {
    return scope;
  }
  return SharedScope::make(std::string{}, scope, Scope::Role::none, true);
}

namespace {

using graph::ScopeName;

// The innermost scope that has a role; null if none has.
const ScopeName* with_role(const ScopeName* scope) {
  while (scope != nullptr && scope->role == Scope::Role::none) {
    scope = scope->outer.get();
  }
  return scope;
}

NodeInfo info_of(const graph::Node& node) {
  const ScopeName* scope = node.scope.get();
  const ScopeName* role = scope == nullptr || scope->derivative ? nullptr : with_role(scope);
  return {node.operation ? std::string{node.operation->name()} : "leaf",
          node.name ? *node.name : std::string{},
          graph::path(scope),
          role == nullptr ? Scope::Role::none : role->role,
          node.shape,
          node.dtype,
          {}};
}

void require_defined(const Tensor& tensor) {
  if (!tensor.defined()) {
    throw ValueError("[nodes] of an undefined Tensor");
  }
}

std::string table_of_operations(const std::vector<NodeInfo>& all) {
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const NodeInfo& node = all[i];
    std::string inputs;
    for (const std::size_t input : node.inputs) {
      inputs += fmt::format("{}%{}", inputs.empty() ? "" : ", ", input);
    }
    text += fmt::format("%{:<5} {:<28} {:<8} {:<16} {:<12} {}\n", i, fmt::format("{}({})", node.operation, inputs),
                        to_string(node.dtype), to_string(node.shape), node.name, node.scope);
  }
  return text;
}

std::string table_of_layers(const graph::Node* root) {
  struct Layer {
    std::string scope;
    std::size_t operations = 0;
    Shape shape;
  };
  std::vector<Layer> layers;
  for (const graph::Node* node : graph::topological_order({&root, 1}, graph::Boundary::leaves).nodes) {
    if (node->inputs().empty()) {
      continue;
    }
    const ScopeName* own = node->scope.get();
    const ScopeName* role = with_role(own);
    const std::string scope = graph::path(role == nullptr ? own : role);
    auto layer = std::find_if(layers.begin(), layers.end(), [&](const Layer& each) { return each.scope == scope; });
    if (layer == layers.end()) {
      layer = layers.insert(layers.end(), {scope, 0, {}});
    }
    ++layer->operations;
    layer->shape = node->shape;
  }
  std::string text;
  for (const Layer& layer : layers) {
    text += fmt::format("{:<32} {:>3} operation{}   → {}\n", layer.scope.empty() ? "(no layer)" : layer.scope,
                        layer.operations, layer.operations == 1 ? " " : "s", to_string(layer.shape));
  }
  return text;
}

}  // namespace

std::vector<NodeInfo> nodes(const Tensor& tensor) {
  require_defined(tensor);
  const graph::Node* root = tensor.node();
  const graph::Order order = graph::with_leaves(
      graph::topological_order({&root, 1}, graph::Boundary::leaves, {&root, 1}, {.number_leaves = true}));
  std::vector<NodeInfo> result;
  result.reserve(order.nodes.size());
  for (std::size_t i = 0; i < order.nodes.size(); ++i) {
    const auto inputs = order.inputs(i);
    result.push_back(info_of(*order.nodes[i]));
    result.back().inputs.assign(inputs.begin(), inputs.end());
  }
  return result;
}

std::string describe(const Tensor& tensor, View view) {
  require_defined(tensor);
  return view == View::operations ? table_of_operations(nodes(tensor)) : table_of_layers(tensor.node());
}

}  // namespace xgrad
