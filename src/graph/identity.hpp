#pragma once

#include <cstdint>

#include "xgrad/operation.hpp"

namespace xgrad::graph {

/// Numbers operations: two of one class with equal name, algebra and attributes have the same number, all others
/// different ones.
class OperationIdentity {
 public:
  /// From 1. Numbered at the first call for an instance, then read.
  [[nodiscard]] static std::uint64_t of(const Operation& operation) {
    const std::uint64_t known = operation.identity_.load(std::memory_order_relaxed);
    return known != 0 ? known : number(operation);
  }

 private:
  static std::uint64_t number(const Operation& operation);
};

}  // namespace xgrad::graph
