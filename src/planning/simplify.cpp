#include "planning/simplify.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <utility>

#include "xgrad/operation.hpp"

#include "graph/computed.hpp"
#include "graph/identity.hpp"
#include "graph/order.hpp"
#include "graph/rebuild.hpp"
#include "graph/values.hpp"
#include "planning/rules/rules.hpp"

namespace xgrad::planning {

namespace {

/// Pending nodes by operation and inputs: a hash table with open addresses.
class KnownNodes {
 public:
  explicit KnownNodes(std::size_t count) : nodes_(std::bit_ceil(2 * count + 16)) {}

  /// The first node like this one.
  Tensor unique(const Tensor& tensor) {
    if (2 * count_ >= nodes_.size()) {
      grow();
    }
    const std::size_t hash = hash_of(*tensor.node());
    for (std::size_t i = hash & (nodes_.size() - 1); true; i = (i + 1) & (nodes_.size() - 1)) {
      Known& known = nodes_[i];
      if (!known.tensor.defined()) {
        known = {hash, tensor};
        ++count_;
        return tensor;
      }
      if (known.hash == hash && alike(*known.tensor.node(), *tensor.node())) {
        return known.tensor;
      }
    }
  }

 private:
  struct Known {
    std::size_t hash = 0;
    Tensor tensor;
  };

  static std::size_t hash_of(const graph::Node& node) {
    std::size_t hash = graph::OperationIdentity::of(*node.operation);
    for (const graph::Node* input : node.inputs()) {
      hash = (std::rotl(hash, 25) ^ reinterpret_cast<std::uintptr_t>(input)) * 0x9E3779B97F4A7C15U;
    }
    return hash ^ hash >> 32U;
  }

  static bool alike(const graph::Node& a, const graph::Node& b) {
    return std::equal(a.inputs().begin(), a.inputs().end(), b.inputs().begin(), b.inputs().end()) &&
           graph::OperationIdentity::of(*a.operation) == graph::OperationIdentity::of(*b.operation);
  }

  void grow() {
    std::vector<Known> old(2 * nodes_.size());
    old.swap(nodes_);
    for (Known& known : old) {
      std::size_t i = known.hash & (nodes_.size() - 1);
      while (known.tensor.defined() && nodes_[i].tensor.defined()) {
        i = (i + 1) & (nodes_.size() - 1);
      }
      if (known.tensor.defined()) {
        nodes_[i] = std::move(known);
      }
    }
  }

  std::vector<Known> nodes_;
  std::size_t count_ = 0;
};

/// One pass over the graph, inputs before users. A rule's result depends only on the node and on the nodes behind it,
/// which are as simple as they get by then; so one pass is enough.
class Simplification {
 public:
  Simplification(const Facts& facts, std::span<const Tensor> outputs)
      : facts_{facts}, order_{order_of(outputs)}, known_{order_.nodes.size()} {
    // What rules make from now on is later than the graph, whichever thread that is from.
    std::uint64_t latest = 0;
    for (const graph::Node* node : order_.nodes) {
      latest = std::max(latest, node->time);
    }
    static_cast<void>(graph::next_time(latest));
  }

  /// The outputs, simplified.
  std::vector<Tensor> run() { return settled(order_, 0); }

 private:
  static constexpr int most_rules = 64;  // for a node: no rule undoes another, but none is trusted to that either
  static constexpr int most_depth = 16;  // of nodes made while nodes are simplified that were made while …

  static graph::Order order_of(std::span<const Tensor> outputs) {
    const std::vector<const graph::Node*> roots = graph::nodes_of(outputs);
    return graph::topological_order(roots, graph::Boundary::values, roots, {.number_leaves = true});
  }

  // The nodes that the order looked for, simplified.
  std::vector<Tensor> settled(const graph::Order& order, int depth) {
    graph::Rebuild rebuild{order};
    rebuild.run([&](std::size_t i, std::span<const Tensor> inputs) {
      return simplest(known_.unique(graph::rebuilt(*order.nodes[i], inputs)), depth);
    });
    return rebuild.found();
  }

  // The node after all rules, its inputs being as simple as they get.
  Tensor simplest(Tensor tensor, int depth) {
    for (int i = 0; i < most_rules; ++i) {
      const graph::Node& node = *tensor.node();
      const std::uint64_t before = graph::next_time();
      const Tensor better = replacement(node);
      if (!better.defined()) {
        break;
      }
      if (better.evaluated() || better.node()->operation == nullptr) {
        return better;
      }
      if (better.node()->time < before) {
        return better;  // a node from behind this one
      }
      tensor = with_simple_inputs(better, before, depth);
    }
    return tensor;
  }

  Tensor replacement(const graph::Node& node) {
    const graph::ScopeGuard scope{node.scope};
    for (const Rule& rule : all_rules()) {
      Tensor better = rule.apply(node, facts_);
      if (better.defined() && better.shape() == node.shape && better.dtype() == node.dtype) {
        if (node.name && better.node()->held_once()) {  // made by the rule
          better.node()->name = node.name;
        }
        return better;
      }
    }
    return {};
  }

  // A rule's result on simplified inputs: those that the rule made too, since `before`.
  Tensor with_simple_inputs(const Tensor& made, std::uint64_t before, int depth) {
    const graph::Node* root = made.node();
    const auto is_new = [before](const graph::Node* input) {
      return input->time > before && input->operation != nullptr && !input->has_value();
    };
    if (depth == most_depth || std::none_of(root->inputs().begin(), root->inputs().end(), is_new)) {
      return known_.unique(made);
    }
    const graph::Order order = graph::topological_order(root->inputs(), graph::Boundary::values, root->inputs(),
                                                        {.oldest = before, .number_leaves = true});
    return known_.unique(graph::rebuilt(*root, settled(order, depth + 1)));
  }

  Facts facts_;
  graph::Order order_;
  KnownNodes known_;
};

}  // namespace

std::uint32_t special_index(const graph::Node& leaf) noexcept {
  if (!leaf.has_value() || leaf.history || leaf.of_state || leaf.shape.rank() != 0 || !is_floating(leaf.dtype)) {
    return 0;
  }
  const double value = graph::element_of(leaf, 0);
  for (std::uint32_t i = 0; i < std::size(special_numbers); ++i) {
    if (value == special_numbers[i] && !(value == 0 && std::signbit(value))) {
      return i + 1;
    }
  }
  return 0;
}

std::optional<double> special_number(const graph::Node& leaf) noexcept {
  const std::uint32_t index = special_index(leaf);
  return index == 0 ? std::nullopt : std::optional{special_numbers[index - 1]};
}

std::span<const Rule> all_rules() {
  static const std::vector<Rule> all = [] {
    std::vector<Rule> list;
    for (const auto part : {rules::identities(), rules::shapes(), rules::numbers(), rules::normalizations()}) {
      list.insert(list.end(), part.begin(), part.end());
    }
    return list;
  }();
  return all;
}

std::vector<Tensor> simplify(std::span<const Tensor> outputs, const Facts& facts) {
  const std::vector<Tensor> computed = graph::as_computed(outputs, graph::Boundary::values);
  return Simplification{facts, computed}.run();
}

}  // namespace xgrad::planning
