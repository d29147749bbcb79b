#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "graph/order.hpp"

namespace xgrad::formulas {

/// A numbered layer of a forward pass.
struct Layer {
  const graph::Node* z = nullptr;              ///< its last value before its activation
  std::vector<const graph::Node*> parameters;  ///< the leaves with history that it uses
};

/// The layers of a forward pass, found by the roles of scopes; docs/derive.md has the rules.
///
/// A layer is one call of a scope with Role::layer that uses a parameter beside what it is given, and has no such layer
/// inside. Its z is what its own activation takes, if that makes its last value, else its last value. Derivatives and
/// losses belong to no layer.
class Layers {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  explicit Layers(const graph::Order& order);

  /// In the order in which their z are computed.
  [[nodiscard]] const std::vector<Layer>& all() const noexcept { return all_; }
  /// The index of the layer whose z this is; none.
  [[nodiscard]] std::size_t of_preactivation(const graph::Node* node) const { return found(preactivations_, node); }
  /// The index of the layer whose activation makes this, of its z or at the end of the block around it; none.
  [[nodiscard]] std::size_t of_activation(const graph::Node* node) const { return found(activations_, node); }
  /// The index of the first layer that uses this parameter; none.
  [[nodiscard]] std::size_t of_parameter(const graph::Node* node) const { return found(parameters_, node); }

 private:
  using Indices = std::unordered_map<const graph::Node*, std::size_t>;

  [[nodiscard]] static std::size_t found(const Indices& indices, const graph::Node* node) {
    const auto known = indices.find(node);
    return known == indices.end() ? none : known->second;
  }

  std::vector<Layer> all_;
  Indices preactivations_;
  Indices activations_;
  Indices parameters_;
};

/// Whether a loss computes it.
[[nodiscard]] bool is_in_loss(const graph::Node& node) noexcept;

}  // namespace xgrad::formulas
