#include "graph/pending_states.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "graph/node.hpp"
#include "memory/thread_store.hpp"

namespace xgrad::graph {

namespace {

constinit XGRAD_STATIC_TLS thread_local StateGuard* innermost_guard = nullptr;

}  // namespace

PendingStates* PendingStates::here() noexcept {
  return memory::of_this_thread<PendingStates>();
}

void PendingStates::add(const std::shared_ptr<Cell>& cell) {
  const bool known = std::any_of(cells_.begin(), cells_.end(), [&cell](const std::weak_ptr<Cell>& other) {
    return !other.owner_before(cell) && !cell.owner_before(other);
  });
  if (!known) {
    cells_.push_back(cell);
  }
}

std::vector<std::shared_ptr<Cell>> PendingStates::take_stock() {
  std::vector<std::shared_ptr<Cell>> pending;
  pending.reserve(cells_.size());
  const auto is_done = [&pending](const std::weak_ptr<Cell>& known) {
    std::shared_ptr<Cell> cell = known.lock();
    if (cell == nullptr || !cell->settled.defined()) {
      return true;
    }
    if (cell->value.node()->has_value()) {
      cell->settle(cell->value);
      return true;
    }
    pending.push_back(std::move(cell));
    return false;
  };
  cells_.erase(std::remove_if(cells_.begin(), cells_.end(), is_done), cells_.end());
  return pending;
}

void revert(std::span<const std::shared_ptr<Cell>> cells) noexcept {
  for (const std::shared_ptr<Cell>& cell : cells) {
    if (cell->settled.defined()) {
      Tensor settled = cell->settled;
      cell->settle(std::move(settled));
    }
  }
}

StateGuard::StateGuard() noexcept : outer_{std::exchange(innermost_guard, this)} {}

StateGuard::~StateGuard() {
  restore();
  innermost_guard = outer_;
}

bool StateGuard::any() noexcept {
  return innermost_guard != nullptr;
}

void StateGuard::restore() noexcept {
  for (const Kept& kept : kept_) {
    kept.cell->value = kept.value;
    kept.cell->settled = kept.settled;
    kept.cell->unevaluated_sets = kept.unevaluated_sets;
    PendingStates* pending = kept.settled.defined() ? PendingStates::here() : nullptr;
    try {
      if (pending != nullptr) {
        pending->add(kept.cell);
      }
    } catch (const std::bad_alloc&) {
      continue;  // it is evaluated when it is read
    }
  }
}

void before_write(const std::shared_ptr<Cell>& cell) {
  for (StateGuard* guard = innermost_guard; guard != nullptr; guard = guard->outer_) {
    const bool known = std::any_of(guard->kept_.begin(), guard->kept_.end(),
                                   [&cell](const StateGuard::Kept& kept) { return kept.cell == cell; });
    if (!known) {
      guard->kept_.push_back({cell, cell->value, cell->settled, cell->unevaluated_sets});
    }
  }
}

}  // namespace xgrad::graph
