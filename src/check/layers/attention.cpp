// Attention of given queries, keys and values. The derivation stands in attend.cpp.
#include <cmath>
#include <cstddef>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manual_layers.hpp"

#include "check/layers/attend.hpp"
#include "check/layers/masks.hpp"
#include "check/layers/values.hpp"

namespace xgrad::check::manual {
namespace {

constexpr const char* name = "attention";

/// (B, T, width)
Index<3> lengths_of(const Tensor& x) {
  const std::size_t rank = x.rank();
  return {product_of(x.shape(), 0, rank - 2), x.shape()[rank - 2], x.shape()[rank - 1]};
}

void require_operands(const Tensor& q, const Tensor& k, const Tensor& v) {
  require_floating(name, "q", q);
  require_floating(name, "k", k);
  require_floating(name, "v", v);
  const std::size_t rank = q.rank();
  if (rank < 2) {
    refuse_shape(name, "q", q, "(…, T_q, d)");
  }
  if (k.rank() != rank || k.shape()[rank - 1] != q.shape()[rank - 1]) {
    refuse_shape(name, "k", k, fmt::format("(…, T_k, {}) beside q {}", q.shape()[rank - 1], to_string(q.shape())));
  }
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) {
    const std::int64_t of_q = q.shape()[axis];
    const std::int64_t of_k = k.shape()[axis];
    const bool is_heads = axis + 3 == rank;
    const bool fits = of_q == of_k || (is_heads && of_k != 0 && of_q % of_k == 0);
    if (!fits) {
      refuse_shape(name, "k", k, fmt::format("q's axes {}, or a divisor of its heads", to_string(q.shape())));
    }
  }
  const std::int64_t value_width = v.rank() == rank ? v.shape()[rank - 1] : 0;
  require(name, "k", k, q.dtype(), k.shape());
  require(name, "v", v, q.dtype(), k.shape().with(rank - 1, value_width));
}

}  // namespace

Attention attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& dy,
                    const AttentionOptions& options) {
  require_operands(q, k, v);
  const std::size_t rank = q.rank();
  const Shape shape_of_y = q.shape().with(rank - 1, v.shape()[rank - 1]);
  require(name, "dy", dy, q.dtype(), shape_of_y);
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(q.shape()[rank - 1])));
  require_option(name, "scale", scale, std::isfinite(scale), "a finite number");
  Array<3> added = added_by_mask(name, options.mask, q.shape().with(rank - 1, k.shape()[rank - 2]), q.dtype());
  if (options.causal) {
    hide_later_keys(added);
  }
  const Attended result = attend(read(q, lengths_of(q)), read(k, lengths_of(k)), read(v, lengths_of(v)), added, scale,
                                 read(dy, lengths_of(dy)));
  return {write(result.y, shape_of_y, q.dtype()), write_like(result.dq, q), write_like(result.dk, k),
          write_like(result.dv, v)};
}

}  // namespace xgrad::check::manual
