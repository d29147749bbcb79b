#pragma once

#include <cstdint>
#include <string_view>

namespace xgrad::run {

/// ValueError that names `operation`, if one of the indices lies outside [−length, length). Asked before the first
/// element is written, so that an error leaves the output alone.
void require_in_range(std::string_view operation, const std::int64_t* indices, std::int64_t count, std::int64_t length);

/// The row that an index in [−length, length) names.
[[nodiscard]] inline std::int64_t row_of(std::int64_t index, std::int64_t length) noexcept {
  return index < 0 ? index + length : index;
}

}  // namespace xgrad::run
