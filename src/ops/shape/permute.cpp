// permute: result axis i is x's axis axes[i]; its adjoint is the inverse permutation. transpose exchanges the last two.
#include "ops/shape/permute.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/attributes.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "run/strided_copy.hpp"

namespace xgrad {

namespace {

std::vector<std::size_t> identity(std::size_t rank) {
  std::vector<std::size_t> axes(rank);
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  return axes;
}

std::vector<std::size_t> transposition(std::size_t rank) {
  auto axes = identity(rank);
  std::swap(axes[rank - 2], axes[rank - 1]);
  return axes;
}

Tensor permute_axes(const Tensor& x, const std::vector<std::size_t>& axes) {
  return std::is_sorted(axes.begin(), axes.end()) ? x : apply(ops::shared_operation<ops::PermuteOperation>(axes), {x});
}

}  // namespace

namespace ops {

bool is_transposition(const Operation& permute) {
  auto axes = integers(permute, "axes");
  if (axes.size() < 2) {
    return false;
  }
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return std::is_sorted(axes.begin(), axes.end());
}

PermuteOperation::PermuteOperation(std::vector<std::size_t> axes)
    : axes_{std::move(axes)}, is_transposition_{axes_.size() > 1 && axes_ == transposition(axes_.size())} {}

std::vector<Attribute> PermuteOperation::attributes() const {
  return {{"axes", std::vector<std::int64_t>(axes_.begin(), axes_.end())}};
}

Notation PermuteOperation::notation() const noexcept {
  return is_transposition_ ? Notation{Notation::Form::postfix, "ᵀ", 4} : Notation{};
}

std::optional<Arrangement> PermuteOperation::arrangement(const Shape& /*input*/) const {
  Arrangement result{.starts = std::vector<std::int64_t>(axes_.size(), 0), .axes = {}};
  std::transform(axes_.begin(), axes_.end(), std::back_inserter(result.axes), [](std::size_t axis) {
    return Arrangement::Axis{axis, 1};
  });
  return result;
}

Signature PermuteOperation::infer(std::span<const Tensor> inputs) const {
  const Shape& shape = inputs[0].shape();
  std::vector<std::int64_t> lengths;
  lengths.reserve(axes_.size());
  std::transform(axes_.begin(), axes_.end(), std::back_inserter(lengths),
                 [&](std::size_t axis) { return shape[axis]; });
  return {Shape{lengths}, inputs[0].dtype()};
}

std::vector<Tensor> PermuteOperation::vjp(const Call& /*call*/, const Tensor& cotangent) const {
  std::vector<std::size_t> inverse(axes_.size());
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    inverse[axes_[i]] = i;
  }
  return {permute_axes(cotangent, inverse)};
}

Tensor PermuteOperation::jvp(const Call& /*call*/, std::span<const Tensor> tangents) const {
  return permute_axes(tangents[0], axes_);
}

void PermuteOperation::evaluate(std::span<const ConstArray> inputs, const Array& output) const {
  const auto from = run::steps_of(inputs[0].shape);
  run::StridedCopy copy{.from = inputs[0].data, .to = output.data, .rank = axes_.size()};
  copy.to_steps = run::steps_of(output.shape);
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    copy.lengths[i] = output.shape[i];
    copy.from_steps[i] = from[axes_[i]];
  }
  run::strided_copy(output.dtype, copy);
}

}  // namespace ops

Tensor permute(const Tensor& x, const std::vector<std::int64_t>& axes) {
  static_cast<void>(ops::require_defined("permute", x));
  std::vector<std::size_t> normal;
  normal.reserve(axes.size());
  for (const std::int64_t axis : axes) {
    normal.push_back(ops::require_axis("permute", x, axis));
  }
  auto sorted = normal;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != identity(x.rank())) {
    throw ShapeError(fmt::format("[permute] axes ({}) for {}; expected each of its {} axes once", fmt::join(axes, ", "),
                                 graph::label(x), x.rank()));
  }
  return permute_axes(x, normal);
}

Tensor transpose(const Tensor& x) {
  return ops::require_defined("transpose", x).rank() < 2 ? x : permute_axes(x, transposition(x.rank()));
}

}  // namespace xgrad
