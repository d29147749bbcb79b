// matrix_norm: of the last two axes. Sums, extrema, norm, and singular values, whose |s| = s has the slope 0 at 0.
#include <fmt/format.h>

#include "xgrad/decompositions.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/norms.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

Tensor of_singular_values(const Tensor& x, MatrixNorm kind) {
  const Tensor values = abs(svdvals(x));
  if (kind == MatrixNorm::nuclear) {
    return sum(values, -1);
  }
  if (values.dim(-1) == 0) {
    throw ShapeError(fmt::format("[matrix_norm] the largest of no singular values of {}", graph::label(x)));
  }
  return max(values, -1);
}

}  // namespace

Tensor matrix_norm(const Tensor& x, MatrixNorm kind, bool keep_dims) {
  if (ops::require_defined("matrix_norm", x).rank() < 2) {
    throw ShapeError(fmt::format("[matrix_norm] {}; expected at least two axes", graph::label(x)));
  }
  static_cast<void>(ops::require_floating("matrix_norm", {&x, 1}));
  if (kind == MatrixNorm::frobenius) {
    return norm(x, {-2, -1}, keep_dims);
  }
  if (kind == MatrixNorm::two || kind == MatrixNorm::nuclear) {
    const Tensor result = of_singular_values(x, kind);
    return keep_dims ? expand_dims(expand_dims(result, -1), -1) : result;
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
