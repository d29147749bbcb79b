// global_avg_pool, global_max_pool: the mean and adaptive pooling to one window.
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/pooling.hpp"
#include "xgrad/reduce.hpp"

#include "graph/node.hpp"
#include "ops/pooling/window_rule.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

void require_pooled(std::string_view operation, const Tensor& x, std::int64_t spatial) {
  if (spatial < 1 || spatial > static_cast<std::int64_t>(ops::max_spatial)) {
    throw ValueError(fmt::format("[{}] found {} spatial axes; expected 1 to {}", operation, spatial, ops::max_spatial));
  }
  const auto count = static_cast<std::size_t>(spatial);
  ops::require_rank(operation, x, count);
  for (const std::int64_t length : ops::spatial_of(x.shape(), count)) {
    if (length == 0) {
      throw ShapeError(fmt::format("[{}] found {}, with an empty spatial axis; expected one element or more", operation,
                                   graph::label(x)));
    }
  }
}

}  // namespace

Tensor global_avg_pool(const Tensor& x, std::int64_t spatial, bool keep_dims) {
  require_pooled("global_avg_pool", x, spatial);
  static_cast<void>(ops::require_floating("global_avg_pool", std::span{&x, 1}));
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = -spatial; axis < 0; ++axis) {
    axes.push_back(axis);
  }
  return mean(x, axes, keep_dims);
}

Tensor global_max_pool(const Tensor& x, std::int64_t spatial, bool keep_dims) {
  require_pooled("global_max_pool", x, spatial);
  static_cast<void>(ops::require_numeric("global_max_pool", std::span{&x, 1}));
  const auto count = static_cast<std::size_t>(spatial);
  const Tensor pooled = adaptive_max_pool(x, ops::Lengths(count, 1));
  return keep_dims ? pooled : reshape(pooled, Shape{std::span{x.shape().begin(), x.rank() - count}});
}

}  // namespace xgrad
