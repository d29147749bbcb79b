#pragma once

#include <cstdint>
#include <vector>

#include "check/nonfinite/replay.hpp"

/// Which elements of its operands an element that isn't finite comes from.
namespace xgrad::check {

/// An element of a node's value.
struct Element {
  std::uint32_t node = 0;  ///< its index in the replay
  std::int64_t index = 0;  ///< row-major
};

/// The index of the operand's element from which an element-wise operation computes the result's element `index`.
[[nodiscard]] std::int64_t broadcast_index(std::int64_t index, const Shape& result, const Shape& operand);

/// The elements of operands that make this element of a result other than finite. They are found by trial: the
/// operation is carried out again with ½ in the place of elements that aren't finite.
///
/// An operand is a cause if its own non-finite elements suffice; its element that is returned is the first that
/// suffices alone. If only several operands together suffice, all of them are causes. If the result isn't finite
/// without any of them, as ∞ / 0 isn't with ½ in place of ∞, finite elements are replaced too, and ∞ is still found.
/// Nothing is returned if the operation itself makes the element out of finite numbers.
[[nodiscard]] std::vector<Element> causes_of(const Replay& replay, Element element);

}  // namespace xgrad::check
