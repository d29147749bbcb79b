#include <limits>

#include "graph/node.hpp"
#include "ops/attributes.hpp"
#include "planning/groups/group.hpp"
#include "run/products/batched_product.hpp"

namespace xgrad::planning {

namespace {

class BatchedProductGroup final : public Group {
 public:
  BatchedProductGroup(const graph::Order& order, std::uint32_t node)
      : Group{order, {node}, node, {source(order, node, 0), source(order, node, 1)}} {}

  void assign(const Storage& storage, const std::vector<bool>& /*needed*/) override {
    const graph::Node& node = *order().nodes[rank()];
    a_ = {storage.operand(reads()[0]), ops::flag(*node.operation, "transpose_a")};
    b_ = {storage.operand(reads()[1]), ops::flag(*node.operation, "transpose_b")};
    c_ = storage.operand({rank(), &node});
    own_access().reads = {a_.operand.slot, b_.operand.slot};
    own_access().writes = {c_.slot};
    // A length may not fit BLAS' integers.
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    own_access().may_throw = node.inputs()[0]->shape.size() > most || node.inputs()[1]->shape.size() > most;
  }

  [[nodiscard]] bool may_overwrite(run::Slot /*output*/, run::Slot /*input*/) const override { return false; }

  [[nodiscard]] std::unique_ptr<run::PlanStep> make() override {
    return std::make_unique<run::BatchedProductStep>(a_, b_, c_);
  }

 private:
  run::Matrices a_;
  run::Matrices b_;
  run::Operand c_;
};

}  // namespace

std::unique_ptr<Group> batched_product_group(const graph::Order& order, std::uint32_t node) {
  return std::make_unique<BatchedProductGroup>(order, node);
}

}  // namespace xgrad::planning
