#include "failing_allocations.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace faults {

namespace {

struct Watch {
  std::atomic<bool> on{false};
  std::atomic<bool> failed{false};
  bool lasting = false;
  std::int64_t n = 0;
  std::atomic<std::int64_t> count{0};
};

constinit Watch watch;
std::atomic<std::int64_t> live{0};

bool fails() noexcept {
  if (!watch.on) {
    return false;
  }
  const std::int64_t count = watch.count.fetch_add(1) + 1;
  const bool due = watch.n != 0 && (watch.lasting ? count >= watch.n : count == watch.n);
  if (due) {
    watch.failed = true;
  }
  return due;
}

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  if (fails()) {
    return nullptr;
  }
  void* memory = alignment <= alignof(std::max_align_t)
                     ? std::malloc(size == 0 ? 1 : size)
                     : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  live.fetch_add(memory == nullptr ? 0 : 1, std::memory_order_relaxed);
  return memory;
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  if (void* memory = allocate(size, alignment)) {
    return memory;
  }
  throw std::bad_alloc{};
}

void give_back(void* memory) noexcept {
  live.fetch_sub(memory == nullptr ? 0 : 1, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

FailingAllocations::FailingAllocations(std::int64_t n, Shortage shortage) noexcept {
  watch.failed = false;
  watch.lasting = shortage == Shortage::lasting;
  watch.n = n;
  watch.count = 0;
  watch.on = true;
}

FailingAllocations::~FailingAllocations() {
  watch.on = false;
}

std::int64_t FailingAllocations::count() noexcept {
  return watch.count;
}

bool FailingAllocations::failed() noexcept {
  return watch.failed;
}

std::int64_t live_blocks() noexcept {
  return live.load(std::memory_order_relaxed);
}

}  // namespace faults

// All forms: a sanitizer would otherwise serve some of them itself, and find that they are given back elsewhere.
using Alignment = std::align_val_t;

void* operator new(std::size_t size) {
  return faults::allocate_or_throw(size, 0);
}
void* operator new[](std::size_t size) {
  return faults::allocate_or_throw(size, 0);
}
void* operator new(std::size_t size, Alignment alignment) {
  return faults::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, Alignment alignment) {
  return faults::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return faults::allocate(size, 0);
}
void* operator new[](std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return faults::allocate(size, 0);
}
void* operator new(std::size_t size, Alignment alignment, const std::nothrow_t& /*tag*/) noexcept {
  return faults::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, Alignment alignment, const std::nothrow_t& /*tag*/) noexcept {
  return faults::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  faults::give_back(memory);
}
void operator delete[](void* memory) noexcept {
  faults::give_back(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  faults::give_back(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  faults::give_back(memory);
}
void operator delete(void* memory, Alignment /*alignment*/) noexcept {
  faults::give_back(memory);
}
void operator delete[](void* memory, Alignment /*alignment*/) noexcept {
  faults::give_back(memory);
}
void operator delete(void* memory, std::size_t /*size*/, Alignment /*alignment*/) noexcept {
  faults::give_back(memory);
}
void operator delete[](void* memory, std::size_t /*size*/, Alignment /*alignment*/) noexcept {
  faults::give_back(memory);
}
void operator delete(void* memory, const std::nothrow_t& /*tag*/) noexcept {
  faults::give_back(memory);
}
void operator delete[](void* memory, const std::nothrow_t& /*tag*/) noexcept {
  faults::give_back(memory);
}
void operator delete(void* memory, Alignment /*alignment*/, const std::nothrow_t& /*tag*/) noexcept {
  faults::give_back(memory);
}
void operator delete[](void* memory, Alignment /*alignment*/, const std::nothrow_t& /*tag*/) noexcept {
  faults::give_back(memory);
}
