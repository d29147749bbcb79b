#pragma once

#include <vector>

#include "planning/groups/roles.hpp"

namespace xgrad::planning {

/// Folds what can be had from the product itself into it: of start ± scalars · product, where the product is used for
/// nothing else, the product adds to the start. Only where the result is kept.
void fold_updates(const graph::Order& order, const std::vector<bool>& kept, Roles& roles);

}  // namespace xgrad::planning
