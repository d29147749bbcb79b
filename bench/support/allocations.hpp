#pragma once

#include <cstdint>

namespace bench {

/// How often any form of operator new was called in this process, libraries included. Linking allocations.cpp replaces
/// them all. malloc called directly isn't counted.
[[nodiscard]] std::int64_t allocation_count() noexcept;

}  // namespace bench
