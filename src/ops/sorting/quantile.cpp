// quantile, median: between two neighbours in sorted order. (1 − w) x₍ₗ₎ + w x₍ₗ₊₁₎ for h = q (n − 1), l = ⌊h⌋, w = h −
// l; the derivative is gather's. Several of them are taken from one selection of all ranks between them.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/sorting.hpp"

#include "graph/node.hpp"
#include "ops/elementwise/slopes.hpp"
#include "ops/reduce/reduction.hpp"
#include "ops/rules.hpp"
#include "ops/sorting/order.hpp"

namespace xgrad {

namespace {

struct Position {
  std::int64_t low = 0;
  double weight = 0;  ///< of the rank after it

  [[nodiscard]] std::int64_t high() const noexcept { return weight > 0 ? low + 1 : low; }
};

Position position_of(double q, std::int64_t count) {
  const double h = q * static_cast<double>(count - 1);
  const double low = std::floor(h);
  return {static_cast<std::int64_t>(low), h - low};
}

// Of each row of a matrix whose rows aren't empty.
Tensor quantile_of_rows(std::string_view operation, const Tensor& rows, double q) {
  const auto [low, weight] = position_of(q, rows.shape()[1]);
  const std::int64_t neighbours = weight > 0 ? 2 : 1;
  const Tensor chosen = gather(
      rows,
      ops::indices_at_ranks(operation, rows, 1,
                            {.first = low, .count = neighbours, .descending = false, .nans = run::Nans::everywhere}),
      1);
  const Tensor value = neighbours == 1 ? reshape(chosen, Shape{chosen.size()})
                                       : sum(chosen * tensor({1 - weight, weight}, rows.dtype()), 1);
  return value * ops::equal_slope(value, value);  // so that the gradient of NaN is NaN
}

// (q, rows) of at least one q, likewise.
Tensor quantiles_of_rows(const Tensor& rows, std::span<const double> q) {
  std::vector<Position> positions;
  for (const double each : q) {
    positions.push_back(position_of(each, rows.shape()[1]));
  }
  const std::int64_t first = std::ranges::min(positions, {}, &Position::low).low;
  const std::int64_t last = std::ranges::max(positions, {}, &Position::high).high();
  std::vector<std::int64_t> low;
  std::vector<std::int64_t> high;
  std::vector<double> weight;
  for (const Position& position : positions) {
    low.push_back(position.low - first);
    high.push_back(position.high() - first);
    weight.push_back(position.weight);
  }
  const auto count = static_cast<std::int64_t>(q.size());
  const Tensor chosen = transpose(
      gather(rows,
             ops::indices_at_ranks(
                 "quantile", rows, 1,
                 {.first = first, .count = last - first + 1, .descending = false, .nans = run::Nans::everywhere}),
             1));
  const Tensor share = cast(from_vector(weight, {count, 1}), rows.dtype());
  const Tensor value = chain_mul(take(chosen, from_vector(low, {count})), 1 - share) +
                       chain_mul(take(chosen, from_vector(high, {count})), share);  // a weight of 0 hides an infinity
  return value * ops::equal_slope(value, value);
}

void require_quantile(std::string_view operation, double q) {
  if (!(q >= 0 && q <= 1)) {
    throw ValueError(fmt::format("[{}] q is {}; expected 0 to 1", operation, q));
  }
}

// x as a matrix whose rows are what is ordered, and the shape without them.
struct Lines {
  Tensor rows;
  Shape reduced;
};

Lines lines_of(std::string_view operation, const Tensor& x, const Axes& axes, bool keep_dims) {
  const auto normal = ops::require_axes(operation, x, axes.values());
  static_cast<void>(ops::require_floating(operation, {&x, 1}));
  const std::int64_t count = ops::count_along(x.shape(), normal);
  if (count == 0) {
    throw ShapeError(fmt::format("[{}] of no elements, over an axis of length 0 of {}", operation, graph::label(x)));
  }
  const Tensor moved = permute(x, ops::axes_moved_last(x.rank(), normal));
  return {reshape(moved, Shape{x.size() / count, count}), ops::reduced_shape(x.shape(), normal, keep_dims)};
}

Tensor quantile_named(std::string_view operation, const Tensor& x, double q, const Axes& axes, bool keep_dims) {
  require_quantile(operation, q);
  const Lines lines = lines_of(operation, x, axes, keep_dims);
  return reshape(quantile_of_rows(operation, lines.rows, q), lines.reduced);
}

}  // namespace

Tensor quantile(const Tensor& x, double q, const Axes& axes, bool keep_dims) {
  return quantile_named("quantile", x, q, axes, keep_dims);
}

Tensor quantile(const Tensor& x, std::span<const double> q, const Axes& axes, bool keep_dims) {
  for (const double each : q) {
    require_quantile("quantile", each);
  }
  const Lines lines = lines_of("quantile", x, axes, keep_dims);
  const Shape shape = lines.reduced.inserted(0, static_cast<std::int64_t>(q.size()));
  return reshape(q.empty() ? slice(lines.rows, {0, 0, 1}, 1) : quantiles_of_rows(lines.rows, q), shape);
}

Tensor quantile(const Tensor& x, std::initializer_list<double> q, const Axes& axes, bool keep_dims) {
  return quantile(x, std::span{q.begin(), q.size()}, axes, keep_dims);
}

Tensor median(const Tensor& x, const Axes& axes, bool keep_dims) {
  return quantile_named("median", x, 0.5, axes, keep_dims);
}

}  // namespace xgrad
