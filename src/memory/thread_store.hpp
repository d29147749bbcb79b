#pragma once

#include <cstddef>
#include <vector>

/// For trivial thread-local variables of a few bytes: found without a call, also in a shared library. All of them take
/// less than 500 bytes, so that the library can be loaded at run time: larger objects belong behind of_this_thread().
#define XGRAD_STATIC_TLS __attribute__((tls_model("initial-exec")))

namespace xgrad::memory {

/// Whether this thread's part of a pool may be used: it is made at its first use; blocks that are freed after it is
/// gone go back to the system.
enum class PoolState : unsigned char { unused, in_use, gone };

/// The objects that a thread keeps between calls: one of each type, destroyed in reverse order when the thread ends.
class ThreadStore {
 public:
  ThreadStore() noexcept;
  ThreadStore(const ThreadStore&) = delete;
  ThreadStore& operator=(const ThreadStore&) = delete;
  ~ThreadStore();

  /// This thread's; null once it is gone.
  [[nodiscard]] static ThreadStore* here() noexcept { return known_ != nullptr ? known_ : first(); }
  /// A number for a type, from 0.
  [[nodiscard]] static std::size_t new_slot() noexcept;

  /// The object of this slot, or null.
  [[nodiscard]] void* at(std::size_t slot) const noexcept { return slot < objects_.size() ? objects_[slot] : nullptr; }
  /// Takes over an object. Throws bad_alloc, and then hasn't.
  void add(std::size_t slot, void* object, void (*destroy)(void*));

 private:
  struct Owned {
    void* object;
    void (*destroy)(void*);
  };

  static ThreadStore* first() noexcept;

  static constinit XGRAD_STATIC_TLS thread_local ThreadStore* known_;
  static constinit XGRAD_STATIC_TLS thread_local PoolState state_;

  std::vector<void*> objects_;  // by slot
  std::vector<Owned> owned_;    // in order of their making
};

/// This thread's T, made at its first use. Null if there is no memory for it, and once it is gone, which is while the
/// thread ends, and for the main thread when objects of static duration are destroyed.
template <class T>
[[nodiscard]] T* of_this_thread() noexcept {
  static const std::size_t slot = ThreadStore::new_slot();
  ThreadStore* store = ThreadStore::here();
  if (store == nullptr) {
    return nullptr;
  }
  if (void* known = store->at(slot); known != nullptr) {
    return static_cast<T*>(known);
  }
  T* object = nullptr;
  try {
    object = new T{};
    store->add(slot, object, [](void* dead) { delete static_cast<T*>(dead); });
    return object;
  } catch (...) {
    delete object;
    return nullptr;
  }
}

}  // namespace xgrad::memory
