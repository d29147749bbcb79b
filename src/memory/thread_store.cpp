#include "memory/thread_store.hpp"

#include <algorithm>
#include <atomic>

namespace xgrad::memory {

constinit thread_local ThreadStore* ThreadStore::known_ = nullptr;
constinit thread_local PoolState ThreadStore::state_ = PoolState::unused;

ThreadStore::ThreadStore() noexcept {
  known_ = this;
  state_ = PoolState::in_use;
}

ThreadStore::~ThreadStore() {
  known_ = nullptr;
  state_ = PoolState::gone;
  while (!owned_.empty()) {
    const Owned last = owned_.back();
    owned_.pop_back();
    last.destroy(last.object);
  }
}

ThreadStore* ThreadStore::first() noexcept {
  if (state_ == PoolState::unused) {
    thread_local ThreadStore store;
    static_cast<void>(store);
  }
  return known_;
}

std::size_t ThreadStore::new_slot() noexcept {
  static std::atomic<std::size_t> count{0};
  return count.fetch_add(1, std::memory_order_relaxed);
}

void ThreadStore::add(std::size_t slot, void* object, void (*destroy)(void*)) {
  objects_.resize(std::max(objects_.size(), slot + 1));
  owned_.push_back({object, destroy});
  objects_[slot] = object;
}

}  // namespace xgrad::memory
