// tensordot: Σ over pairs of axes of two tensors. One product of matrices, by ops::contract.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

#include "xgrad/einsum.hpp"
#include "xgrad/error.hpp"

#include "graph/node.hpp"
#include "ops/linalg/contraction.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

// In the order given.
std::vector<std::size_t> distinct_axes(const Tensor& x, const std::vector<std::int64_t>& axes) {
  std::vector<std::size_t> normal;
  for (const std::int64_t axis : axes) {
    normal.push_back(ops::require_axis("tensordot", x, axis));
    if (std::count(normal.begin(), normal.end(), normal.back()) != 1) {
      throw ShapeError(fmt::format("[tensordot] axis {} of {} is named twice: ({})", normal.back(), graph::label(x),
                                   fmt::join(axes, ", ")));
    }
  }
  return normal;
}

}  // namespace

Tensor tensordot(const Tensor& a, const Tensor& b, const std::vector<std::int64_t>& axes_of_a,
                 const std::vector<std::int64_t>& axes_of_b) {
  const std::array inputs{ops::require_defined("tensordot", a), ops::require_defined("tensordot", b)};
  static_cast<void>(ops::require_floating("tensordot", inputs));
  const std::vector<std::size_t> of_a = distinct_axes(a, axes_of_a);
  const std::vector<std::size_t> of_b = distinct_axes(b, axes_of_b);
  if (of_a.size() != of_b.size()) {
    throw ShapeError(fmt::format("[tensordot] axes ({}) of {} with axes ({}) of {}; expected as many",
                                 fmt::join(axes_of_a, ", "), graph::label(a), fmt::join(axes_of_b, ", "),
                                 graph::label(b)));
  }
  ops::Labels labels_of_a(a.rank());
  std::iota(labels_of_a.begin(), labels_of_a.end(), 0);
  ops::Labels labels_of_b(b.rank());
  std::iota(labels_of_b.begin(), labels_of_b.end(), static_cast<int>(a.rank()));
  ops::Labels result;
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    if (a.shape()[of_a[i]] != b.shape()[of_b[i]]) {
      throw ShapeError(fmt::format("[tensordot] axis {} of {} has {} elements, axis {} of {} has {}", of_a[i],
                                   graph::label(a), a.shape()[of_a[i]], of_b[i], graph::label(b), b.shape()[of_b[i]]));
    }
    labels_of_b[of_b[i]] = labels_of_a[of_a[i]];
  }
  const auto is_shared = [&](int label) {
    return std::find(labels_of_a.begin(), labels_of_a.end(), label) != labels_of_a.end() &&
           std::find(labels_of_b.begin(), labels_of_b.end(), label) != labels_of_b.end();
  };
  std::remove_copy_if(labels_of_a.begin(), labels_of_a.end(), std::back_inserter(result), is_shared);
  std::remove_copy_if(labels_of_b.begin(), labels_of_b.end(), std::back_inserter(result), is_shared);
  return ops::contract("tensordot", {{a, labels_of_a}, {b, labels_of_b}}, result);
}

Tensor tensordot(const Tensor& a, const Tensor& b, std::int64_t axes) {
  const auto rank_of_a = static_cast<std::int64_t>(ops::require_defined("tensordot", a).rank());
  const auto rank_of_b = static_cast<std::int64_t>(ops::require_defined("tensordot", b).rank());
  if (axes < 0 || axes > std::min(rank_of_a, rank_of_b)) {
    throw ShapeError(fmt::format("[tensordot] over {} axes of {} and {}; expected 0 to {}", axes, graph::label(a),
                                 graph::label(b), std::min(rank_of_a, rank_of_b)));
  }
  std::vector<std::int64_t> last(static_cast<std::size_t>(axes));
  std::iota(last.begin(), last.end(), rank_of_a - axes);
  std::vector<std::int64_t> first(static_cast<std::size_t>(axes));
  std::iota(first.begin(), first.end(), std::int64_t{0});
  return tensordot(a, b, last, first);
}

}  // namespace xgrad
