#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"

namespace xgrad::ops {

/// The base of reductions: normalised axes, keep_dims, the shape rule. Numeric dtypes (infer_dtype to narrow that).
class Reduction : public Operation {
 public:
  Reduction(std::vector<std::size_t> axes, bool keep_dims) : axes_{std::move(axes)}, keep_dims_{keep_dims} {}

  [[nodiscard]] std::vector<Attribute> attributes() const final;
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override;

 protected:
  /// The result's dtype. The default takes float32, float64 and int64.
  [[nodiscard]] virtual DType infer_dtype(const Tensor& input) const;

  /// Sorted, each in [0, rank).
  [[nodiscard]] const std::vector<std::size_t>& axes() const noexcept { return axes_; }
  [[nodiscard]] Axes signed_axes() const;
  [[nodiscard]] bool keep_dims() const noexcept { return keep_dims_; }

  /// A result-shaped tensor with the reduced axes back as length 1, so that it broadcasts with the input.
  [[nodiscard]] Tensor keep(const Tensor& result, const Shape& input) const;

 private:
  std::vector<std::size_t> axes_;
  bool keep_dims_;
};

/// `shape` with the axes removed, or of length 1.
[[nodiscard]] Shape reduced_shape(const Shape& shape, const std::vector<std::size_t>& axes, bool keep_dims);
/// How many elements are reduced to one.
[[nodiscard]] std::int64_t count_along(const Shape& shape, const std::vector<std::size_t>& axes);
/// A permutation of all axes with those given (sorted) last, so that they are neighbours.
[[nodiscard]] std::vector<std::int64_t> axes_moved_last(std::size_t rank, const std::vector<std::size_t>& axes);

/// Applies a reduction to the axes asked for. Without any axis left to reduce (a scalar), it still is an operation.
template <class T>
[[nodiscard]] Tensor reduce(std::string_view name, const Tensor& x, const Axes& axes, bool keep_dims) {
  return apply(shared_operation<T>(require_axes(name, x, axes.values()), keep_dims), {x});
}

}  // namespace xgrad::ops
