// An embedding by hand. With a table W of rows, and an index t(n) for each n,
//
//   y[n] = W[t(n)]        which is y = H W with the one-hot rows H[n, r] = [t(n) = r]
//
// y is linear in W, so dW = Hᵀ dy: a row gets what all of its uses get,
//
//   dW[r] = Σ dy[n]      over the n with t(n) = r
//
// and 0 if it isn't used. The row of the padding index is a constant: what it gets is dropped. Bengio et al., A neural
// probabilistic language model, JMLR 3, 2003, section 3.
#include <cstddef>
#include <fmt/format.h>
#include <optional>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/manual_layers.hpp"

#include "check/layers/array.hpp"
#include "check/layers/values.hpp"

namespace xgrad::check::manual {
namespace {

constexpr const char* name = "embedding";

/// In [0, count). Throws ValueError.
std::int64_t row_of(std::int64_t index, std::int64_t count, const char* role) {
  if (index < -count || index >= count) {
    throw ValueError(
        fmt::format("[manual::{}] {} {} of {} rows, expected {} to {}", name, role, index, count, -count, count - 1));
  }
  return index < 0 ? index + count : index;
}

}  // namespace

Embedding embedding(const Tensor& weight, const Tensor& indices, const Tensor& dy_given,
                    std::optional<std::int64_t> padding) {
  require_floating(name, "weight", weight);
  if (weight.rank() != 2) {
    refuse_shape(name, "weight", weight, "(count, width)");
  }
  if (!indices.defined() || indices.dtype() != int64) {
    throw DTypeError(fmt::format("[manual::{}] the indices are {}, expected int64", name,
                                 indices.defined() ? to_string(indices.dtype()) : "undefined"));
  }
  const std::int64_t count = weight.shape()[0];
  const std::int64_t width = weight.shape()[1];
  const Shape shape_of_y = indices.shape().inserted(indices.rank(), width);
  require(name, "dy", dy_given, weight.dtype(), shape_of_y);
  const std::int64_t constant = padding ? row_of(*padding, count, "padding index") : -1;

  const std::vector<std::int64_t> t = read_integers(indices);
  const Array<2> W = read(weight, Index<2>{count, width});
  const Array<2> dy = read(dy_given, Index<2>{indices.size(), width});
  Array<2> y{dy.lengths()};
  Array<2> dW{W.lengths()};
  for (std::int64_t n = 0; n < indices.size(); ++n) {
    const std::int64_t row = row_of(t[static_cast<std::size_t>(n)], count, "index");
    for (std::int64_t j = 0; j < width; ++j) {
      y(n, j) = W(row, j);
      dW(row, j) += row == constant ? 0 : dy(n, j);
    }
  }
  return {write(y, shape_of_y, weight.dtype()), write_like(dW, weight)};
}

}  // namespace xgrad::check::manual
