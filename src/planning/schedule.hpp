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

/// An output that is to be written over a leaf's memory.
struct Overwrite {
  run::Slot output = 0;
  run::Slot leaf = 0;
};

/// The steps in an order in which values are written before they are read. Leaves in `overwrites` are overwritten after
/// everything else has read them, and after all steps that may throw; where that can't be, the overwrite is taken off
/// the list.
[[nodiscard]] std::vector<std::uint32_t> schedule(const std::vector<StepAccess>& steps, std::size_t slot_count,
                                                  std::vector<Overwrite>& overwrites);

/// Where values are in one block of memory.
struct Arena {
  std::vector<std::size_t> offsets;  ///< per slot, or Plan::outside
  std::size_t bytes = 0;             ///< at its fullest
  std::size_t unshared_bytes = 0;    ///< if no memory were used twice
};

/// The size of a value that lives in the arena, and a value whose memory it may take over when that dies there.
struct ArenaValue {
  std::size_t bytes = 0;
  std::vector<run::Slot> may_overwrite;
};

/// Places values in an arena by their lifetimes: from the step that writes them to the last that reads them. `values`
/// is per slot; those with bytes 0 stay outside. Steps are in the order in which they run.
[[nodiscard]] Arena place_values(const std::vector<StepAccess>& steps, const std::vector<ArenaValue>& values);

}  // namespace xgrad::planning
