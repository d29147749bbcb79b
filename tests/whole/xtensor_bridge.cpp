#include <doctest/doctest.h>
#include <xtensor/xview.hpp>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/xtensor.hpp"

namespace xg = xgrad;

TEST_CASE("xtensor bridge: an array goes in and comes out unchanged, row-major") {
  const xt::xarray<double> a{{1, 2, 3}, {4, 5, 6}};
  const xg::Tensor t = xg::from_xtensor(a);
  CHECK(t.shape() == xg::Shape{2, 3});
  CHECK(t.dtype() == xg::float64);
  CHECK(t.to_vector<double>() == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(xg::to_xarray<double>(t) == a);
}

TEST_CASE("xtensor bridge: column-major arrays, views and lazy expressions keep their logical order") {
  const xt::xarray<float, xt::layout_type::column_major> columns{{1, 2}, {3, 4}, {5, 6}};
  CHECK(xg::from_xtensor(columns).to_vector<float>() == std::vector<float>{1, 2, 3, 4, 5, 6});
  const xt::xarray<double> a{{1, 2, 3}, {4, 5, 6}};
  CHECK(xg::from_xtensor(xt::view(a, xt::all(), xt::range(1, 3))).to_vector<double>() ==
        std::vector<double>{2, 3, 5, 6});
  CHECK(xg::from_xtensor(a * 2.0).to_vector<double>() == std::vector<double>{2, 4, 6, 8, 10, 12});
  CHECK(xg::from_xtensor(xt::transpose(a)).to_vector<double>() == std::vector<double>{1, 4, 2, 5, 3, 6});
}

TEST_CASE("xtensor bridge: dtypes follow the element type") {
  CHECK(xg::from_xtensor(xt::xarray<float>{1.F}).dtype() == xg::float32);
  CHECK(xg::from_xtensor(xt::xarray<int>{1, 2}).dtype() == xg::int64);
  CHECK(xg::from_xtensor(xt::xarray<bool>{true, false}).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK_THROWS_AS(static_cast<void>(xg::to_xarray<float>(xg::from_xtensor(xt::xarray<double>{1.0}))), xg::DTypeError);
}

TEST_CASE("xtensor bridge: zero rank and no elements") {
  const xt::xarray<double> scalar = 3.5;
  CHECK(xg::from_xtensor(scalar).shape() == xg::Shape{});
  CHECK(xg::from_xtensor(scalar).item() == 3.5);
  CHECK(xg::to_xarray<double>(xg::scalar(2, xg::float64))() == 2);
  const xt::xarray<double> empty = xt::xarray<double>::from_shape({2, 0});
  CHECK(xg::from_xtensor(empty).shape() == xg::Shape{2, 0});
  CHECK(xg::to_xarray<double>(xg::zeros({0, 3}, xg::float64)).shape() == xt::dynamic_shape<std::size_t>{0, 3});
}

TEST_CASE("xtensor bridge: a view shares the tensor's memory") {
  const xg::Tensor t = xg::tensor({{1, 2}, {3, 4}}, xg::float64) + 1.0;
  const auto view = xg::view_xtensor<double>(t);
  CHECK(view(1, 0) == 4);
  CHECK(&view(0, 0) == t.data<double>().data());
}
