#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

/// The entries of gradients as numbers, and their indices.
namespace xgrad::check {

/// The elements of a tensor of any floating dtype, row-major. Evaluates.
[[nodiscard]] std::vector<double> as_doubles(const Tensor& tensor);

/// Without overflow; NaN if any is NaN.
[[nodiscard]] double norm(std::span<const double> values) noexcept;
/// The larger of the two; NaN if either is.
[[nodiscard]] double larger(double a, double b) noexcept;
/// Row-major: 5 in (2, 3) is {1, 2}.
[[nodiscard]] std::vector<std::int64_t> unravel(std::int64_t flat, const Shape& shape);
/// "(1, 2)".
[[nodiscard]] std::string index_text(std::span<const std::int64_t> index);

}  // namespace xgrad::check
