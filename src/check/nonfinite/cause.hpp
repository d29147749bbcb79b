#pragma once

#include <cstdint>
#include <vector>

#include "check/nonfinite/replay.hpp"

/// Which elements of its operands an element that isn't finite comes from.
namespace xgrad::check {

/// An element of a value, row-major.
struct Element {
  std::uint32_t place = 0;
  std::int64_t index = 0;
};

/// Where the operand of an element-wise operation has the element that meets `index` of the result.
[[nodiscard]] std::int64_t broadcast_index(std::int64_t index, const Shape& result, const Shape& operand);

/// Found by trial: the operation is carried out again with elements that aren't finite replaced by ½. An operand is a
/// cause if its own such elements suffice to make the result's at `element` other than finite, and the element given of
/// it is the first of those that do by themselves. Where it takes several operands together, all of them are. If the
/// result isn't finite without any, the finite elements are replaced too, so that causes are found that come on top.
/// Without causes the operation itself makes it out of finite numbers.
[[nodiscard]] std::vector<Element> causes_of(const Replay& replay, Element element);

}  // namespace xgrad::check
