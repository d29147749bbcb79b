#include "planning/groups/roles.hpp"

#include <algorithm>

namespace xgrad::planning {

std::vector<bool> needed_broadcasts(const std::vector<bool>& kept, const Roles& roles) {
  std::vector<bool> needed(roles.role.size(), false);
  for (std::size_t i = roles.role.size(); i-- > 0;) {
    const auto needs = [&](std::uint32_t user) {
      return roles.role[user] == Role::broadcast ? needed[user] : roles.role[user] != Role::elementwise;
    };
    const bool exists = kept[i] || std::any_of(roles.users[i].begin(), roles.users[i].end(), needs);
    needed[i] = roles.role[i] == Role::broadcast && exists;
  }
  return needed;
}

}  // namespace xgrad::planning
