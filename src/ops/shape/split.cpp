// split: a tensor cut into parts along an axis. Slices.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

std::vector<Tensor> split(const Tensor& x, std::int64_t parts, std::int64_t axis) {
  const std::int64_t length = ops::require_defined("split", x).shape()[ops::require_axis("split", x, axis)];
  if (parts < 1) {
    throw ValueError(
        fmt::format("[split] axis {} of {} into {} parts; expected 1 or more", axis, graph::label(x), parts));
  }
  if (length % parts != 0) {
    throw ShapeError(fmt::format("[split] axis {} of {} isn't divisible into {} parts", axis, graph::label(x), parts));
  }
  return split(x, std::vector<std::int64_t>(static_cast<std::size_t>(parts), length / parts), axis);
}

std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& lengths, std::int64_t axis) {
  std::int64_t left = ops::require_defined("split", x).shape()[ops::require_axis("split", x, axis)];
  for (const std::int64_t length : lengths) {
    if (length < 0) {
      throw ValueError(fmt::format("[split] axis {} of {} into lengths ({}); expected none negative", axis,
                                   graph::label(x), fmt::join(lengths, ", ")));
    }
    if (length > left) {
      left = -1;
      break;
    }
    left -= length;
  }
  if (left != 0) {
    throw ShapeError(fmt::format("[split] axis {} of {} into lengths ({}), which don't add up to it", axis,
                                 graph::label(x), fmt::join(lengths, ", ")));
  }
  std::vector<Tensor> parts;
  parts.reserve(lengths.size());
  std::int64_t start = 0;
  for (const std::int64_t length : lengths) {
    parts.push_back(slice(x, {start, start + length}, axis));
    start += length;
  }
  return parts;
}

}  // namespace xgrad
