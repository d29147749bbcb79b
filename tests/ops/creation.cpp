#include "xgrad/creation.hpp"

#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <vector>

#include "xgrad/error.hpp"

#include "support/message_of.hpp"

namespace xgrad {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
void check(const Tensor& found, const Shape& shape, const std::vector<T>& elements) {
  CHECK_EQ(found.shape(), shape);
  CHECK_EQ(found.dtype(), dtype_of<T>);
  CHECK_EQ(found.to_vector<T>(), elements);
}

}  // namespace

TEST_CASE("tensor: nested lists become axes") {
  check<float>(tensor(2.5), {}, {2.5F});
  check<float>(tensor({1, 2, 3}), {3}, {1, 2, 3});
  check<double>(tensor({{1, 2}, {3, 4}, {5, 6}}, float64), {3, 2}, {1, 2, 3, 4, 5, 6});
  check<std::int64_t>(tensor({{{1}, {-2}}}, int64), {1, 2, 1}, {1, -2});
  check<bool>(tensor({true, false}, boolean), {2}, {true, false});
  check<float>(tensor({{}, {}}), {2, 0}, {});
}

TEST_CASE("tensor: ragged lists are a ShapeError") {
  CHECK(contains(message_of<ShapeError>([] { return tensor({{1, 2}, {3}}); }), "[tensor]"));
  CHECK_THROWS_AS(static_cast<void>(tensor({{1, 2}, 3})), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(tensor({1, {2, 3}})), ShapeError);
}

TEST_CASE("tensor, full: a number that the dtype can't hold is a ValueError") {
  CHECK(contains(message_of<ValueError>([] { return tensor({1, 1.5}, int64); }), "1.5"));
  CHECK_THROWS_AS(static_cast<void>(tensor({1, 2}, boolean)), ValueError);
  CHECK_THROWS_AS(static_cast<void>(full({2}, 0.5, int64)), ValueError);
  CHECK_THROWS_AS(static_cast<void>(full({2}, nan, int64)), ValueError);
  CHECK_THROWS_AS(static_cast<void>(full({2}, 0x1p63, int64)), ValueError);
  CHECK_THROWS_AS(static_cast<void>(full({2}, -1, boolean)), ValueError);
  check<float>(full({1}, infinity), {1}, {std::numeric_limits<float>::infinity()});
}

TEST_CASE("zeros, ones, full, scalar: every element the same, in every dtype") {
  check<float>(zeros({2, 2}), {2, 2}, {0, 0, 0, 0});
  check<double>(ones({3}, float64), {3}, {1, 1, 1});
  check<std::int64_t>(full({2}, -7, int64), {2}, {-7, -7});
  check<bool>(ones({2}, boolean), {2}, {true, true});
  check<float>(zeros({0, 3}), {0, 3}, {});
  check<double>(scalar(1.5, float64), {}, {1.5});
}

TEST_CASE("zeros_like, ones_like: shape and dtype of another") {
  const Tensor like = full({2, 1}, 5, int64);
  check<std::int64_t>(zeros_like(like), {2, 1}, {0, 0});
  check<std::int64_t>(ones_like(like), {2, 1}, {1, 1});
  CHECK_THROWS_AS(static_cast<void>(zeros_like(Tensor{})), ValueError);
}

TEST_CASE("from_data: copies, row-major, of as many elements as the shape has") {
  std::vector<double> values{1, 2, 3, 4};
  const Tensor x = from_vector(values, {2, 2});
  values[0] = 9;
  check<double>(x, {2, 2}, {1, 2, 3, 4});
  CHECK(contains(message_of<ShapeError>([&] { return from_vector(values, {3}); }), "(3,)"));
  CHECK_THROWS_AS(static_cast<void>(from_vector(values, {2, 3})), ShapeError);
}

TEST_CASE("arange: from start up to, not including, stop") {
  check<float>(arange(4), {4}, {0, 1, 2, 3});
  check<double>(arange(1, 2, 0.25, float64), {4}, {1, 1.25, 1.5, 1.75});
  check<std::int64_t>(arange(5, 0, -2, int64), {3}, {5, 3, 1});
  check<float>(arange(3, 3), {0}, {});
  check<float>(arange(3, 1), {0}, {});
  CHECK_THROWS_AS(static_cast<void>(arange(0, 1, 0)), ValueError);
  CHECK_THROWS_AS(static_cast<void>(arange(nan)), ValueError);
  CHECK_THROWS_AS(static_cast<void>(arange(0, infinity)), ValueError);
}

TEST_CASE("linspace: both ends included") {
  check<double>(linspace(0, 1, 5, float64), {5}, {0, 0.25, 0.5, 0.75, 1});
  check<float>(linspace(3, 9, 1), {1}, {3});
  check<float>(linspace(3, 9, 0), {0}, {});
  const auto tenths = linspace(0, 1, 11, float64).to_vector<double>();
  CHECK_EQ(tenths.back(), 1.0);
  CHECK_THROWS_AS(static_cast<void>(linspace(0, 1, -1)), ValueError);
}

TEST_CASE("eye: ones on the diagonal") {
  check<float>(eye(2), {2, 2}, {1, 0, 0, 1});
  check<double>(eye(2, 3, float64), {2, 3}, {1, 0, 0, 0, 1, 0});
  check<std::int64_t>(eye(3, 1, int64), {3, 1}, {1, 0, 0});
  check<float>(eye(0), {0, 0}, {});
}

}  // namespace xgrad
