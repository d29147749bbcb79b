// pad by a mode: along each axis, the elements of x at indices that are worked out here; its adjoint adds them back.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/convolution.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/convolution/windows.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

// Where element i of an axis of this length is, for i from −before to length + after − 1.
std::int64_t source(std::int64_t i, std::int64_t length, PaddingMode mode) {
  switch (mode) {
    case PaddingMode::reflect:
      i = i < 0 ? -i : i;
      return i < length ? i : 2 * (length - 1) - i;
    case PaddingMode::circular:
      return (i + length) % length;
    default:
      return std::clamp(i, std::int64_t{0}, length - 1);
  }
}

Tensor indices(std::int64_t before, std::int64_t length, std::int64_t after, PaddingMode mode) {
  std::vector<std::int64_t> result;
  result.reserve(static_cast<std::size_t>(before + length + after));
  for (std::int64_t i = -before; i < length + after; ++i) {
    result.push_back(source(i, length, mode));
  }
  return from_vector(result, Shape{before + length + after}).named("i");
}

void require_long_enough(const Tensor& x, std::size_t axis, std::pair<std::int64_t, std::int64_t> widths,
                         PaddingMode mode) {
  const auto [before, after] = widths;
  const std::int64_t length = x.shape()[axis];
  if (before < 0 || after < 0) {
    throw ValueError(fmt::format("[pad] widths ({}, {}) at axis {} of {}; expected none negative", before, after, axis,
                                 graph::label(x)));
  }
  const std::int64_t width = std::max(before, after);
  std::int64_t total = 0;
  if (__builtin_add_overflow(before, after, &total) || __builtin_add_overflow(total, length, &total)) {
    throw ShapeError(
        fmt::format("[pad] widths ({}, {}) at axis {} of {} are too large", before, after, axis, graph::label(x)));
  }
  if (width == 0) {
    return;
  }
  if (mode == PaddingMode::reflect && width >= length) {
    throw ShapeError(fmt::format("[pad] reflects {} elements at axis {} of {}; expected fewer than its length", width,
                                 axis, graph::label(x)));
  }
  if (mode == PaddingMode::circular && width > length) {
    throw ShapeError(fmt::format("[pad] repeats {} elements at axis {} of {}; expected no more than its length", width,
                                 axis, graph::label(x)));
  }
  if (length == 0) {
    throw ShapeError(
        fmt::format("[pad] repeats an element at axis {} of {}; expected one or more", axis, graph::label(x)));
  }
}

}  // namespace

Tensor pad(const Tensor& x, const ConvPadding::Widths& widths, PaddingMode mode) {
  if (mode == PaddingMode::zeros) {
    return pad(x, widths);
  }
  if (widths.size() != ops::require_defined("pad", x).rank()) {
    throw ShapeError(
        fmt::format("[pad] {} pairs of widths for {}; expected one per axis", widths.size(), graph::label(x)));
  }
  Tensor result = x;
  for (std::size_t axis = 0; axis < widths.size(); ++axis) {
    require_long_enough(x, axis, widths[axis], mode);
    const auto [before, after] = widths[axis];
    if (before > 0 || after > 0) {
      result = take(result, indices(before, x.shape()[axis], after, mode), static_cast<std::int64_t>(axis));
    }
  }
  return result;
}

Tensor ops::pad_adjoint(const Tensor& padded, const ConvPadding::Widths& widths, const Shape& shape, PaddingMode mode) {
  Tensor result = padded;
  for (std::size_t axis = widths.size(); axis-- > 0;) {
    const auto [before, after] = widths[axis];
    if (before > 0 || after > 0) {
      result =
          take_adjoint(result, indices(before, shape[axis], after, mode), shape[axis], static_cast<std::int64_t>(axis));
    }
  }
  return result;
}

}  // namespace xgrad
