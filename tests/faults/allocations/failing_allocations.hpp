#pragma once

#include <cstdint>

/// Memory that runs out. Linking failing_allocations.cpp replaces every form of operator new in the process, libraries
/// included; xgrad's pools take their memory from there too. malloc called directly isn't counted.
namespace faults {

/// Which allocations fail: the n-th only, or the n-th and all after it.
enum class Shortage : std::uint8_t { once, lasting };

/// While it lives, the process' allocations are counted, and the n-th fails; none for n = 0. One at a time.
class FailingAllocations {
 public:
  FailingAllocations(std::int64_t n, Shortage shortage) noexcept;
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;
  ~FailingAllocations();

  [[nodiscard]] static std::int64_t count() noexcept;
  /// Whether one has failed.
  [[nodiscard]] static bool failed() noexcept;
};

/// How many blocks of memory the process holds.
[[nodiscard]] std::int64_t live_blocks() noexcept;

}  // namespace faults
