#include "memory/buffer.hpp"

#include <array>
#include <bit>
#include <fmt/format.h>
#include <limits>
#include <new>

#include "memory/pooling.hpp"
#include "memory/thread_store.hpp"
#include "tensor/out_of_memory.hpp"

namespace xgrad::memory {

namespace {

// Size classes: four per power of two from 64 bytes on, so at most a fifth of a block is unused. Size class 0 is never
// pooled.
constexpr std::size_t largest_pooled = std::size_t{1} << 26U;
constexpr std::size_t class_count = 4 * 21 + 1;
constexpr std::size_t pool_limit = std::size_t{1} << 28U;  // bytes kept per thread

struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

SizeClass size_class(std::size_t bytes) noexcept {
  if (bytes <= 64) {
    return {1, 64};
  }
  if (bytes > largest_pooled) {
    return {0, (bytes + 63) / 64 * 64};
  }
  const auto log = static_cast<unsigned>(std::bit_width(bytes - 1)) - 1U;  // 2^log < bytes ≤ 2^(log+1)
  const std::size_t quarter = (std::size_t{1} << log) / 4;
  const std::size_t quarters = (bytes - (std::size_t{1} << log) + quarter - 1) / quarter;  // 1 to 4
  const std::size_t rounded = (std::size_t{1} << log) + quarters * quarter;
  return {1 + (log - 6U) * 4 + quarters, (rounded + 63) / 64 * 64};
}

}  // namespace

/// Free blocks of one thread. A block may be freed by another thread than the one that allocated it; it then joins that
/// thread's pool.
class Pool {
 public:
  Pool() noexcept = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    local_ = nullptr;
    state_ = PoolState::gone;
    for (Buffer::Block*& head : free_) {
      while (head != nullptr) {
        Buffer::Block* block = std::exchange(head, head->next);
        destroy(block);
      }
    }
  }

  static Buffer::Block* allocate(std::size_t bytes) {
    const SizeClass size = size_class(bytes);
    if (pooling && size.index != 0 && usable()) {
      Pool& pool = *local_;
      if (Buffer::Block* block = pool.free_[size.index]; block != nullptr) {
        pool.free_[size.index] = block->next;
        pool.kept_ -= size.bytes;
        block->references.store(1, std::memory_order_relaxed);
        return block;
      }
    }
    void* memory = ::operator new (Buffer::header_bytes + size.bytes, std::align_val_t{64});
    auto* block = new (memory) Buffer::Block;
    block->size_class = size.index == 0 ? 0 : (size.bytes << 8U) | size.index;
    return block;
  }

  static void recycle(Buffer::Block* block) noexcept {
    const std::size_t index = block->size_class & 0xFFU;
    const std::size_t bytes = block->size_class >> 8U;
    if (pooling && index != 0 && usable()) {
      Pool& pool = *local_;
      if (pool.kept_ + bytes <= pool_limit) {
        block->next = pool.free_[index];
        pool.free_[index] = block;
        pool.kept_ += bytes;
        return;
      }
    }
    destroy(block);
  }

 private:
  static void destroy(Buffer::Block* block) noexcept {
    block->~Block();
    ::operator delete (block, std::align_val_t{64});
  }

  std::array<Buffer::Block*, class_count + 1> free_{};
  std::size_t kept_ = 0;

  static bool usable() noexcept {
    if (state_ == PoolState::unused) {
      local_ = of_this_thread<Pool>();
      state_ = local_ == nullptr ? PoolState::unused : PoolState::in_use;  // unused: no memory now
    }
    return state_ == PoolState::in_use;
  }

  static constinit XGRAD_STATIC_TLS thread_local Pool* local_;
  static constinit XGRAD_STATIC_TLS thread_local PoolState state_;
};

constinit XGRAD_STATIC_TLS thread_local Pool* Pool::local_ = nullptr;
constinit XGRAD_STATIC_TLS thread_local PoolState Pool::state_ = PoolState::unused;

Buffer Buffer::allocate(const Shape& shape, DType dtype) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 4;  // leaves room for rounding up
  const auto elements = static_cast<std::size_t>(shape.size());
  try {
    if (elements > most / size_of(dtype)) {
      throw std::bad_alloc{};
    }
    Buffer buffer;
    buffer.block_ = Pool::allocate(elements * size_of(dtype));
    return buffer;
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(fmt::format("[memory] a {} tensor of shape {} doesn't fit", to_string(dtype), to_string(shape)));
  }
}

// Nobody can become an owner beside the last one: so that needs no locked instruction.
void Buffer::release() noexcept {
  if (block_->references.load(std::memory_order_acquire) == 1 ||
      block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    Pool::recycle(block_);
  }
}

}  // namespace xgrad::memory
