#include "xgrad/shape.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "xgrad/error.hpp"

#include "support/message_of.hpp"

namespace xgrad {

namespace {

std::vector<std::size_t> axes_of(const std::vector<std::int64_t>& axes, std::size_t rank) {
  return normalize_axes(axes, rank, "sum");
}

// The common shape as text, or "no".
std::string common(const Shape& a, const Shape& b) {
  Shape result{7, 7};
  return broadcast(a, b, result) ? to_string(result) : "no";
}

}  // namespace

TEST_CASE("shape: any rank is copied as a whole, also over one of another rank") {
  const std::vector<std::int64_t> lengths{2, 3, 5, 7, 1, 4, 0, 6};
  const auto of_rank = [&lengths](std::size_t rank) { return std::span{lengths}.first(rank); };
  for (std::size_t from = 0; from <= Shape::max_rank; ++from) {
    const Shape shape{of_rank(from)};
    const Shape copy = shape;  // NOLINT(performance-unnecessary-copy-initialization): what is tested
    CHECK(std::ranges::equal(copy.to_vector(), of_rank(from)));
    for (std::size_t over = 0; over <= Shape::max_rank; ++over) {
      Shape other{of_rank(over)};
      other = shape;
      CHECK(std::ranges::equal(other.to_vector(), of_rank(from)));
      CHECK(other == shape);
    }
  }
}

TEST_CASE("shape: zero rank has one element, a zero length has none") {
  CHECK_EQ(Shape{}.rank(), 0);
  CHECK_EQ(Shape{}.size(), 1);
  CHECK_EQ(Shape{0}.size(), 0);
  CHECK_EQ(Shape{3, 0, 2}.size(), 0);
  CHECK_EQ(Shape{3, 4, 2}.size(), 24);
}

TEST_CASE("shape: lengths are read, iterated and compared in order") {
  const Shape shape{2, 3, 4};
  CHECK_EQ(shape.rank(), 3);
  CHECK_EQ(shape[0], 2);
  CHECK_EQ(shape.back(), 4);
  CHECK_EQ(shape.to_vector(), std::vector<std::int64_t>{2, 3, 4});
  CHECK_EQ(shape, Shape{2, 3, 4});
  CHECK_NE(shape, Shape{2, 4, 3});
  CHECK_NE(shape, Shape{2, 3});
  CHECK_NE(Shape{1}, Shape{});
  const std::array<std::int64_t, 2> lengths{5, 6};
  CHECK_EQ(Shape{std::span<const std::int64_t>{lengths}}, Shape{5, 6});
}

TEST_CASE("shape: written as NumPy writes it") {
  CHECK_EQ(to_string(Shape{}), "()");
  CHECK_EQ(to_string(Shape{3}), "(3,)");
  CHECK_EQ(to_string(Shape{2, 0, 3}), "(2, 0, 3)");
  std::ostringstream text;
  text << Shape{2, 3};
  CHECK_EQ(text.str(), "(2, 3)");
}

TEST_CASE("shape: copies with an axis replaced, removed or inserted leave the original") {
  const Shape shape{2, 3, 4};
  CHECK_EQ(shape.with(1, 7), Shape{2, 7, 4});
  CHECK_EQ(shape.without(0), Shape{3, 4});
  CHECK_EQ(shape.inserted(0, 1), Shape{1, 2, 3, 4});
  CHECK_EQ(shape.inserted(3, 5), Shape{2, 3, 4, 5});
  CHECK_EQ(Shape{}.inserted(0, 9), Shape{9});
  CHECK_EQ(Shape{9}.without(0), Shape{});
  CHECK_EQ(shape, Shape{2, 3, 4});
  CHECK_THROWS_AS(static_cast<void>(shape.with(0, -1)), ShapeError);
}

TEST_CASE("shape: a negative length is a ShapeError that shows it") {
  CHECK(contains(message_of<ShapeError>([] { return Shape{2, -3}; }), "(2, -3)"));
}

TEST_CASE("shape: eight axes are the most") {
  const Shape most{1, 2, 1, 2, 1, 2, 1, 2};
  CHECK_EQ(most.rank(), Shape::max_rank);
  CHECK_EQ(most.size(), 16);
  CHECK(contains(message_of<ShapeError>([] { return Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; }), "9 axes"));
  CHECK_THROWS_AS(static_cast<void>(most.inserted(0, 1)), ShapeError);
}

TEST_CASE("shape: more elements than an int64 counts are a ShapeError, also beside a zero length") {
  constexpr std::int64_t huge = std::int64_t{1} << 32U;
  CHECK_NOTHROW(static_cast<void>(Shape{huge, huge / 4}));
  CHECK_THROWS_AS(static_cast<void>(Shape{huge, huge}), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Shape{huge, 0, huge}), ShapeError);
  CHECK_NOTHROW(static_cast<void>(Shape{std::numeric_limits<std::int64_t>::max()}));
}

TEST_CASE("broadcast: aligned at the last axis, lengths equal or one of them 1") {
  CHECK_EQ(common({}, {}), "()");
  CHECK_EQ(common({3}, {}), "(3,)");
  CHECK_EQ(common({2, 3}, {3}), "(2, 3)");
  CHECK_EQ(common({2, 1}, {1, 3}), "(2, 3)");
  CHECK_EQ(common({4}, {2, 3, 1}), "(2, 3, 4)");
  CHECK_EQ(common({5, 1, 3}, {4, 1}), "(5, 4, 3)");
}

TEST_CASE("broadcast: 1 against 0 is 0; 2 against 0 and 2 against 3 don't fit") {
  CHECK_EQ(common({1}, {0}), "(0,)");
  CHECK_EQ(common({0, 3}, {1, 1}), "(0, 3)");
  CHECK_EQ(common({2}, {0}), "no");
  CHECK_EQ(common({2}, {3}), "no");
  CHECK_EQ(common({2, 3}, {2}), "no");
}

TEST_CASE("broadcast: a result with more elements than an int64 counts doesn't fit") {
  constexpr std::int64_t huge = std::int64_t{1} << 40U;
  CHECK_EQ(common({huge, 1}, {1, huge}), "no");
}

TEST_CASE("broadcast: the result may be one of the operands") {
  Shape shape{2, 1};
  CHECK(broadcast(shape, Shape{3}, shape));
  CHECK_EQ(shape, Shape{2, 3});
}

TEST_CASE("normalize_axis: negative axes count from the back, others are ShapeErrors that name the operation") {
  CHECK_EQ(normalize_axis(0, 3, "sum"), 0);
  CHECK_EQ(normalize_axis(-1, 3, "sum"), 2);
  CHECK_EQ(normalize_axis(-3, 3, "sum"), 0);
  for (const std::int64_t axis : {3, -4}) {
    const std::string message = message_of<ShapeError>([&] { return normalize_axis(axis, 3, "softmax"); });
    CHECK(contains(message, "[softmax]"));
    CHECK(contains(message, std::to_string(axis)));
  }
  CHECK_THROWS_AS(static_cast<void>(normalize_axis(0, 0, "sum")), ShapeError);
}

TEST_CASE("normalize_axes: sorted, all if none is given, and none twice") {
  CHECK_EQ(axes_of({-1, 0}, 3), std::vector<std::size_t>{0, 2});
  CHECK_EQ(axes_of({}, 3), std::vector<std::size_t>{0, 1, 2});
  CHECK_EQ(axes_of({}, 0), std::vector<std::size_t>{});
  CHECK(contains(message_of<ShapeError>([] { return axes_of({1, -2}, 3); }), "[sum]"));
}

TEST_CASE("errors: each derives from Error, and that from std::runtime_error") {
  static_assert(std::is_base_of_v<std::runtime_error, Error>);
  static_assert(std::is_base_of_v<Error, ShapeError> && std::is_base_of_v<Error, DTypeError>);
  static_assert(std::is_base_of_v<Error, ValueError> && std::is_base_of_v<Error, IoError>);
  static_assert(!std::is_base_of_v<ShapeError, ValueError> && !std::is_base_of_v<ValueError, ShapeError>);
  // Thrown inside the shared library, caught here by its base.
  CHECK_EQ(message_of<std::runtime_error>([] { return Shape{-1}; }), message_of<Error>([] { return Shape{-1}; }));
}

}  // namespace xgrad
