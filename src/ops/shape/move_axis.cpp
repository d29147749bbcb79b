// swap_axes, move_axis: permutations.
#include <numeric>
#include <utility>

#include "xgrad/arrays.hpp"
#include "xgrad/manipulate.hpp"

#include "ops/rules.hpp"

namespace xgrad {

namespace {

std::vector<std::int64_t> all_axes(const Tensor& x) {
  std::vector<std::int64_t> axes(x.rank());
  std::iota(axes.begin(), axes.end(), std::int64_t{0});
  return axes;
}

}  // namespace

Tensor swap_axes(const Tensor& x, std::int64_t first, std::int64_t second) {
  const std::size_t a = ops::require_axis("swap_axes", x, first);
  const std::size_t b = ops::require_axis("swap_axes", x, second);
  std::vector<std::int64_t> axes = all_axes(x);
  std::swap(axes[a], axes[b]);
  return permute(x, axes);
}

Tensor move_axis(const Tensor& x, std::int64_t from, std::int64_t to) {
  const auto source = static_cast<std::ptrdiff_t>(ops::require_axis("move_axis", x, from));
  const auto target = static_cast<std::ptrdiff_t>(ops::require_axis("move_axis", x, to));
  std::vector<std::int64_t> axes = all_axes(x);
  axes.erase(axes.begin() + source);
  axes.insert(axes.begin() + target, source);
  return permute(x, axes);
}

}  // namespace xgrad
