#include "run/reductions/index_range.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"

namespace xgrad::run {

void require_in_range(std::string_view operation, const std::int64_t* indices, std::int64_t count,
                      std::int64_t length) {
  // index + length and length − 1 − index are both at least 0. No comparison, so that the loop is vectorised.
  const auto shift = static_cast<std::uint64_t>(length);
  std::uint64_t signs = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::uint64_t>(indices[i]);
    signs |= (index + shift) | (shift - 1 - index);
  }
  if (signs >> 63U != 0) [[unlikely]] {
    const std::int64_t index =
        *std::find_if(indices, indices + count, [=](std::int64_t each) { return each < -length || each >= length; });
    throw ValueError(fmt::format("[{}] index {} for an axis of length {}; expected {} to {}", operation, index, length,
                                 -length, length - 1));
  }
}

}  // namespace xgrad::run
