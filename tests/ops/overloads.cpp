// What a user writes without a second thought must compile, and choose the overload that was meant.
#include <doctest/doctest.h>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;

TEST_CASE("overloads: a Parameter stands wherever a tensor does") {
  const xg::Parameter w{xg::tensor({1, 2}, xg::float64), "w"};
  const xg::Parameter b{xg::tensor({3, 4}, xg::float64), "b"};
  using Values = std::vector<double>;
  CHECK((w + b).to_vector<double>() == Values{4, 6});
  CHECK((2 * w - 1).to_vector<double>() == Values{1, 3});
  CHECK((1.0 / w).to_vector<double>() == Values{1, 0.5});
  CHECK((-w).to_vector<double>() == Values{-1, -2});
  CHECK((w > 1).to_vector<bool>() == std::vector<bool>{false, true});
  CHECK(xg::maximum(w, 1.5).to_vector<double>() == Values{1.5, 2});
  CHECK(xg::minimum(1.5, w).to_vector<double>() == Values{1, 1.5});
  CHECK((1.0 < w).to_vector<bool>() == std::vector<bool>{false, true});
  CHECK(xg::where(w > 1, w, 0.0).to_vector<double>() == Values{0, 2});
  CHECK(xg::matmul(w, b).item() == 11);
  CHECK(xg::pow(w, 2).to_vector<double>() == Values{1, 4});
  CHECK(xg::concatenate({w, b}).to_vector<double>() == Values{1, 2, 3, 4});
  const xg::Tensor loss = xg::sum(w * b);
  const auto g = xg::gradients(loss, {w, b});
  CHECK(g[0].to_vector<double>() == Values{3, 4});
  CHECK(g[1].to_vector<double>() == Values{1, 2});
  const std::vector<xg::NamedParameter> named{{"first", w}, {"second", b}};
  CHECK(xg::gradients(loss, named)[1].to_vector<double>() == Values{1, 2});
}

TEST_CASE("overloads: shapes, axes and indices as braced numbers") {
  const xg::Tensor x = xg::arange(24);
  const std::int64_t rows = 4;
  CHECK(xg::reshape(x, {24}).shape() == xg::Shape{24});
  CHECK(xg::reshape(x, {rows, -1}).shape() == xg::Shape{4, 6});
  CHECK(xg::reshape(x, xg::Shape{2, 3, 4}).shape() == xg::Shape{2, 3, 4});
  CHECK(xg::reshape(xg::ones({1}), {}).shape() == xg::Shape{});
  const xg::Tensor cube = xg::reshape(x, {2, 3, 4});
  CHECK(xg::sum(cube, 0).shape() == xg::Shape{3, 4});
  CHECK(xg::sum(cube, {0, -1}).shape() == xg::Shape{3});
  CHECK(xg::sum(cube, -1, true).shape() == xg::Shape{2, 3, 1});
  CHECK(xg::permute(cube, {2, 0, 1}).shape() == xg::Shape{4, 2, 3});
  CHECK(cube.at({1, xg::all, xg::Slice{0, 4, 2}}).to_vector<float>() == std::vector<float>{12, 14, 16, 18, 20, 22});
  const std::size_t i = 1;
  CHECK(cube.at({i, 0U, 0L}).item() == 12);
  CHECK(xg::split(cube, 3, 1).size() == 3);
  CHECK(xg::split(cube, {1, 2}, 1)[1].shape() == xg::Shape{2, 2, 4});
}
