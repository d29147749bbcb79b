// eye: ones on the diagonal of a leaf of zeros.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

#include "graph/node.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

Tensor eye(std::int64_t rows, std::int64_t columns, DType dtype) {
  if (rows < 0) {
    throw ShapeError(fmt::format("[eye] {} rows; expected 0 or more", rows));
  }
  const Shape shape{rows, columns < 0 ? rows : columns};
  auto [result, array] = graph::make_uninitialised(shape, dtype);
  dispatch(dtype, [&, &memory = array]<class T>(std::type_identity<T>) {
    T* out = memory.template as<T>();
    std::fill_n(out, shape.size(), T{0});
    for (std::int64_t i = 0; i < std::min(shape[0], shape[1]); ++i) {
      out[i * shape[1] + i] = T{1};
    }
  });
  return std::move(result);
}

}  // namespace xgrad
