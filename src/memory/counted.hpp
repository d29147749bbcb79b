#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace xgrad::memory {

/// Shared ownership of an object that doesn't change, behind one pointer: the count stands in front of the object. For
/// members of what there is a lot of; std::shared_ptr takes twice the room.
template <class T>
class Counted {
 public:
  Counted() noexcept = default;
  Counted(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor): as of a pointer
  Counted(const Counted& other) noexcept : block_{other.block_} {
    if (block_ != nullptr) {
      block_->references.fetch_add(1, std::memory_order_relaxed);
    }
  }
  Counted(Counted&& other) noexcept : block_{std::exchange(other.block_, nullptr)} {}
  Counted& operator=(Counted other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Counted() {
    // Nobody can become an owner beside the last one: so that needs no locked instruction.
    if (block_ != nullptr && (block_->references.load(std::memory_order_acquire) == 1 ||
                              block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)) {
      delete block_;
    }
  }

  template <class... Arguments>
  [[nodiscard]] static Counted make(Arguments&&... arguments) {
    Counted made;
    made.block_ = new Block{{1}, {std::forward<Arguments>(arguments)...}};
    return made;
  }

  [[nodiscard]] const T* get() const noexcept { return block_ == nullptr ? nullptr : &block_->value; }
  [[nodiscard]] const T& operator*() const noexcept { return block_->value; }
  [[nodiscard]] const T* operator->() const noexcept { return &block_->value; }
  [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }

  friend bool operator==(const Counted& a, const Counted& b) noexcept { return a.block_ == b.block_; }

 private:
  struct Block {
    std::atomic<std::uint32_t> references;
    T value;
  };

  Block* block_ = nullptr;
};

}  // namespace xgrad::memory
