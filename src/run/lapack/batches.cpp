#include "run/lapack/batches.hpp"

#include <fmt/format.h>
#include <limits>
#include <vector>

#include "xgrad/error.hpp"

namespace xgrad::run {

Shape batch_of(const Shape& shape, std::size_t inner) {
  return Shape{std::span{shape.begin(), shape.rank() - inner}};
}

BatchIndex::BatchIndex(const Shape& operand, const Shape& result)
    : result_{result}, strides_{result}, same_{operand == result} {
  const std::size_t more = result.rank() - operand.rank();
  std::int64_t stride = 1;
  for (std::size_t axis = result.rank(); axis-- > 0;) {
    const std::int64_t length = axis < more ? 1 : operand[axis - more];
    strides_ = strides_.with(axis, length == 1 ? 0 : stride);
    stride *= length;
  }
}

std::int64_t BatchIndex::operator()(std::int64_t index) const noexcept {
  if (same_) {
    return index;
  }
  std::int64_t offset = 0;
  for (std::size_t axis = result_.rank(); axis-- > 0;) {
    offset += index % result_[axis] * strides_[axis];
    index /= result_[axis];
  }
  return offset;
}

std::string entry_text(std::int64_t index, const Shape& batch) {
  if (batch.rank() == 0) {
    return {};
  }
  std::vector<std::int64_t> position(batch.rank());
  for (std::size_t axis = batch.rank(); axis-- > 0;) {
    position[axis] = index % batch[axis];
    index /= batch[axis];
  }
  return fmt::format(" in entry ({}) of the batch", fmt::join(position, ", "));
}

void require_countable(std::string_view operation, std::int64_t rows, std::int64_t columns) {
  // Workspaces are counted in the same integers: a few rows more than the matrix has.
  constexpr auto most = static_cast<double>(std::numeric_limits<blasint>::max());
  if (static_cast<double>(rows + 64) * static_cast<double>(columns + 64) * 4 > most) {
    throw ValueError(
        fmt::format("[{}] a matrix ({}, {}) has more elements than LAPACK's integers count", operation, rows, columns));
  }
}

}  // namespace xgrad::run
