#pragma once

#include <exception>
#include <new>

#include "xgrad/error.hpp"

namespace xgrad {

/// A tensor that doesn't fit into memory.
class OutOfMemory final : public Error {
 public:
  using Error::Error;
};

/// Whether an error says that there is no memory. Where other errors are an answer (an operation refuses a value, say),
/// these aren't: they are to be thrown on.
[[nodiscard]] inline bool is_for_memory(const std::exception& error) noexcept {
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr || dynamic_cast<const OutOfMemory*>(&error) != nullptr;
}

}  // namespace xgrad
