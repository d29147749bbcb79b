#pragma once

#include <span>

#include "xgrad/shape.hpp"

#include "formulas/expression.hpp"

namespace xgrad::formulas {

/// The shape that element-wise operations of these have.
[[nodiscard]] Shape common_shape(std::span<const Expr> arguments);
/// Whether one shape becomes the other where it meets it element by element.
[[nodiscard]] bool broadcasts(const Shape& from, const Shape& to);

}  // namespace xgrad::formulas
