#include <algorithm>

#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "planning/groups/group.hpp"
#include "run/operation_step.hpp"

namespace xgrad::planning {

namespace {

std::vector<Source> reads_of(const graph::Order& order, std::uint32_t node) {
  std::vector<Source> reads;
  reads.reserve(order.inputs(node).size());
  for (std::size_t j = 0; j < order.inputs(node).size(); ++j) {
    reads.push_back(source(order, node, j));
  }
  return reads;
}

class OperationGroup final : public Group {
 public:
  OperationGroup(const graph::Order& order, std::uint32_t node) : Group{order, {node}, node, reads_of(order, node)} {}

  void assign(const Storage& storage, const std::vector<bool>& /*needed*/) override {
    for (const Source& read : reads()) {
      inputs_.push_back(storage.operand(read));
      own_access().reads.push_back(inputs_.back().slot);
    }
    output_ = storage.operand({rank(), &node()});
    own_access().writes.push_back(output_.slot);
    own_access().may_throw = node().operation->may_throw();
    scratch_ = storage.scratch();
  }

  [[nodiscard]] std::size_t scratch_bytes() const override {
    return run::workspace_bytes(*node().operation, inputs_, output_);
  }

  [[nodiscard]] bool may_overwrite(run::Slot /*output*/, run::Slot input) const override {
    return node().operation->runs_in_place() &&
           std::all_of(inputs_.begin(), inputs_.end(), [&](const run::Operand& each) {
             return !each.layout && (each.slot != input || (each.shape == node().shape && each.dtype == node().dtype));
           });
  }

  [[nodiscard]] std::unique_ptr<run::PlanStep> make() override {
    return std::make_unique<run::OperationStep>(node().operation, inputs_, output_, scratch_);
  }

 private:
  [[nodiscard]] const graph::Node& node() const { return *order().nodes[rank()]; }

  std::vector<run::Operand> inputs_;
  run::Operand output_;
  run::Slot scratch_ = 0;
};

}  // namespace

Group::~Group() = default;

std::unique_ptr<Group> operation_group(const graph::Order& order, std::uint32_t node) {
  return std::make_unique<OperationGroup>(order, node);
}

}  // namespace xgrad::planning
