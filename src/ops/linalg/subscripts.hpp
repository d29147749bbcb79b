#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ops/linalg/contraction.hpp"

namespace xgrad::ops {

/// einsum's subscripts, as they are written.
struct Subscripts {
  static constexpr int ellipsis = -1;

  std::vector<Labels> operands;  ///< letters as their codes, and at most one ellipsis
  std::optional<Labels> result;  ///< nothing: without "->"
};

/// Throws ValueError for what isn't well-formed; what concerns ranks and lengths isn't looked at.
[[nodiscard]] Subscripts parse_subscripts(std::string_view text);

}  // namespace xgrad::ops
