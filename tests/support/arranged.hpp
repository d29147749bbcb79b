#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <numeric>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"

/// Tensors whose elements are rearranged, each beside what index arithmetic alone says of it.
namespace xgrad::test {

using Doubles = std::vector<double>;
using Lengths = std::vector<std::int64_t>;

/// An array whose elements are found by index arithmetic alone: what results are compared with.
struct Reference {
  Lengths shape;
  Doubles values;

  using Function = std::function<double(const Lengths&)>;

  static Reference of(const Lengths& shape, const Function& element) {
    Reference result{shape, {}};
    const std::int64_t size = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>{});
    Lengths index(shape.size(), 0);
    for (std::int64_t i = 0; i < size; ++i) {
      result.values.push_back(element(index));
      for (std::size_t axis = shape.size(); axis-- > 0 && ++index[axis] == shape[axis];) {
        index[axis] = 0;
      }
    }
    return result;
  }

  [[nodiscard]] double at(const Lengths& index) const {
    std::int64_t number = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      number = number * shape[axis] + index[axis];
    }
    return values[static_cast<std::size_t>(number)];
  }
};

struct Both {
  Tensor tensor;
  Reference reference;
};

inline Both numbers(const Lengths& shape, double first) {
  double next = first;
  Both result;
  result.reference = Reference::of(shape, [&next](const Lengths& /*index*/) { return next += 1; });
  result.tensor = from_data<double>(result.reference.values, Shape{shape});
  return result;
}

inline Both permuted(const Both& x, const Lengths& axes) {
  Lengths shape;
  std::transform(axes.begin(), axes.end(), std::back_inserter(shape),
                 [&](std::int64_t axis) { return x.reference.shape[static_cast<std::size_t>(axis)]; });
  return {permute(x.tensor, axes), Reference::of(shape, [&](const Lengths& index) {
            Lengths from(index.size());
            for (std::size_t i = 0; i < index.size(); ++i) {
              from[static_cast<std::size_t>(axes[i])] = index[i];
            }
            return x.reference.at(from);
          })};
}

inline Both sliced(const Both& x, std::size_t axis, std::int64_t start, std::int64_t stop, std::int64_t step) {
  Lengths shape = x.reference.shape;
  shape[axis] = (stop - start + step - 1) / step;
  return {slice(x.tensor, {start, stop, step}, static_cast<std::int64_t>(axis)),
          Reference::of(shape, [&](Lengths index) {
            index[axis] = start + step * index[axis];
            return x.reference.at(index);
          })};
}

inline Both flipped(const Both& x, std::size_t axis) {
  return {flip(x.tensor, static_cast<std::int64_t>(axis)), Reference::of(x.reference.shape, [&](Lengths index) {
            index[axis] = x.reference.shape[axis] - 1 - index[axis];
            return x.reference.at(index);
          })};
}

inline Both reshaped(const Both& x, const Lengths& shape) {
  return {reshape(x.tensor, shape), {shape, x.reference.values}};
}

}  // namespace xgrad::test
