// tril, triu: the elements on one side of a diagonal, 0 elsewhere. A comparison of row and column numbers, and where.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/arrays.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

// Column number less row number, compared with the diagonal's.
Tensor triangle(std::string_view operation, const Tensor& x, std::int64_t diagonal,
                Tensor (*is_inside)(const Tensor&, const Tensor&)) {
  if (ops::require_defined(operation, x).rank() < 2) {
    throw ShapeError(fmt::format("[{}] {}; expected at least two axes", operation, graph::label(x)));
  }
  const std::int64_t rows = x.dim(-2);
  const std::int64_t columns = x.dim(-1);
  // Beyond these all diagonals select the same; a sum with them is exact.
  const auto first = static_cast<double>(std::clamp<std::int64_t>(diagonal, -rows - 1, columns + 1));
  const Tensor of_rows = expand_dims(arange(first, first + static_cast<double>(rows), 1, int64), 1);
  return where(is_inside(arange(0, static_cast<double>(columns), 1, int64), of_rows), x, 0);
}

}  // namespace

Tensor tril(const Tensor& x, std::int64_t diagonal) {
  return triangle("tril", x, diagonal, &less_equal);
}

Tensor triu(const Tensor& x, std::int64_t diagonal) {
  return triangle("triu", x, diagonal, &greater_equal);
}

}  // namespace xgrad
