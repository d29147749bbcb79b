#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "xgrad/operation.hpp"

namespace xgrad::ops {

/// An attribute that operations of this algebra have. Throws ValueError that names the operation if it hasn't.
[[nodiscard]] bool flag(const Operation& operation, std::string_view name);
[[nodiscard]] double number(const Operation& operation, std::string_view name);
[[nodiscard]] std::int64_t integer(const Operation& operation, std::string_view name);
[[nodiscard]] std::vector<std::int64_t> integers(const Operation& operation, std::string_view name);

}  // namespace xgrad::ops
