#pragma once

#include <vector>

#include "planning/groups/roles.hpp"
#include "planning/view_layout.hpp"

namespace xgrad::planning {

/// Makes views of operations that only arrange elements, wherever all who use their value can read it where it is:
/// element-wise passes where runs of elements lie together, products where BLAS finds matrices, and any other where all
/// elements do. A product that reads such matrices becomes a batched one.
[[nodiscard]] Views find_views(const graph::Order& order, const std::vector<bool>& kept, Roles& roles);

}  // namespace xgrad::planning
