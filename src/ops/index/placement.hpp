#pragma once

#include <optional>

#include "xgrad/operation.hpp"

#include "ops/index/range.hpp"

namespace xgrad::ops {

/// Where an adjoint of a selection puts its first input, along one axis.
struct Placement {
  enum class Kind : std::uint8_t {
    range,     ///< slice_adjoint: at `range`
    rows,      ///< take_adjoint: rows by index
    elements,  ///< scatter_add: elements by index
  };
  Kind kind = Kind::range;
  std::size_t axis = 0;
  Range range;
};

/// What slice_adjoint, take_adjoint and scatter_add are besides operations: their result is zeros, but for a part.
class PlacingOperation {
 public:
  [[nodiscard]] virtual Placement placement() const noexcept = 0;

 protected:
  ~PlacingOperation() = default;
};

/// A placement whose pending result a tensor is, perhaps in another shape.
struct Placed {
  Tensor whole;  ///< the result of the placement
  Placement placement;
};
[[nodiscard]] std::optional<Placed> placed(const Tensor& tensor);

/// Σ terms, of one shape and each of them placed, at the cost of one tensor and of the parts: parts that are disjoint
/// are concatenated, others are accumulated in one tensor.
[[nodiscard]] Tensor sum_of_placed(const std::vector<Placed>& terms, const Shape& shape);

}  // namespace xgrad::ops
