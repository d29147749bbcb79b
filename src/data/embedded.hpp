#pragma once

#include <string_view>

namespace xgrad::data {

/// data/digits.csv, built into the library.
[[nodiscard]] std::string_view digits_csv() noexcept;

}  // namespace xgrad::data
