// tensor: a leaf from nested lists of numbers.
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

#include "graph/node.hpp"
#include "ops/create/element.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

// The lengths down the first items, with which all others must agree.
Shape expected_shape(const NestedList& values) {
  std::vector<std::int64_t> lengths;
  const NestedList* list = &values;
  while (list->is_list()) {
    lengths.push_back(static_cast<std::int64_t>(list->items().size()));
    if (list->items().empty()) {
      break;
    }
    list = &list->items().front();
  }
  return Shape{lengths};
}

// Appends the numbers of a list at `depth`, at most Shape::max_rank deep.
void flatten(const NestedList& list, const Shape& shape, std::size_t depth, std::vector<double>& numbers) {
  if (list.is_list() != (depth < shape.rank())) {
    throw ShapeError(
        fmt::format("[tensor] the nested list is ragged: {} at depth {}, but its first items have shape {}",
                    list.is_list() ? "a list" : "a number", depth, to_string(shape)));
  }
  if (!list.is_list()) {
    numbers.push_back(list.value());
    return;
  }
  if (static_cast<std::int64_t>(list.items().size()) != shape[depth]) {
    throw ShapeError(
        fmt::format("[tensor] the nested list is ragged: {} items at depth {}, but its first items have shape {}",
                    list.items().size(), depth, to_string(shape)));
  }
  for (const NestedList& item : list.items()) {
    flatten(item, shape, depth + 1, numbers);
  }
}

}  // namespace

Tensor tensor(const NestedList& values, DType dtype) {
  // The numbers of a list are doubles, which don't tell whole numbers apart from here on.
  constexpr double whole_numbers_end = 0x1p53;
  const Shape shape = expected_shape(values);
  std::vector<double> numbers;
  numbers.reserve(static_cast<std::size_t>(shape.size()));
  flatten(values, shape, 0, numbers);
  auto [result, array] = graph::make_uninitialised(shape, dtype);
  dispatch(dtype, [&, &memory = array]<class T>(std::type_identity<T>) {
    T* out = memory.template as<T>();
    for (const double number : numbers) {
      *out++ = ops::element<T>("tensor", number);
      if (std::is_same_v<T, std::int64_t> && std::abs(number) >= whole_numbers_end) {
        throw ValueError(
            fmt::format("[tensor] {} may not be the number written: from 2^53 on give int64 by from_data", number));
      }
    }
  });
  return std::move(result);
}

}  // namespace xgrad
