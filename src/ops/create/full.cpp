// full, zeros, ones, scalar: leaves of one number.
#include <algorithm>

#include "xgrad/creation.hpp"

#include "graph/node.hpp"
#include "ops/create/element.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

Tensor filled(std::string_view operation, const Shape& shape, double value, DType dtype) {
  ops::require_representable(operation, value, dtype);
  auto [result, array] = graph::make_uninitialised(shape, dtype);
  dispatch(dtype, [&, &memory = array]<class T>(std::type_identity<T>) {
    std::fill_n(memory.template as<T>(), shape.size(), static_cast<T>(value));
  });
  return std::move(result);
}

}  // namespace

Tensor full(const Shape& shape, double value, DType dtype) {
  return filled("full", shape, value, dtype);
}
Tensor zeros(const Shape& shape, DType dtype) {
  return filled("zeros", shape, 0, dtype);
}
Tensor ones(const Shape& shape, DType dtype) {
  return filled("ones", shape, 1, dtype);
}
Tensor scalar(double value, DType dtype) {
  return filled("scalar", Shape{}, value, dtype);
}
Tensor zeros_like(const Tensor& tensor) {
  return filled("zeros_like", tensor.shape(), 0, tensor.dtype());
}
Tensor ones_like(const Tensor& tensor) {
  return filled("ones_like", tensor.shape(), 1, tensor.dtype());
}

}  // namespace xgrad
