#include <algorithm>

#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "planning/groups/group.hpp"
#include "planning/groups/tile_program.hpp"

namespace xgrad::planning {

namespace {

std::vector<std::uint32_t> joined(std::vector<std::uint32_t> nodes, const std::vector<std::uint32_t>& sums) {
  nodes.insert(nodes.end(), sums.begin(), sums.end());
  return nodes;
}

// What a pass takes from leaves and from other groups.
std::vector<Source> reads_of(const graph::Order& order, const std::vector<std::uint32_t>& nodes) {
  std::vector<Source> reads;
  for (const std::uint32_t node : nodes) {
    for (std::size_t j = 0; j < order.inputs(node).size(); ++j) {
      const Source from = through_broadcasts(order, source(order, node, j));
      if (from.is_leaf || !std::binary_search(nodes.begin(), nodes.end(), from.index)) {
        reads.push_back(from);
      }
    }
  }
  return reads;
}

class ElementwiseGroup final : public Group {
 public:
  ElementwiseGroup(const graph::Order& order, std::vector<std::uint32_t> nodes, std::vector<std::uint32_t> sums)
      : Group{order, joined(nodes, sums), nodes.back(), reads_of(order, nodes)},
        pass_{std::move(nodes), std::move(sums)} {}

  void assign(const Storage& storage, const std::vector<bool>& needed) override {
    task_ = tile_program(order(), pass_, storage, needed);
    scratch_bytes_ = run::tile_layout(task_).scratch_bytes;
    for (const run::TileRegister& tile : task_.registers) {
      if (tile.kind == run::TileRegister::Kind::input || tile.kind == run::TileRegister::Kind::scalar) {
        own_access().reads.push_back(tile.operand.slot);
      } else if (tile.kind == run::TileRegister::Kind::output) {
        own_access().writes.push_back(tile.operand.slot);
      }
    }
    for (const run::TileSum& sum : task_.sums) {
      own_access().writes.push_back(sum.output.slot);
    }
    own_access().may_throw = std::any_of(pass_.nodes.begin(), pass_.nodes.end(), [this](std::uint32_t node) {
      return order().nodes[node]->operation->may_throw();
    });
  }

  [[nodiscard]] std::size_t scratch_bytes() const override { return scratch_bytes_; }

  [[nodiscard]] bool may_overwrite(run::Slot output, run::Slot input) const override {
    return can_overwrite(task_, input, output);
  }

  [[nodiscard]] std::unique_ptr<run::PlanStep> make() override {
    return std::make_unique<run::ElementwiseStep>(std::move(task_));
  }

 private:
  TilePass pass_;
  run::ElementwiseTask task_;
  std::size_t scratch_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Group> elementwise_group(const graph::Order& order, std::vector<std::uint32_t> nodes,
                                         std::vector<std::uint32_t> sums) {
  return std::make_unique<ElementwiseGroup>(order, std::move(nodes), std::move(sums));
}

}  // namespace xgrad::planning
