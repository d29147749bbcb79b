#pragma once

#include <optional>

#include "graph/node.hpp"
#include "run/elementwise/elementwise_step.hpp"

namespace xgrad::planning {

/// A sum or mean node as the end of an element-wise pass, if it sums over all axes, the first or the last ones; without
/// source and output slot.
[[nodiscard]] std::optional<run::TileSum> tile_sum(const graph::Node& node);

}  // namespace xgrad::planning
