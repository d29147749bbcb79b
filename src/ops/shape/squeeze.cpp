// squeeze: drops axes of length 1. A reshape.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor squeeze(const Tensor& x, const Axes& axes) {
  const auto dropped = ops::require_axes("squeeze", x, axes.values());
  const bool all_axes = axes.values().empty();
  std::vector<std::int64_t> lengths;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    const std::int64_t length = x.shape()[i];
    const bool named = std::binary_search(dropped.begin(), dropped.end(), i);
    if (named && length != 1 && !all_axes) {
      throw ShapeError(fmt::format("[squeeze] axis {} of {} has length {}; expected 1", i, graph::label(x), length));
    }
    if (!named || length != 1) {
      lengths.push_back(length);
    }
  }
  return reshape(x, Shape{lengths});
}

}  // namespace xgrad
