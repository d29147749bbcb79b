#include "planning/groups/tile_sums.hpp"

#include <algorithm>

#include "planning/algebra.hpp"

namespace xgrad::planning {

std::optional<run::TileSum> tile_sum(const graph::Node& node) {
  const Shape& shape = node.inputs()[0]->shape;
  const auto axes = ops::integers(*node.operation, "axes");
  const auto reduced = [&](std::size_t axis) {
    return std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)) != axes.end();
  };
  run::TileSum sum;
  sum.output = {0, node.shape, node.dtype};
  std::int64_t count = 1;
  // (rows, columns): the first stretch of axes that are alike, and the second; a third one can't be had.
  bool in_columns = false;
  bool first = true;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const bool gone = reduced(axis);
    count *= gone ? shape[axis] : 1;
    if (shape[axis] == 1) {
      continue;
    }
    if (first) {
      sum.over_rows = gone;
      first = false;
    } else if (!in_columns && gone != sum.over_rows) {
      in_columns = true;
    } else if (in_columns && gone == sum.over_rows) {
      return std::nullopt;
    }
    (in_columns ? sum.columns : sum.rows) *= shape[axis];
  }
  sum.over_columns = in_columns ? !sum.over_rows : sum.over_rows;
  if (first) {
    sum.over_rows = true;
    sum.over_columns = true;
  } else if (!in_columns && !sum.over_rows) {
    return std::nullopt;  // nothing is summed over but axes of length 1
  }
  sum.divisor = node.operation->algebra() == Algebra::mean ? static_cast<double>(count) : 1;
  return sum;
}

}  // namespace xgrad::planning
