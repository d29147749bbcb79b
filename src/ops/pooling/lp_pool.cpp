// lp_pool: p_norm of each window. Zeros, which add nothing to a norm, make the last one whole.
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/norms.hpp"
#include "xgrad/pooling.hpp"

#include "ops/pooling/window_rule.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor lp_pool(const Tensor& x, double p, const LpPoolOptions& options) {
  static_cast<void>(ops::require_floating("lp_pool", {&ops::require_defined("lp_pool", x), 1}));
  if (!(p >= 1)) {
    throw ValueError(fmt::format("[lp_pool] p is {}; expected 1 or more", p));
  }
  const ops::WindowRule rule{"lp_pool", options.kernel, options.stride, {}, {}, options.ceil_mode};
  const ops::Lengths sizes = rule.sizes("lp_pool", x);
  const ops::Lengths stride =
      ops::per_axis("lp_pool", "stride", options.stride, options.kernel.size(), options.kernel, 1);
  std::vector<std::pair<std::int64_t, std::int64_t>> widths(x.rank() - sizes.size(), {0, 0});
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::int64_t behind = (sizes[i] - 1) * stride[i] + options.kernel[i] - x.shape()[widths.size()];
    widths.emplace_back(0, std::max<std::int64_t>(behind, 0));
    axes.push_back(static_cast<std::int64_t>(x.rank() + i));
  }
  return p_norm(windows(pad(x, widths), {.kernel = options.kernel, .stride = stride}), p, axes);
}

}  // namespace xgrad
