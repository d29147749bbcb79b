#include "planning/groups/grouping.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "xgrad/operation.hpp"

#include "planning/algebra.hpp"
#include "planning/groups/find_views.hpp"
#include "planning/groups/folding.hpp"
#include "planning/groups/roles.hpp"
#include "planning/groups/tile_program.hpp"
#include "planning/groups/tile_sums.hpp"

namespace xgrad::planning {

namespace {

constexpr std::size_t most_fused = 40;   // nodes of a group
constexpr std::int64_t most_small = 64;  // elements of a tensor for which a pass costs more than its work

/// How nodes are run; what they are folded into.
class Grouping {
 public:
  Grouping(const graph::Order& order, const std::vector<bool>& kept)
      : order_{order}, kept_{kept}, roles_{order.nodes.size()} {
    for (std::size_t i = 0; i < order.nodes.size(); ++i) {
      const graph::Node& node = *order.nodes[i];
      roles_.algebra[i] = node.operation->algebra();
      roles_.role[i] = role_of(node, roles_.algebra[i]);
      for (const std::uint32_t input : order.inputs(i)) {
        if (!order_.is_leaf(input)) {
          roles_.users[input].push_back(static_cast<std::uint32_t>(i));
        }
      }
    }
  }

  Grouped run() {
    fold_updates(order_, kept_, roles_);
    Grouped result;
    result.views = find_views(order_, kept_, roles_);
    find_levels();
    result.groups = groups();
    return result;
  }

 private:
  static Role role_of(const graph::Node& node, Algebra algebra) {
    if (is_alias(node)) {
      return Role::alias;
    }
    if (algebra == Algebra::broadcast_to) {
      return Role::broadcast;
    }
    if (algebra == Algebra::outer || (algebra == Algebra::matmul && is_single_product(node))) {
      return Role::product;
    }
    if (algebra == Algebra::matmul && node.inputs()[0]->shape.rank() > 1 && node.inputs()[1]->shape.rank() > 1) {
      return Role::batched;
    }
    const bool elementwise = node.operation->elementwise() != nullptr;
    return elementwise ? Role::elementwise : Role::operation;
  }

  // One call: no batch, or a batch whose rows are one tall matrix.
  static bool is_single_product(const graph::Node& node) {
    const graph::Node& a = *node.inputs()[0];
    const graph::Node& b = *node.inputs()[1];
    return (a.shape.rank() <= 2 && b.shape.rank() <= 2) ||
           (b.shape.rank() == 2 && !ops::flag(*node.operation, "transpose_a"));
  }

  [[nodiscard]] bool runs_alone(std::size_t i) const {
    return roles_.role[i] == Role::operation || roles_.role[i] == Role::product || roles_.role[i] == Role::batched;
  }

  // Whether its value is memory of its input.
  [[nodiscard]] bool lies_in_input(std::size_t i) const {
    return roles_.role[i] == Role::alias || roles_.role[i] == Role::view;
  }

  // A node's level is the number of steps of other kinds, or changes of shape, that must come before it; element-wise
  // nodes wait as long as their users allow. Nodes of one level and shape can run together: a way between them that
  // leaves them, and comes back to their shape, would pass one of those and end on a higher level.
  void find_levels() {
    levels_.assign(order_.nodes.size(), 0);
    for (std::size_t i = 0; i < order_.nodes.size(); ++i) {
      for (const std::uint32_t input : order_.inputs(i)) {
        if (!order_.is_leaf(input)) {
          const bool step = runs_alone(input) || lies_in_input(input);
          levels_[i] = std::max(levels_[i], levels_[input] + (step ? 1U : 0U));
        }
      }
    }
    for (std::size_t i = order_.nodes.size(); i-- > 0;) {
      if (runs_alone(i) || lies_in_input(i) || roles_.users[i].empty()) {
        continue;
      }
      std::uint32_t latest = std::numeric_limits<std::uint32_t>::max();
      for (const std::uint32_t user : roles_.users[i]) {
        latest = std::min(latest, levels_[user]);
      }
      levels_[i] = latest;
    }
    gather_small();
  }

  // Small tensors that nobody waits for, and that wait for nobody, are computed with the last of their shape.
  void gather_small() {
    const auto alone = [this](std::size_t i) {
      const auto inputs = order_.inputs(i);
      return roles_.role[i] == Role::elementwise && roles_.users[i].empty() &&
             order_.nodes[i]->shape.size() <= most_small &&
             std::all_of(inputs.begin(), inputs.end(), [this](std::uint32_t input) { return order_.is_leaf(input); });
    };
    std::map<std::vector<std::int64_t>, std::uint32_t> last;  // level by shape
    for (std::size_t i = 0; i < order_.nodes.size(); ++i) {
      if (roles_.role[i] == Role::elementwise && order_.nodes[i]->shape.size() <= most_small) {
        std::uint32_t& level = last[order_.nodes[i]->shape.to_vector()];
        level = std::max(level, levels_[i]);
      }
    }
    for (std::size_t i = 0; i < order_.nodes.size(); ++i) {
      if (alone(i)) {
        levels_[i] = last.at(order_.nodes[i]->shape.to_vector());
      }
    }
  }

  // Whether a sum ends the element-wise group of its input.
  [[nodiscard]] bool ends_group(std::size_t i) const {
    if (roles_.role[i] != Role::operation ||
        (roles_.algebra[i] != Algebra::sum && roles_.algebra[i] != Algebra::mean) ||
        !is_floating(order_.nodes[i]->dtype)) {
      return false;
    }
    const Source summed = source(order_, i, 0);
    return !summed.is_leaf && roles_.role[summed.index] == Role::elementwise && levels_[summed.index] == levels_[i] &&
           tile_sum(*order_.nodes[i]).has_value();
  }

  std::uint32_t root(std::uint32_t index) {
    while (parents_[index] != index) {
      parents_[index] = parents_[parents_[index]];
      index = parents_[index];
    }
    return index;
  }

  [[nodiscard]] bool can_join(std::uint32_t a, std::uint32_t b) const {
    return levels_[a] == levels_[b] && order_.nodes[a]->shape == order_.nodes[b]->shape;
  }

  void connect() {
    parents_.resize(order_.nodes.size());
    std::iota(parents_.begin(), parents_.end(), 0U);
    std::map<std::pair<std::uint32_t, std::vector<std::int64_t>>, std::uint32_t> small;  // the first of level and shape
    for (std::uint32_t i = 0; i < order_.nodes.size(); ++i) {
      if (roles_.role[i] != Role::elementwise) {
        continue;
      }
      for (const std::uint32_t input : order_.inputs(i)) {
        if (!order_.is_leaf(input) && roles_.role[input] == Role::elementwise && can_join(input, i)) {
          parents_[root(input)] = root(i);
        }
      }
      if (order_.nodes[i]->shape.size() <= most_small) {
        const auto [index, added] = small.try_emplace({levels_[i], order_.nodes[i]->shape.to_vector()}, i);
        if (!added) {
          parents_[root(index->second)] = root(i);
        }
      }
    }
  }

  std::vector<std::unique_ptr<Group>> groups() {
    connect();
    const std::vector<bool> needed = needed_broadcasts(kept_, roles_);
    std::vector<std::unique_ptr<Group>> result;
    std::vector<TilePass> passes;
    std::map<std::uint32_t, std::size_t> open;  // by root: the pass that takes more
    pass_of_.assign(order_.nodes.size(), 0);
    for (std::uint32_t i = 0; i < order_.nodes.size(); ++i) {
      if (roles_.role[i] == Role::elementwise) {
        const auto [entry, added] = open.try_emplace(root(i), passes.size());
        if (!added && passes[entry->second].nodes.size() == most_fused) {
          entry->second = passes.size();
        }
        if (entry->second == passes.size()) {
          passes.emplace_back();
        }
        passes[entry->second].nodes.push_back(i);
        pass_of_[i] = entry->second;
      } else if (ends_group(i)) {
        passes[pass_of_[source(order_, i, 0).index]].sums.push_back(i);
      } else if (roles_.role[i] == Role::product) {
        if (!roles_.folded[i].start) {
          roles_.folded[i].product = i;
        }
        result.push_back(product_group(order_, i, std::move(roles_.folded[i])));
      } else if (roles_.role[i] == Role::batched) {
        result.push_back(batched_product_group(order_, i));
      } else if (runs_alone(i) || needed[i]) {
        result.push_back(operation_group(order_, i));
      }
    }
    for (TilePass& pass : passes) {
      result.push_back(elementwise_group(order_, std::move(pass.nodes), std::move(pass.sums)));
    }
    return result;
  }

  const graph::Order& order_;
  const std::vector<bool>& kept_;
  Roles roles_;
  std::vector<std::uint32_t> levels_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::size_t> pass_of_;  // of element-wise nodes
};

}  // namespace

Grouped make_groups(const graph::Order& order, const std::vector<bool>& kept, bool fuse) {
  if (fuse) {
    return Grouping{order, kept}.run();
  }
  Grouped result;
  for (std::uint32_t i = 0; i < order.nodes.size(); ++i) {
    if (!is_alias(*order.nodes[i])) {
      result.groups.push_back(operation_group(order, i));
    }
  }
  return result;
}

}  // namespace xgrad::planning
