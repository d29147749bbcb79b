#pragma once

#include "graph/order.hpp"

namespace xgrad::planning {

/// Whether a graph that was never seen is worth a plan already, rather than when it comes again: it is small, or its
/// evaluation takes long beside its planning. Told by numbers of nodes and elements, so the same on every machine.
[[nodiscard]] bool is_worth_a_plan(const graph::Order& order);

}  // namespace xgrad::planning
