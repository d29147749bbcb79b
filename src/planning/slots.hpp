#pragma once

#include <cstdint>
#include <vector>

#include "planning/view_layout.hpp"
#include "run/plan.hpp"

namespace xgrad::planning {

/// Where the values of a graph are during a run. A slot has the index of the node whose memory it is; leaves follow.
class Storage {
 public:
  /// Of an order that numbers its leaves. Those in `given` come first, whether the order has them or not; then the
  /// others, as the order has them.
  Storage(const graph::Order& order, std::vector<const graph::Node*> given, Views views);

  [[nodiscard]] run::Slot of(const Source& source) const;
  [[nodiscard]] run::Slot of_node(std::uint32_t index) const { return roots_[index]; }
  [[nodiscard]] run::Operand operand(const Source& source) const;
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
  std::vector<const graph::Node*> leaves_;
  std::vector<std::uint32_t> numbers_;  // of the order's leaves among these
  Views views_;
  std::vector<run::Slot> roots_;
};

}  // namespace xgrad::planning
