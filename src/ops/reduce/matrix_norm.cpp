// matrix_norm: of the last two axes. Sums, extrema and norm.
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/norms.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor matrix_norm(const Tensor& x, MatrixNorm kind, bool keep_dims) {
  if (ops::require_defined("matrix_norm", x).rank() < 2) {
    throw ShapeError(fmt::format("[matrix_norm] {}; expected at least two axes", graph::label(x)));
  }
  static_cast<void>(ops::require_floating("matrix_norm", {&x, 1}));
  if (kind == MatrixNorm::frobenius) {
    return norm(x, {-2, -1}, keep_dims);
  }
  const std::int64_t summed = kind == MatrixNorm::one ? -2 : -1;
  const std::int64_t compared = -3 - summed;
  if (x.dim(compared) == 0) {
    throw ShapeError(fmt::format("[matrix_norm] the largest sum of no {} of {}",
                                 kind == MatrixNorm::one ? "columns" : "rows", graph::label(x)));
  }
  const Tensor sums = sum(abs(x), summed, true);
  const Tensor largest = max(sums, compared, true);
  return keep_dims ? largest : squeeze(largest, {-2, -1});
}

}  // namespace xgrad
