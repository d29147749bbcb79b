#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "xgrad/dtype.hpp"
#include "xgrad/shape.hpp"

#include "run/layout.hpp"

namespace xgrad::run {

/// A copy between two arrays of equal dtype: element (i₀, i₁, …) goes from from[Σ iₐ from_step[a]] to
/// to[Σ iₐ to_step[a]]. Steps count elements and may be negative or 0 in `from`. Pointers are to element (0, 0, …).
/// The arrays don't overlap.
struct StridedCopy {
  const void* from = nullptr;
  void* to = nullptr;
  std::size_t rank = 0;
  std::array<std::int64_t, Shape::max_rank> lengths{};
  std::array<std::int64_t, Shape::max_rank> from_steps{};
  std::array<std::int64_t, Shape::max_rank> to_steps{};
};

/// Merges axes where it can; runs that are contiguous on both sides are block copies, and a transposition goes tile by
/// tile.
void strided_copy(DType dtype, const StridedCopy& copy);

/// `data` moved on by a number of elements of the dtype.
[[nodiscard]] inline const void* offset(const void* data, std::int64_t elements, DType dtype) noexcept {
  return static_cast<const std::byte*>(data) + elements * static_cast<std::int64_t>(size_of(dtype));
}
[[nodiscard]] inline void* offset(void* data, std::int64_t elements, DType dtype) noexcept {
  return static_cast<std::byte*>(data) + elements * static_cast<std::int64_t>(size_of(dtype));
}

}  // namespace xgrad::run
