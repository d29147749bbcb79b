#pragma once

#include <span>

#include "xgrad/shape.hpp"

#include "formulas/expression.hpp"

namespace xgrad::formulas {

/// The shape of an element-wise operation on these.
[[nodiscard]] Shape common_shape(std::span<const Expr> arguments);
/// Whether an operand of the one shape broadcasts to the other.
[[nodiscard]] bool broadcasts(const Shape& from, const Shape& to);
/// The formula behind spreads that only broadcast: an element-wise operation does that by itself.
[[nodiscard]] Expr without_spread(Expr x);

}  // namespace xgrad::formulas
