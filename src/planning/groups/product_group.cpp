#include <algorithm>
#include <limits>

#include "graph/node.hpp"
#include "ops/attributes.hpp"
#include "planning/algebra.hpp"
#include "planning/groups/group.hpp"
#include "run/products/product_step.hpp"

namespace xgrad::planning {

namespace {

// (m, k) · (k, n). A vector is a matrix of one column at the right, and of one row at the left; the rows of a batch are
// one tall matrix.
run::ProductShape product_shape(const graph::Node& node) {
  const Shape& a = node.inputs()[0]->shape;
  const Shape& b = node.inputs()[1]->shape;
  run::ProductShape shape;
  shape.dtype = node.dtype;
  if (algebra_of(node) == Algebra::outer) {
    shape.m = a[0];
    shape.n = b[0];
    shape.k = 1;
    return shape;
  }
  shape.transpose_a = a.rank() > 1 && ops::flag(*node.operation, "transpose_a");
  shape.transpose_b = b.rank() > 1 && ops::flag(*node.operation, "transpose_b");
  shape.k = a.rank() == 1 ? a[0] : a[a.rank() - (shape.transpose_a ? 2 : 1)];
  shape.n = b.rank() == 1 ? 1 : b[shape.transpose_b ? 0 : 1];
  shape.m = 1;
  for (std::size_t axis = 0; axis + 1 < a.rank(); ++axis) {
    shape.m *= a[axis];
  }
  if (shape.transpose_a) {
    shape.m = a[a.rank() - 1];
  }
  return shape;
}

std::vector<Source> reads_of(const graph::Order& order, const FoldedProduct& folded) {
  std::vector<Source> reads{source(order, folded.product, 0), source(order, folded.product, 1)};
  reads.insert(reads.end(), folded.scalars.begin(), folded.scalars.end());
  if (folded.start) {
    reads.push_back(*folded.start);
  }
  if (folded.start_scale) {
    reads.push_back(*folded.start_scale);
  }
  return reads;
}

class ProductGroup final : public Group {
 public:
  ProductGroup(const graph::Order& order, std::uint32_t node, FoldedProduct folded)
      : Group{order, {node}, node, reads_of(order, folded)}, folded_{std::move(folded)} {}

  void assign(const Storage& storage, const std::vector<bool>& /*needed*/) override {
    for (const Source& read : reads()) {
      own_access().reads.push_back(storage.of(read));
      // A length may not fit BLAS' integers.
      own_access().may_throw = access().may_throw || read.node->shape.size() > std::numeric_limits<std::int32_t>::max();
    }
    task_.shape = product_shape(*order().nodes[folded_.product]);
    const run::Operand a = storage.operand(reads()[0]);
    const run::Operand b = storage.operand(reads()[1]);
    task_.a = a.slot;
    task_.b = b.slot;
    task_.a_offset = a.layout ? a.layout->offset : 0;
    task_.b_offset = b.layout ? b.layout->offset : 0;
    task_.c = storage.operand({rank(), order().nodes[rank()]});
    task_.negative = folded_.negative;
    for (const Source& scalar : folded_.scalars) {
      task_.scalars.push_back(storage.of(scalar));
    }
    if (folded_.start) {
      task_.start = storage.of(*folded_.start);
    }
    if (folded_.start_scale) {
      task_.start_scale = storage.of(*folded_.start_scale);
    }
    own_access().writes.push_back(task_.c.slot);
  }

  // What it adds to, and reads nowhere else.
  [[nodiscard]] bool may_overwrite(run::Slot /*output*/, run::Slot input) const override {
    const auto& reads = access().reads;
    return task_.start == input && std::count(reads.begin(), reads.end(), input) == 1;
  }

  [[nodiscard]] std::unique_ptr<run::PlanStep> make() override { return std::make_unique<run::ProductStep>(task_); }

 private:
  FoldedProduct folded_;
  run::ProductTask task_;
};

}  // namespace

std::unique_ptr<Group> product_group(const graph::Order& order, std::uint32_t node, FoldedProduct folded) {
  return std::make_unique<ProductGroup>(order, node, std::move(folded));
}

}  // namespace xgrad::planning
