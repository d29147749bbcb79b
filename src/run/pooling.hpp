#pragma once

/// For trivial thread-local variables of a few bytes: found without a call, also in a shared library.
#define XGRAD_STATIC_TLS __attribute__((tls_model("initial-exec")))

namespace xgrad::run {

// Under a sanitizer every buffer and node is its own allocation, so that use after free and overflow are seen.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool pooling = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool pooling = false;
#else
inline constexpr bool pooling = true;
#endif
#else
inline constexpr bool pooling = true;
#endif

/// Whether this thread's part of a pool may be used: it is made at its first use, and what is given back after it is
/// gone goes to the system.
enum class PoolState : unsigned char { unused, in_use, gone };

/// This thread's T, made at its first use; null once it is gone, which is while the thread ends, and for the main
/// thread when objects of static duration are destroyed.
template <class T>
[[nodiscard]] T* of_this_thread() {
  constinit XGRAD_STATIC_TLS static thread_local T* known = nullptr;
  constinit XGRAD_STATIC_TLS static thread_local PoolState state = PoolState::unused;
  if (state == PoolState::unused) {
    struct Owner {
      T value{};
      Owner() = default;
      Owner(const Owner&) = delete;
      Owner& operator=(const Owner&) = delete;
      ~Owner() {
        known = nullptr;
        state = PoolState::gone;
      }
    };
    thread_local Owner owner;
    known = &owner.value;
    state = PoolState::in_use;
  }
  return known;
}

}  // namespace xgrad::run
