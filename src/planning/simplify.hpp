#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "xgrad/tensor.hpp"

#include "graph/node.hpp"

namespace xgrad::planning {

/// What a rule may rely on.
struct Facts {
  /// Whether leaves are the same at every run: then any of their values may be used. Otherwise only what
  /// special_number() tells of a leaf may, because plans are shared by graphs whose leaves differ.
  bool constants_fixed = false;
  /// Whether the graph is only run, neither differentiated nor read as a formula: then operations may become one that
  /// has no derivative.
  bool only_run = false;
};

/// The numbers that rules know: 0, 1, −1, 2 and ½.
inline constexpr double special_numbers[] = {0.0, 1.0, -1.0, 2.0, 0.5};  // NOLINT(modernize-avoid-c-arrays)

/// Of a floating zero-rank leaf without history that is no State's: the index of its number in special_numbers, from 1;
/// 0 for any other number, −0 among them.
[[nodiscard]] std::uint32_t special_index(const graph::Node& leaf) noexcept;
[[nodiscard]] std::optional<double> special_number(const graph::Node& leaf) noexcept;

/// One piece of algebra: what a node may be replaced by, of the same shape and dtype; undefined if it doesn't apply.
/// It looks behind pending nodes only, and gives results that are equal or closer to the exact ones.
struct Rule {
  std::string_view name;
  Tensor (*apply)(const graph::Node& node, const Facts& facts);
};
[[nodiscard]] std::span<const Rule> all_rules();

/// Tensors of the same values from fewer or better operations: equal subgraphs once, the rules until none applies,
/// nothing that no output needs. The graph that is given doesn't change.
[[nodiscard]] std::vector<Tensor> simplify(std::span<const Tensor> outputs, const Facts& facts);

}  // namespace xgrad::planning
