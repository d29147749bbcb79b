#include "planning/groups/find_views.hpp"

#include <algorithm>
#include <limits>

#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "planning/algebra.hpp"
#include "run/products/batched_product.hpp"

namespace xgrad::planning {

namespace {

// Copying a shorter run costs more than copying its elements once, unless all of them are few.
bool has_long_runs(const run::Layout& layout, const Shape& shape) noexcept {
  constexpr std::int64_t enough = 8;
  constexpr std::int64_t few = 64;
  std::int64_t run = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    if (shape[axis] != 1 && layout.steps[axis] != run) {
      break;
    }
    run *= shape[axis];
  }
  return run >= enough || shape.size() <= few;
}

// Whether BLAS, with its integers, can read the last two axes.
bool is_matrix(const run::Layout& layout, const Shape& shape) noexcept {
  const auto matrix = run::matrix_layout(shape, layout.steps);
  return matrix && matrix->leading <= std::numeric_limits<std::int32_t>::max();
}

class ViewFinder {
 public:
  ViewFinder(const graph::Order& order, const std::vector<bool>& kept, Roles& roles)
      : order_{order}, kept_{kept}, roles_{roles} {}

  Views run() {
    bool any = false;
    for (std::uint32_t i = 0; i < order_.nodes.size(); ++i) {
      if (only_arranges(i)) {
        roles_.role[i] = Role::view;
        any = true;
      }
    }
    // What somebody can't read becomes an operation again, which may change what others read: so until all are served.
    // Each time there is a view less.
    for (int pass = 0; any; ++pass) {
      any = look(pass >= passes);
    }
    for (std::uint32_t i = 0; i < order_.nodes.size() && !views_.empty(); ++i) {
      if (roles_.role[i] == Role::product && !roles_.folded[i].start && (!is_dense(i, 0) || !is_dense(i, 1))) {
        roles_.role[i] = Role::batched;
      }
    }
    return std::move(views_);
  }

 private:
  static constexpr int passes = 4;  // then whole chains are given up, so that long ones don't take a pass per view

  [[nodiscard]] bool only_arranges(std::uint32_t i) const {
    const graph::Node& node = *order_.nodes[i];
    return roles_.role[i] == Role::operation && !kept_[i] && !roles_.users[i].empty() && node.shape.size() > 0 &&
           node.inputs().size() == 1 && node.inputs()[0]->dtype == node.dtype &&
           node.operation->arrangement(node.inputs()[0]->shape).has_value();
  }

  [[nodiscard]] const run::Layout* view(const Source& from) const {
    const auto known = from.is_leaf ? views_.end() : views_.find(from.index);
    return known == views_.end() ? nullptr : &known->second;
  }

  [[nodiscard]] bool is_dense(std::uint32_t i, std::size_t input) const {
    const Source from = source(order_, i, input);
    const run::Layout* known = view(from);
    return known == nullptr || run::is_dense(*known, from.node->shape);
  }

  // Whether anything changed.
  bool look(bool whole_chains) {
    views_.clear();
    needed_broadcasts_ = needed_broadcasts(kept_, roles_);
    bool changed = false;
    for (std::uint32_t i = 0; i < order_.nodes.size(); ++i) {
      if (roles_.role[i] == Role::view) {
        views_.emplace(i, layout_in_input(order_, i, views_));
        continue;
      }
      if (roles_.role[i] == Role::alias) {  // of its first input; it reads no other
        if (const Source from = source(order_, i, 0); view(from) != nullptr && !add_alias(i, from)) {
          give_up(from, whole_chains);
          changed = true;
        }
        continue;
      }
      for (std::size_t j = 0; j < order_.inputs(i).size(); ++j) {
        const Source from = source(order_, i, j);
        if (view(from) != nullptr && !reads(i, j, from)) {
          give_up(from, whole_chains);
          changed = true;
        }
      }
    }
    return changed;
  }

  // The view, or the one that the alias is of.
  void give_up(Source from, bool whole_chain) {
    while (view(from) != nullptr) {
      const bool found = roles_.role[from.index] == Role::view;
      if (found) {
        roles_.role[from.index] = Role::operation;
      }
      const std::uint32_t index = from.index;
      from = source(order_, index, 0);
      views_.erase(index);
      if (found && !whole_chain) {
        return;
      }
    }
  }

  [[nodiscard]] bool reads(std::uint32_t i, std::size_t input, const Source& from) const {
    const run::Layout& layout = *view(from);
    const Shape& shape = from.node->shape;
    switch (roles_.role[i]) {
      case Role::view:
      case Role::alias:
        return true;
      case Role::elementwise:
        return has_long_runs(layout, shape);
      case Role::broadcast:
        return needed_broadcasts_[i] ? run::is_dense(layout, shape) : has_long_runs(layout, shape);
      case Role::batched:
        return is_matrix(layout, shape);
      case Role::product:
        return !roles_.folded[i].start && (is_dense(i, input) || reads_matrix(i, layout, shape));
      case Role::folded:
        return order_.nodes[i]->inputs().size() == 2 && is_product(i) && is_dense(i, input);
      case Role::operation:
        return run::is_dense(layout, shape);
    }
    return false;
  }

  // The same elements under another shape; false if no steps give that, or the value has to exist.
  bool add_alias(std::uint32_t i, const Source& from) {
    const auto layout = run::reshaped(*view(from), from.node->shape, order_.nodes[i]->shape);
    if (!layout || kept_[i] || order_.nodes[i]->dtype != from.node->dtype) {
      return false;
    }
    views_.insert_or_assign(i, *layout);
    return true;
  }

  [[nodiscard]] bool is_product(std::uint32_t i) const {
    const Algebra algebra = algebra_of(*order_.nodes[i]);
    return algebra == Algebra::matmul || algebra == Algebra::outer;
  }

  [[nodiscard]] bool reads_matrix(std::uint32_t i, const run::Layout& layout, const Shape& shape) const {
    const auto inputs = order_.nodes[i]->inputs();
    return algebra_of(*order_.nodes[i]) == Algebra::matmul && inputs[0]->shape.rank() == 2 &&
           inputs[1]->shape.rank() == 2 && is_matrix(layout, shape);
  }

  const graph::Order& order_;
  const std::vector<bool>& kept_;
  Roles& roles_;
  Views views_;
  std::vector<bool> needed_broadcasts_;
};

}  // namespace

Views find_views(const graph::Order& order, const std::vector<bool>& kept, Roles& roles) {
  return ViewFinder{order, kept, roles}.run();
}

}  // namespace xgrad::planning
