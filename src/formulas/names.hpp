#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formulas/layers.hpp"
#include "graph/order.hpp"

namespace xgrad::formulas {

/// The name of a quantity in formulas.
struct Name {
  std::string text;   ///< "W¹"
  std::string latex;  ///< "W^{1}"
};

/// A name with a number above it; without one for 0. In LaTeX as latex_name() writes the base.
[[nodiscard]] Name make_name(std::string_view base, std::size_t number = 0);
/// The name with another below it: "δ_h".
[[nodiscard]] Name with_subscript(std::string_view base, const Name& below);
/// A number above the line: "¹²".
[[nodiscard]] std::string superscript(std::size_t number);
/// The number of characters, of which UTF-8 takes several bytes. A mark above or below one, as in x̂, is part of it.
[[nodiscard]] std::size_t characters(std::string_view text) noexcept;

/// The named quantities of a forward graph: what the user named; what layers compute (zˡ and aˡ of the l-th, see
/// Layers); and leaves, "x" and "y" for lack of anything better.
class Names {
 public:
  /// `order`: behind the loss, down to the leaves. `given` are names that come before the nodes' own.
  Names(const graph::Order& order, const graph::Node& loss,
        const std::unordered_map<const graph::Node*, std::string>& given);

  /// Of operations and leaves alike. A node that isn't here is written out where it is used.
  [[nodiscard]] const std::unordered_map<const graph::Node*, Name>& all() const noexcept { return names_; }
  [[nodiscard]] bool has(const graph::Node* node) const { return names_.contains(node); }
  [[nodiscard]] const Name& of(const graph::Node* node) const { return names_.at(node); }
  [[nodiscard]] const Layers& layers() const noexcept { return layers_; }
  /// Whether it is the z of a layer, whose gradient is that layer's δ.
  [[nodiscard]] bool is_preactivation(const graph::Node* node) const {
    return layers_.of_preactivation(node) != Layers::none;
  }
  /// The number of the layer whose z it is, from 1; 0 if there is only one layer.
  [[nodiscard]] std::size_t layer(const graph::Node* node) const { return number_of(layers_.of_preactivation(node)); }
  [[nodiscard]] bool is_taken(const std::string& text) const { return taken_.contains(text); }
  /// A node that got its name later.
  void add(const graph::Node* node, const std::string& base, std::size_t number);

 private:
  [[nodiscard]] std::size_t number_of(std::size_t layer) const noexcept {
    return layers_.all().size() == 1 ? 0 : layer + 1;
  }
  void set(const graph::Node* node, const std::string& base, std::size_t number);

  Layers layers_;
  std::unordered_map<const graph::Node*, Name> names_;
  std::unordered_set<std::string> taken_;
  // By base: for a number that was found taken, the next that may be free. All between are taken.
  std::unordered_map<std::string, std::unordered_map<std::size_t, std::size_t>> next_;
};

}  // namespace xgrad::formulas
