#pragma once

#include <vector>

namespace xgrad::check::diagnosis {

using Values = std::vector<double>;

[[nodiscard]] double dot(const Values& a, const Values& b) noexcept;
/// ‖a‖
[[nodiscard]] double length(const Values& a) noexcept;
[[nodiscard]] Values difference(const Values& a, const Values& b);
[[nodiscard]] bool is_finite(const Values& values) noexcept;
/// ‖a − b‖ / max(‖a‖, ‖b‖), 0 for equal ones. Where both are NaN, or the same infinity, they are equal.
[[nodiscard]] double residual(const Values& a, const Values& b);

}  // namespace xgrad::check::diagnosis
