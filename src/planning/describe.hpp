#pragma once

#include <string>

#include "run/plan.hpp"

namespace xgrad::planning {

/// A line per step: what it does, what it gives, how many bytes it reads and writes; then the memory.
[[nodiscard]] std::string describe(const run::Plan& plan);

/// A line per step and one per layer with the time since profiling was turned on, per run.
[[nodiscard]] std::string profile(const run::Plan& plan);

}  // namespace xgrad::planning
