#pragma once

#include <cstdint>
#include <vector>

#include "planning/slots.hpp"
#include "run/elementwise/elementwise_step.hpp"

namespace xgrad::planning {

/// Element-wise nodes of one shape, in ascending order, and the sums and means over their results that end them.
struct TilePass {
  std::vector<std::uint32_t> nodes;
  std::vector<std::uint32_t> sums;
};

/// The operand of an element-wise node: what lies before the broadcasts in between.
[[nodiscard]] Source through_broadcasts(const graph::Order& order, Source from);

/// As a pass over tiles. `needed` says of every node whether others read its value.
[[nodiscard]] run::ElementwiseTask tile_program(const graph::Order& order, const TilePass& pass, const Storage& storage,
                                                const std::vector<bool>& needed);

/// Whether the output may have the memory of the input: the pass reads each element before it writes there. Never for a
/// sum.
[[nodiscard]] bool can_overwrite(const run::ElementwiseTask& task, run::Slot input, run::Slot output);

}  // namespace xgrad::planning
