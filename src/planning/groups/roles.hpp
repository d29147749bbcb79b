#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "xgrad/algebra.hpp"

#include "planning/groups/group.hpp"

namespace xgrad::planning {

/// How a node's value comes to exist.
enum class Role : std::uint8_t {
  operation,    ///< by its own kernel
  product,      ///< a matrix product, with what is folded into it
  batched,      ///< matrix products in batches
  elementwise,  ///< in a pass with others
  broadcast,    ///< read through by element-wise passes
  alias,        ///< it is its input's memory
  view,         ///< it is read where its input is
  folded,       ///< inside a product
};

/// What is known of an order's nodes, by index.
struct Roles {
  explicit Roles(std::size_t nodes) : algebra(nodes), role(nodes), users(nodes), folded(nodes) {}

  std::vector<Algebra> algebra;
  std::vector<Role> role;
  std::vector<std::vector<std::uint32_t>> users;
  std::vector<FoldedProduct> folded;  ///< of products; without start if nothing is folded
};

/// Which broadcasts' values have to exist. One that only another one reads doesn't, unless that has to.
[[nodiscard]] std::vector<bool> needed_broadcasts(const std::vector<bool>& kept, const Roles& roles);

}  // namespace xgrad::planning
