#include "compile/simplify.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <unordered_map>

#include "xgrad/operation.hpp"

#include "compile/rules/rules.hpp"
#include "graph/computed.hpp"
#include "graph/identity.hpp"
#include "graph/order.hpp"

namespace xgrad::planning {

namespace {

/// Pending nodes by operation and inputs.
class KnownNodes {
 public:
  /// The first node like this one.
  Tensor unique(const Tensor& tensor) {
    const graph::Node& node = *tensor.node();
    std::size_t hash = graph::OperationIdentity::of(*node.operation);
    for (const graph::Node* input : node.inputs()) {
      hash = hash * 0x9E3779B97F4A7C15U + reinterpret_cast<std::uintptr_t>(input);
    }
    const auto [begin, end] = nodes_.equal_range(hash);
    const auto found = std::find_if(begin, end, [&](const auto& known) { return alike(*known.second.node(), node); });
    if (found != end) {
      return found->second;
    }
    nodes_.emplace(hash, tensor);
    return tensor;
  }

 private:
  static bool alike(const graph::Node& a, const graph::Node& b) {
    return std::equal(a.inputs().begin(), a.inputs().end(), b.inputs().begin(), b.inputs().end()) &&
           graph::OperationIdentity::of(*a.operation) == graph::OperationIdentity::of(*b.operation);
  }

  std::unordered_multimap<std::size_t, Tensor> nodes_;
};

/// One pass over the graph, inputs before users.
class Pass {
 public:
  explicit Pass(const Facts& facts) : facts_{facts} {}

  std::vector<Tensor> run(std::span<const Tensor> outputs) {
    std::vector<const graph::Node*> roots;
    std::transform(outputs.begin(), outputs.end(), std::back_inserter(roots),
                   [](const Tensor& output) { return output.node(); });
    const graph::Order order = graph::topological_order(roots, graph::Boundary::values, roots);
    std::vector<Tensor> replaced(order.nodes.size());
    for (std::size_t i = 0; i < order.nodes.size(); ++i) {
      replaced[i] = simplified(rebuilt(order, i, replaced));
      changed_ = changed_ || replaced[i].node() != order.nodes[i];
    }
    std::vector<Tensor> result;
    result.reserve(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      result.push_back(order.found[i] == graph::Order::leaf ? outputs[i] : replaced[order.found[i]]);
    }
    return result;
  }

  [[nodiscard]] bool changed() const noexcept { return changed_; }

 private:
  // The node on the replaced inputs.
  Tensor rebuilt(const graph::Order& order, std::size_t i, const std::vector<Tensor>& replaced) {
    const graph::Node& node = *order.nodes[i];
    const auto links = order.inputs(i);
    std::vector<Tensor> inputs;
    bool same = true;
    for (std::size_t j = 0; j < links.size(); ++j) {
      inputs.push_back(links[j] == graph::Order::leaf ? graph::handle(node.inputs()[j]) : replaced[links[j]]);
      same = same && inputs.back().node() == node.inputs()[j];
    }
    if (same) {
      return known_.unique(graph::handle(&node));
    }
    const graph::ScopeGuard scope{node.scope};
    const Tensor tensor = graph::apply_as_written(node.operation, inputs);
    tensor.node()->name = node.name;
    return known_.unique(tensor);
  }

  Tensor simplified(const Tensor& tensor) {
    const graph::Node& node = *tensor.node();
    const graph::ScopeGuard scope{node.scope};
    for (const Rule& rule : all_rules()) {
      const Tensor better = rule.apply(node, facts_);
      if (better.defined() && better.shape() == node.shape && better.dtype() == node.dtype) {
        if (node.name && better.node()->held_once()) {  // made by the rule
          better.node()->name = node.name;
        }
        return better.evaluated() || better.node()->operation == nullptr ? better : known_.unique(better);
      }
    }
    return tensor;
  }

  Facts facts_;
  KnownNodes known_;
  bool changed_ = false;
};

}  // namespace

std::uint32_t special_place(const graph::Node& leaf) noexcept {
  if (!leaf.has_value() || leaf.history || leaf.shape.rank() != 0 || !is_floating(leaf.dtype)) {
    return 0;
  }
  const double value = leaf.dtype == float32 ? static_cast<double>(*static_cast<const float*>(leaf.value.data()))
                                             : *static_cast<const double*>(leaf.value.data());
  for (std::uint32_t i = 0; i < std::size(special_numbers); ++i) {
    if (value == special_numbers[i] && !(value == 0 && std::signbit(value))) {
      return i + 1;
    }
  }
  return 0;
}

std::optional<double> special_number(const graph::Node& leaf) noexcept {
  const std::uint32_t place = special_place(leaf);
  return place == 0 ? std::nullopt : std::optional{special_numbers[place - 1]};
}

std::span<const Rule> all_rules() {
  static const std::vector<Rule> all = [] {
    std::vector<Rule> list;
    for (const auto part : {rules::identities(), rules::shapes(), rules::numbers()}) {
      list.insert(list.end(), part.begin(), part.end());
    }
    return list;
  }();
  return all;
}

std::vector<Tensor> simplify(std::span<const Tensor> outputs, const Facts& facts) {
  constexpr int most_passes = 10;
  std::vector<Tensor> result = graph::as_computed(outputs, graph::Boundary::values);
  for (int i = 0; i < most_passes; ++i) {
    Pass pass{facts};
    result = pass.run(result);
    if (!pass.changed()) {
      break;
    }
  }
  return result;
}

}  // namespace xgrad::planning
