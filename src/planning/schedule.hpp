#pragma once

#include <cstdint>
#include <vector>

#include "run/plan.hpp"

namespace xgrad::planning {

/// What a step reads and writes.
struct StepAccess {
  std::vector<run::Slot> reads;
  std::vector<run::Slot> writes;
  bool may_throw = false;
  std::uint32_t rank = 0;  ///< the lower, the earlier, where there is a choice
};

using Steps = std::vector<const StepAccess*>;

/// An output that is to be written over a leaf's memory.
struct Overwrite {
  run::Slot output = 0;
  run::Slot leaf = 0;
};

/// The steps in an order in which values are written before they are read. Leaves in `overwrites` are overwritten after
/// everything else has read them, and after all steps that may throw; where that can't be, the overwrite is taken off
/// the list.
[[nodiscard]] std::vector<std::uint32_t> schedule(const Steps& steps, std::size_t slot_count,
                                                  std::vector<Overwrite>& overwrites);

}  // namespace xgrad::planning
