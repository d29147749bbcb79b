#include "check/layers/windows.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"

#include "check/layers/values.hpp"

namespace xgrad::check::manual {

Index<3> three_of(const char* function, const char* option, const std::vector<std::int64_t>& numbers, std::size_t axes,
                  std::int64_t filler, std::int64_t least) {
  if (numbers.size() != axes && numbers.size() != 1) {
    throw ValueError(
        fmt::format("[manual::{}] {} numbers for the {}, expected 1 or {}", function, numbers.size(), option, axes));
  }
  Index<3> result{filler, filler, filler};
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t number = numbers.size() == 1 ? numbers[0] : numbers[i];
    if (number < least) {
      throw ValueError(fmt::format("[manual::{}] {} {}, expected {} or more", function, option, number, least));
    }
    result[3 - axes + i] = number;
  }
  return result;
}

Index<3> three_of(const Shape& shape, std::size_t axes) {
  Index<3> result{1, 1, 1};
  for (std::size_t i = 0; i < axes; ++i) {
    result[3 - axes + i] = shape[shape.rank() - axes + i];
  }
  return result;
}

Shape with_spatial(const std::vector<std::int64_t>& leading, const Index<3>& spatial, std::size_t axes) {
  std::vector<std::int64_t> lengths = leading;
  for (std::size_t i = 0; i < axes; ++i) {
    lengths.push_back(spatial[3 - axes + i]);
  }
  return Shape{lengths};
}

}  // namespace xgrad::check::manual
