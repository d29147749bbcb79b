#include "planning/groups/folding.hpp"

#include <utility>

#include "graph/node.hpp"

namespace xgrad::planning {

namespace {

bool is_scalar(const graph::Node& node) {
  return node.shape.size() == 1;
}

class Folding {
 public:
  Folding(const graph::Order& order, const std::vector<bool>& kept, Roles& roles)
      : order_{order}, kept_{kept}, roles_{roles} {}

  // start ± scalars · product, where the product is used for nothing else: the product adds to the start itself.
  void fold_update(std::size_t i) {
    if (roles_.algebra[i] != Algebra::add && roles_.algebra[i] != Algebra::sub) {
      return;
    }
    for (std::size_t term = 2; term-- > 0;) {
      if (roles_.algebra[i] == Algebra::sub && term == 0) {
        continue;
      }
      FoldedProduct folded;
      folded.negative = roles_.algebra[i] == Algebra::sub;
      std::vector<std::uint32_t> path;
      if (!follow(source(order_, i, term), order_.nodes[i]->shape, folded, path) ||
          order_.nodes[i]->inputs()[1 - term]->shape != order_.nodes[i]->shape) {
        continue;
      }
      take_start(source(order_, i, 1 - term), folded, path);
      for (const std::uint32_t index : path) {
        roles_.role[index] = Role::folded;
      }
      roles_.role[i] = Role::product;
      roles_.folded[i] = std::move(folded);
      return;
    }
  }

 private:
  [[nodiscard]] bool used_once(std::uint32_t index) const { return roles_.users[index].size() == 1 && !kept_[index]; }

  // From a term through factors and signs to a product of this shape.
  bool follow(Source term, const Shape& shape, FoldedProduct& folded, std::vector<std::uint32_t>& path) const {
    while (!term.is_leaf && term.node->shape == shape && used_once(term.index)) {
      const std::uint32_t index = term.index;
      path.push_back(index);
      if (roles_.role[index] == Role::product && !roles_.folded[index].start) {
        folded.product = index;
        return true;
      }
      if (roles_.algebra[index] == Algebra::neg) {
        folded.negative = !folded.negative;
        term = source(order_, index, 0);
      } else if (roles_.algebra[index] == Algebra::mul) {
        const Source a = source(order_, index, 0);
        const Source b = source(order_, index, 1);
        // One number only: the product of two may leave the range where that with the tensor doesn't.
        if (!folded.scalars.empty() || (!is_scalar(*a.node) && !is_scalar(*b.node))) {
          return false;
        }
        folded.scalars.push_back(is_scalar(*a.node) ? a : b);
        term = is_scalar(*a.node) ? b : a;
      } else {
        return false;
      }
    }
    return false;
  }

  // The start, or scale · start.
  void take_start(const Source& start, FoldedProduct& folded, std::vector<std::uint32_t>& path) const {
    folded.start = start;
    if (start.is_leaf || roles_.algebra[start.index] != Algebra::mul || !used_once(start.index)) {
      return;
    }
    const Source a = source(order_, start.index, 0);
    const Source b = source(order_, start.index, 1);
    for (const auto& [scale, tensor] : {std::pair{a, b}, std::pair{b, a}}) {
      if (is_scalar(*scale.node) && tensor.node->shape == start.node->shape && !is_scalar(*tensor.node)) {
        path.push_back(start.index);
        folded.start_scale = scale;
        folded.start = tensor;
        return;
      }
    }
  }

  const graph::Order& order_;
  const std::vector<bool>& kept_;
  Roles& roles_;
};

}  // namespace

void fold_updates(const graph::Order& order, const std::vector<bool>& kept, Roles& roles) {
  Folding folding{order, kept, roles};
  for (std::size_t i = 0; i < order.nodes.size(); ++i) {
    if (kept[i]) {
      folding.fold_update(i);
    }
  }
}

}  // namespace xgrad::planning
