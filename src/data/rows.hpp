#pragma once

#include <cstdint>
#include <span>

#include "xgrad/tensor.hpp"

namespace xgrad::data {

/// New leaves from rows (slices along axis 0) of an evaluated tensor of rank ≥ 1. Indices are trusted to be in range.
[[nodiscard]] Tensor gather_rows(const Tensor& source, std::span<const std::int64_t> rows);
[[nodiscard]] Tensor copy_rows(const Tensor& source, std::int64_t first, std::int64_t count);

}  // namespace xgrad::data
