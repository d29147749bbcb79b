#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "xgrad/dtype.hpp"

/// Rows with equal indices, added up.
namespace xgrad::run {

/// `count` rows of `width` elements.
struct Rows {
  std::int64_t count = 0;
  std::int64_t width = 0;
};

/// out[j] ← Σ x[k] over all k with indices[k] = indices[j]; time and memory don't depend on `length`. An index outside
/// [−length, length) is a ValueError that names `operation`. T is float, double or std::int64_t. Rows of float32 are
/// added up as in take_adjoint: with the same result, if they have short_row elements or more. `workspace` has
/// row_sums_bytes(), aligned to 64.
template <class T>
void row_sums(std::string_view operation, const T* x, const std::int64_t* indices, std::int64_t length, Rows rows,
              T* out, std::byte* workspace);
[[nodiscard]] std::size_t row_sums_bytes(DType dtype, std::int64_t count, std::int64_t width) noexcept;

}  // namespace xgrad::run
