#include "xgrad/shape.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>
#include <ostream>

#include "xgrad/error.hpp"

namespace xgrad {

Shape::Shape(std::initializer_list<std::int64_t> dims) : Shape{std::span{dims.begin(), dims.size()}} {}

Shape::Shape(std::span<const std::int64_t> dims) : Shape{} {
  if (dims.size() > max_rank) {
    throw ShapeError(fmt::format("[shape] {} axes; at most {} are supported", dims.size(), max_rank));
  }
  // Zero lengths don't hide an overflow of the other lengths: strides are products of these, too.
  std::int64_t count = 1;
  for (const std::int64_t length : dims) {
    if (length < 0) {
      throw ShapeError(fmt::format("[shape] ({}) has a negative length", fmt::join(dims, ", ")));
    }
    if (__builtin_mul_overflow(count, std::max<std::int64_t>(length, 1), &count)) {
      throw ShapeError(fmt::format("[shape] ({}) has more elements than an int64 counts", fmt::join(dims, ", ")));
    }
  }
  if (dims.size() > usual_rank) {
    dims_.fill(0);
  }
  std::copy(dims.begin(), dims.end(), dims_.begin());
  rank_ = static_cast<std::uint8_t>(dims.size());
}

std::int64_t Shape::size() const noexcept {
  std::int64_t count = 1;
  for (const std::int64_t length : *this) {
    count *= length;
  }
  return count;
}

Shape Shape::with(std::size_t axis, std::int64_t length) const {
  auto dims = to_vector();
  dims[axis] = length;
  return Shape{dims};
}

Shape Shape::without(std::size_t axis) const {
  auto dims = to_vector();
  dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  return Shape{dims};
}

Shape Shape::inserted(std::size_t axis, std::int64_t length) const {
  auto dims = to_vector();
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), length);
  return Shape{dims};
}

std::string to_string(const Shape& shape) {
  return shape.rank() == 1 ? fmt::format("({},)", shape[0]) : fmt::format("({})", fmt::join(shape, ", "));
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  return out << to_string(shape);
}

bool broadcast(const Shape& a, const Shape& b, Shape& result) noexcept {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  const std::size_t offset = longer.rank() - shorter.rank();
  std::array<std::int64_t, Shape::max_rank> dims{};
  for (std::size_t i = 0; i < longer.rank(); ++i) {
    const std::int64_t p = longer[i];
    const std::int64_t q = i < offset ? 1 : shorter[i - offset];
    if (p != q && p != 1 && q != 1) {
      return false;
    }
    dims[i] = p == 1 ? q : p;
  }
  try {
    result = Shape{std::span{dims.data(), longer.rank()}};
  } catch (const ShapeError&) {
    return false;
  }
  return true;
}

std::size_t normalize_axis(std::int64_t axis, std::size_t rank, std::string_view operation) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    throw ShapeError(fmt::format("[{}] axis {} of a tensor of rank {}; expected {} to {}", operation, axis, rank,
                                 -signed_rank, signed_rank - 1));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

std::vector<std::size_t> normalize_axes(std::span<const std::int64_t> axes, std::size_t rank,
                                        std::string_view operation) {
  std::vector<std::size_t> result;
  if (axes.empty()) {
    result.resize(rank);
    std::iota(result.begin(), result.end(), std::size_t{0});
    return result;
  }
  result.reserve(axes.size());
  for (const std::int64_t axis : axes) {
    result.push_back(normalize_axis(axis, rank, operation));
  }
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    throw ShapeError(fmt::format("[{}] an axis is named twice: ({})", operation, fmt::join(axes, ", ")));
  }
  return result;
}

}  // namespace xgrad
