#include "ops/reduce/normalization.hpp"

#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"

#include "ops/reduce/reduction.hpp"
#include "ops/rules.hpp"

namespace xgrad::ops {

NormalizedInput normalized_input(std::string_view operation, const Tensor& x, const Axes& axes, double epsilon) {
  std::vector<std::size_t> normal = require_axes(operation, x, axes.values());
  static_cast<void>(require_floating(operation, {&x, 1}));
  if (!(epsilon > 0) || !std::isfinite(epsilon)) {
    throw ValueError(fmt::format("[{}] epsilon {}; expected a positive number", operation, epsilon));
  }
  if (run::normalized_view(x.shape(), normal)) {
    return {x, std::move(normal)};
  }
  std::vector<std::int64_t> order = axes_moved_last(x.rank(), normal);
  const std::size_t kept = x.rank() - normal.size();
  std::iota(normal.begin(), normal.end(), kept);
  return {permute(x, order), std::move(normal), std::move(order)};
}

}  // namespace xgrad::ops
