#pragma once

#include <unordered_map>
#include <vector>

#include "planning/groups.hpp"
#include "run/elementwise/elementwise_step.hpp"

namespace xgrad::planning {

/// Where the values of a graph are during a run. Slots are numbered by the place of the node whose memory it is; leaves
/// follow.
class Storage {
 public:
  Storage(const graph::Order& order, std::vector<const graph::Node*> leaves);

  [[nodiscard]] run::Slot of(const Source& source) const;
  [[nodiscard]] run::Slot of_place(std::uint32_t place) const { return roots_[place]; }
  [[nodiscard]] run::Operand operand(const Source& source) const {
    return {of(source), source.node->shape, source.node->dtype};
  }
  [[nodiscard]] bool is_leaf(run::Slot slot) const noexcept { return slot >= roots_.size(); }
  [[nodiscard]] std::uint32_t leaf(run::Slot slot) const noexcept {
    return slot - static_cast<std::uint32_t>(roots_.size());
  }
  [[nodiscard]] run::Slot leaf_slot(std::size_t leaf) const noexcept {
    return static_cast<run::Slot>(roots_.size() + leaf);
  }
  [[nodiscard]] const std::vector<const graph::Node*>& leaves() const noexcept { return leaves_; }
  /// The number of slots, with one more for scratch memory, which is the last.
  [[nodiscard]] std::size_t slot_count() const noexcept { return roots_.size() + leaves_.size() + 1; }
  [[nodiscard]] run::Slot scratch() const noexcept { return static_cast<run::Slot>(slot_count() - 1); }

 private:
  std::vector<const graph::Node*> leaves_;  // those given, then others in the order in which they are met
  std::unordered_map<const graph::Node*, std::uint32_t> numbers_;  // of the leaves
  std::vector<run::Slot> roots_;
};

/// The operand of an element-wise node: what lies before the broadcasts in between.
[[nodiscard]] Source through_broadcasts(const graph::Order& order, Source from, bool fuse);

/// An element-wise group as a pass over tiles. `needed` says which slots are read outside of the group.
[[nodiscard]] run::ElementwiseTask tile_program(const graph::Order& order, const Group& group, const Storage& storage,
                                                const std::vector<bool>& needed);

/// Whether the output may have the memory of the input: the pass reads each element before it writes there.
[[nodiscard]] bool can_overwrite(const run::ElementwiseTask& task, run::Slot input, run::Slot output);

}  // namespace xgrad::planning
