// tile, repeat: new axes that broadcast, or along which x is stacked, merged with their neighbours.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/arrays.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "run/reductions/axis_view.hpp"

namespace xgrad {

namespace {

std::int64_t times(std::string_view operation, const Tensor& x, std::int64_t length, std::int64_t count) {
  if (__builtin_mul_overflow(length, count, &length)) {
    throw ShapeError(fmt::format("[{}] {} {} times is more than an int64 counts", operation, graph::label(x), count));
  }
  return length;
}

// The axis with its elements `count` times, as a whole.
Tensor tiled_along(const Tensor& x, std::size_t axis, std::int64_t count) {
  const Shape result = x.shape().with(axis, times("tile", x, x.shape()[axis], count));
  const auto [outer, length, inner] = run::view_along(x.shape(), axis);
  const Tensor repeated = broadcast_to(reshape(x, Shape{outer, 1, length * inner}), {outer, count, length * inner});
  return reshape(repeated, result);
}

}  // namespace

Tensor tile(const Tensor& x, const std::vector<std::int64_t>& repeats) {
  static_cast<void>(ops::require_defined("tile", x));
  if (std::any_of(repeats.begin(), repeats.end(), [](std::int64_t count) { return count < 0; })) {
    throw ValueError(fmt::format("[tile] {} repeated ({}) times; expected none negative", graph::label(x),
                                 fmt::join(repeats, ", ")));
  }
  if (repeats.size() > Shape::max_rank) {
    throw ShapeError(fmt::format("[tile] {} repeated along {} axes; expected at most {}", graph::label(x),
                                 repeats.size(), Shape::max_rank));
  }
  std::vector<std::int64_t> lengths = x.shape().to_vector();
  if (lengths.size() < repeats.size()) {
    lengths.insert(lengths.begin(), repeats.size() - lengths.size(), 1);
  }
  Tensor result = reshape(x, Shape{lengths});
  // From the last axis on: what is written early is little.
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    const std::size_t back = repeats.size() - 1 - i;
    if (repeats[back] != 1) {
      result = tiled_along(result, lengths.size() - 1 - i, repeats[back]);
    }
  }
  return result;
}

Tensor repeat(const Tensor& x, std::int64_t count, std::int64_t axis) {
  const std::size_t normal = ops::require_axis("repeat", x, axis);
  if (count < 0) {
    throw ValueError(fmt::format("[repeat] the elements of {} {} times; expected 0 or more", graph::label(x), count));
  }
  const Shape result = x.shape().with(normal, times("repeat", x, x.shape()[normal], count));
  const auto [outer, length, inner] = run::view_along(x.shape(), normal);
  const std::int64_t elements = outer * length;
  // Runs of few elements take strided copies less time than broadcasting.
  constexpr std::int64_t few = 4;
  if (inner == 1 && count >= 2 && count <= few) {
    return reshape(stack(std::vector<Tensor>(static_cast<std::size_t>(count), reshape(x, Shape{elements})), 1), result);
  }
  return reshape(broadcast_to(reshape(x, Shape{elements, 1, inner}), {elements, count, inner}), result);
}

}  // namespace xgrad
