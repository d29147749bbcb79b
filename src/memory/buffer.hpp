#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "xgrad/dtype.hpp"
#include "xgrad/shape.hpp"

namespace xgrad::memory {

/// Reference-counted memory of one value: `bytes` usable bytes, 64-byte aligned, recycled through a pool per thread.
class Buffer {
 public:
  Buffer() noexcept = default;
  Buffer(const Buffer& other) noexcept : block_{other.block_} {
    if (block_ != nullptr) {
      block_->references.fetch_add(1, std::memory_order_relaxed);
    }
  }
  Buffer(Buffer&& other) noexcept : block_{std::exchange(other.block_, nullptr)} {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer() {
    if (block_ != nullptr) {
      release();
    }
  }

  /// Uninitialised memory for a tensor. Throws Error, naming shape and dtype, if there isn't so much.
  [[nodiscard]] static Buffer allocate(const Shape& shape, DType dtype);

  [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }
  [[nodiscard]] void* data() const noexcept { return reinterpret_cast<std::byte*>(block_) + header_bytes; }
  [[nodiscard]] bool unique() const noexcept { return block_->references.load(std::memory_order_acquire) == 1; }

 private:
  struct Block {
    std::atomic<std::size_t> references{1};
    std::size_t size_class = 0;
    Block* next = nullptr;  // in a free list
  };
  friend class Pool;
  static constexpr std::size_t header_bytes = 64;
  static_assert(sizeof(Block) <= header_bytes);

  void release() noexcept;  // not empty

  Block* block_ = nullptr;
};

}  // namespace xgrad::memory
