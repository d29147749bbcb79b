#pragma once

#include <memory>
#include <span>
#include <vector>

#include "graph/cell.hpp"

namespace xgrad::graph {

/// The states that were set on this thread to values that are still pending.
class PendingStates {
 public:
  /// This thread's; null if it ends.
  [[nodiscard]] static PendingStates* here() noexcept;

  void add(const std::shared_ptr<Cell>& cell);

  [[nodiscard]] bool empty() const noexcept { return cells_.empty(); }
  /// The cells that are alive and still pending. Forgets the others, and settles those that were evaluated.
  [[nodiscard]] std::vector<std::shared_ptr<Cell>> take_stock();

 private:
  std::vector<std::weak_ptr<Cell>> cells_;
};

/// Gives the states back the values that were evaluated last.
void revert(std::span<const std::shared_ptr<Cell>> cells) noexcept;

/// Keeps the values of states: the value that a state has when it is first written on this thread while the guard lives
/// comes back by restore(), and when the guard goes. Guards nest.
class StateGuard {
 public:
  StateGuard() noexcept;
  StateGuard(const StateGuard&) = delete;
  StateGuard& operator=(const StateGuard&) = delete;
  ~StateGuard();

  void restore() noexcept;

  /// Whether there is one on this thread, so that before_write() has something to do.
  [[nodiscard]] static bool any() noexcept;

 private:
  friend void before_write(const std::shared_ptr<Cell>& cell);

  struct Kept {
    std::shared_ptr<Cell> cell;
    Tensor value;
    Tensor settled;
    int unevaluated_sets;
  };

  std::vector<Kept> kept_;
  StateGuard* outer_;
};

/// To be called before a cell that isn't trained is written, outside of traces.
void before_write(const std::shared_ptr<Cell>& cell);

}  // namespace xgrad::graph
