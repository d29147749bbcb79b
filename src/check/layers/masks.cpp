#include "check/layers/masks.hpp"

#include <cstddef>
#include <fmt/format.h>
#include <limits>
#include <vector>

#include "xgrad/error.hpp"

#include "check/layers/values.hpp"

namespace xgrad::check::manual {
namespace {

constexpr double hidden = -std::numeric_limits<double>::infinity();

}  // namespace

Array<3> added_by_mask(const char* function, const Tensor& mask, const Shape& scores, DType dtype) {
  const std::size_t rank = scores.rank();
  Array<3> added{{product_of(scores, 0, rank - 2), scores[rank - 2], scores[rank - 1]}};
  if (!mask.defined()) {
    return added;
  }
  if (mask.dtype() != boolean && mask.dtype() != dtype) {
    throw DTypeError(fmt::format("[manual::{}] the mask is {}, expected bool or {}", function, to_string(mask.dtype()),
                                 to_string(dtype)));
  }
  Shape common;
  if (!broadcast(mask.shape(), scores, common) || common != scores) {
    refuse_shape(function, "the mask", mask, fmt::format("one that broadcasts to {}", to_string(scores)));
  }
  const std::vector<double> values = read_values(mask);
  for_each_index(added.lengths(), [&](const Index<3>& at) {
    // The index of the scores, from the last axis to the first, leads to the mask's element.
    std::int64_t left = (at[0] * added.length(1) + at[1]) * added.length(2) + at[2];
    std::int64_t position = 0;
    std::int64_t step = 1;
    for (std::size_t axis = rank; axis-- > rank - mask.rank();) {
      const std::int64_t length = mask.shape()[axis - (rank - mask.rank())];
      position += length == 1 ? 0 : left % scores[axis] * step;
      step *= length;
      left /= scores[axis];
    }
    const double value = values[static_cast<std::size_t>(position)];
    const double if_seen = value != 0 ? 0 : hidden;
    added[at] = mask.dtype() == boolean ? if_seen : value;
  });
  return added;
}

void hide_later_keys(Array<3>& added) {
  const std::int64_t last_of_first = added.length(2) - added.length(1);
  for_each_index(added.lengths(), [&](const Index<3>& at) {
    if (at[2] > at[1] + last_of_first) {
      added[at] = hidden;
    }
  });
}

}  // namespace xgrad::check::manual
