#include "ops/reduce/reduction.hpp"

#include <algorithm>

#include "xgrad/manipulate.hpp"

#include "ops/rules.hpp"

namespace xgrad::ops {

Shape reduced_shape(const Shape& shape, const std::vector<std::size_t>& axes, bool keep_dims) {
  std::vector<std::int64_t> dims;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (!std::binary_search(axes.begin(), axes.end(), i)) {
      dims.push_back(shape[i]);
    } else if (keep_dims) {
      dims.push_back(1);
    }
  }
  return Shape{dims};
}

std::int64_t count_along(const Shape& shape, const std::vector<std::size_t>& axes) {
  std::int64_t count = 1;
  for (const std::size_t axis : axes) {
    count *= shape[axis];
  }
  return count;
}

std::vector<std::int64_t> axes_moved_last(std::size_t rank, const std::vector<std::size_t>& axes) {
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < rank; ++i) {
    if (!std::binary_search(axes.begin(), axes.end(), i)) {
      order.push_back(static_cast<std::int64_t>(i));
    }
  }
  order.insert(order.end(), axes.begin(), axes.end());
  return order;
}

std::vector<Attribute> Reduction::attributes() const {
  return {{"axes", std::vector<std::int64_t>(axes_.begin(), axes_.end())}, {"keep_dims", keep_dims_}};
}

Signature Reduction::infer(std::span<const Tensor> inputs) const {
  return {reduced_shape(inputs[0].shape(), axes_, keep_dims_), infer_dtype(inputs[0])};
}

DType Reduction::infer_dtype(const Tensor& input) const {
  return require_numeric(name(), {&input, 1});
}

Axes Reduction::signed_axes() const {
  return Axes{std::vector<std::int64_t>(axes_.begin(), axes_.end())};
}

Tensor Reduction::keep(const Tensor& result, const Shape& input) const {
  return reshape(result, reduced_shape(input, axes_, true));
}

}  // namespace xgrad::ops
