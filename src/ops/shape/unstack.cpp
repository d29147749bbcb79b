// unstack, chunk: the parts of a tensor along an axis. Slices.
#include <fmt/format.h>

#include "xgrad/arrays.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

std::vector<Tensor> unstack(const Tensor& x, std::int64_t axis) {
  const std::size_t normal = ops::require_axis("unstack", x, axis);
  const Shape shape = x.shape().without(normal);
  std::vector<Tensor> parts;
  parts.reserve(static_cast<std::size_t>(x.shape()[normal]));
  for (std::int64_t i = 0; i < x.shape()[normal]; ++i) {
    parts.push_back(reshape(slice(x, {i, i + 1}, axis), shape));
  }
  return parts;
}

std::vector<Tensor> chunk(const Tensor& x, std::int64_t parts, std::int64_t axis) {
  const std::int64_t length = ops::require_defined("chunk", x).shape()[ops::require_axis("chunk", x, axis)];
  if (parts < 1) {
    throw ValueError(
        fmt::format("[chunk] axis {} of {} into {} parts; expected 1 or more", axis, graph::label(x), parts));
  }
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(parts), length / parts);
  for (std::int64_t i = 0; i < length % parts; ++i) {
    ++lengths[static_cast<std::size_t>(i)];
  }
  return split(x, lengths, axis);
}

}  // namespace xgrad
