// from_data: a leaf that is a copy of the caller's memory.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

#include "graph/node.hpp"

namespace xgrad {

template <Element T>
Tensor from_data(std::span<const T> values, const Shape& shape) {
  if (static_cast<std::int64_t>(values.size()) != shape.size()) {
    throw ShapeError(fmt::format("[from_data] {} values, but the shape {} has {} elements", values.size(),
                                 to_string(shape), shape.size()));
  }
  auto [result, array] = graph::make_uninitialised(shape, dtype_of<T>);
  std::copy(values.begin(), values.end(), array.template as<T>());
  return std::move(result);
}

template Tensor from_data<float>(std::span<const float>, const Shape&);
template Tensor from_data<double>(std::span<const double>, const Shape&);
template Tensor from_data<std::int64_t>(std::span<const std::int64_t>, const Shape&);
template Tensor from_data<bool>(std::span<const bool>, const Shape&);

}  // namespace xgrad
