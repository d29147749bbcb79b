#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "xgrad/tensor.hpp"

#include "graph/order.hpp"

namespace xgrad::graph {

/// The node's call as it is written, without a stable form, on these inputs: in the scope, with the node's name, and
/// with its value if it has one.
[[nodiscard]] Tensor rebuilt(const Node& node, std::span<const Tensor> inputs, SharedScope scope);
/// The same in the node's scope; the node itself if these are its inputs.
[[nodiscard]] Tensor rebuilt(const Node& node, std::span<const Tensor> inputs);

/// The node's call made anew on these inputs, in the node's scope and with its name. It may have a stable form, and has
/// no value.
[[nodiscard]] Tensor called_again(const Node& node, std::span<const Tensor> inputs);

/// A graph built again on other inputs. By index in an order that numbers its leaves: what a node or leaf is replaced
/// by; at first by itself.
class Rebuild {
 public:
  /// The order lives as long as this.
  explicit Rebuild(const Order& order) : order_{order}, replacements_(order.size()) {}

  /// Replaces all nodes, inputs before users: node i by make(i, inputs), from the replacements of its inputs.
  template <class Make>
  void run(const Make& make) {
    for (std::size_t i = 0; i < order_.nodes.size(); ++i) {
      replacements_[i] = make(i, inputs(i));
    }
  }

  void replace(std::uint32_t index, Tensor replacement) { replacements_[index] = std::move(replacement); }

  [[nodiscard]] Tensor operator[](std::uint32_t index) const {
    const Tensor& replacement = replacements_[index];
    return replacement.defined() ? replacement : handle(order_.node(index));
  }
  /// The replacements of the nodes that the order looked for.
  [[nodiscard]] std::vector<Tensor> found() const;
  /// The replacements of node i's inputs; valid until the next call.
  [[nodiscard]] std::span<const Tensor> inputs(std::size_t i);

 private:
  const Order& order_;
  std::vector<Tensor> replacements_;  // undefined: itself
  std::vector<Tensor> inputs_;
};

}  // namespace xgrad::graph
