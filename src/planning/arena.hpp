#pragma once

#include <cstddef>
#include <vector>

#include "planning/schedule.hpp"
#include "run/plan.hpp"

namespace xgrad::planning {

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
[[nodiscard]] Arena place_values(const Steps& steps, const std::vector<ArenaValue>& values);

}  // namespace xgrad::planning
