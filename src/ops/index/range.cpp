#include "ops/index/range.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"

namespace xgrad::ops {

Range resolve(std::string_view operation, const Slice& slice, std::int64_t length) {
  if (slice.step == 0) {
    throw ValueError(fmt::format("[{}] a step of 0; expected any other number", operation));
  }
  const bool forwards = slice.step > 0;
  // Where an end may lie: on an element, or just past the last one of that direction.
  const std::int64_t low = forwards ? 0 : -1;
  const std::int64_t high = forwards ? length : length - 1;
  const auto cut = [&](std::int64_t end) { return std::clamp(end < 0 ? end + length : end, low, high); };
  const std::int64_t first = forwards ? low : high;
  const std::int64_t last = forwards ? high : low;
  const std::int64_t start = slice.start ? cut(*slice.start) : first;
  const std::int64_t stop = slice.stop ? cut(*slice.stop) : last;
  const std::int64_t distance = forwards ? stop - start : start - stop;
  if (distance <= 0) {
    return {.start = 0, .step = 1, .count = 0};
  }
  // |step| as unsigned: −2⁶³ has no positive counterpart.
  const std::uint64_t stride =
      forwards ? static_cast<std::uint64_t>(slice.step) : -static_cast<std::uint64_t>(slice.step);
  const auto jumps = static_cast<std::int64_t>((static_cast<std::uint64_t>(distance) - 1) / stride);
  return {.start = start, .step = jumps == 0 ? 1 : slice.step, .count = jumps + 1};
}

std::vector<Attribute> attributes_of(const Range& range, std::size_t axis) {
  return {
      {"axis", static_cast<std::int64_t>(axis)}, {"start", range.start}, {"step", range.step}, {"count", range.count}};
}

}  // namespace xgrad::ops
