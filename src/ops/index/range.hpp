#pragma once

#include <string_view>

#include "xgrad/index.hpp"
#include "xgrad/operation.hpp"

namespace xgrad::ops {

/// A Slice worked out for a length: the elements start, start + step, …, `count` of them, all in range.
struct Range {
  std::int64_t start = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;

  [[nodiscard]] bool is_whole(std::int64_t length) const noexcept { return step == 1 && count == length; }
};

/// By Python's rules. Throws ValueError for step 0.
[[nodiscard]] Range resolve(std::string_view operation, const Slice& slice, std::int64_t length);

/// x's elements of `range` along an axis; x itself if that is all of them.
[[nodiscard]] Tensor take_range(const Tensor& x, const Range& range, std::size_t axis);
/// Zeros with `length` along the axis, but x at `range`; x itself if that is all of it.
[[nodiscard]] Tensor put_range(const Tensor& x, const Range& range, std::int64_t length, std::size_t axis);

/// The attributes of both operations.
[[nodiscard]] std::vector<Attribute> attributes_of(const Range& range, std::size_t axis);

}  // namespace xgrad::ops
