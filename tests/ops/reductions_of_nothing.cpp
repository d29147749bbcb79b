#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;

namespace {

using Reduce = std::function<xg::Tensor(const xg::Tensor&, const xg::Axes&, bool)>;

struct Named {
  std::string name;
  Reduce reduce;
  double value;  ///< of nothing
};

const std::vector<Named> reductions{
    {"sum", [](const auto& x, const auto& axes, bool keep) { return xg::sum(x, axes, keep); }, 0},
    {"prod", [](const auto& x, const auto& axes, bool keep) { return xg::prod(x, axes, keep); }, 1},
    {"mean", [](const auto& x, const auto& axes, bool keep) { return xg::mean(x, axes, keep); }, NAN},
    {"var", [](const auto& x, const auto& axes, bool keep) { return xg::var(x, axes, keep); }, NAN},
    {"logsumexp", [](const auto& x, const auto& axes, bool keep) { return xg::logsumexp(x, axes, keep); }, -INFINITY},
};

bool all_zero(const xg::Tensor& x) {
  const auto values = x.to_vector<double>();
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
}

}  // namespace

TEST_CASE("reductions: of nothing have their value, and the derivative 0 in both modes and the second order") {
  for (const auto& [name, reduce, value] : reductions) {
    for (const xg::Shape& shape : {xg::Shape{0}, xg::Shape{0, 3}, xg::Shape{2, 0, 3}}) {
      for (const bool keep : {false, true}) {
        CAPTURE(name);
        CAPTURE(shape);
        const auto axis = static_cast<std::int64_t>(shape.rank() == 3 ? 1 : 0);
        const xg::Tensor x = xg::variable(xg::zeros(shape, xg::float64));
        const xg::Tensor y = reduce(x, {axis}, keep);
        for (const double found : y.to_vector<double>()) {
          CHECK((std::isnan(value) ? std::isnan(found) : found == value));
        }
        const xg::Tensor tangent = xg::jvp({y}, {x}, {xg::zeros(shape, xg::float64)})[0];
        CHECK(tangent.shape() == y.shape());
        CHECK(all_zero(tangent));
        const xg::Tensor cotangent = xg::variable(xg::ones(y.shape(), xg::float64));
        const xg::Tensor g = xg::gradients(y, {x}, {.cotangent = cotangent})[0];
        CHECK(g.shape() == shape);
        CHECK(g.size() == 0);
        const xg::Tensor second = xg::gradients(xg::sum(g), {cotangent}, {.unconnected = xg::Unconnected::zeros})[0];
        CHECK(all_zero(second));
      }
    }
  }
}

TEST_CASE("losses: of no samples are NaN, and the derivative of what led to them is 0 in both modes") {
  const xg::Parameter w{xg::ones({3, 2}, xg::float64), "w"};
  const xg::Tensor z = xg::matmul(xg::zeros({0, 2}, xg::float64), xg::transpose(w));
  const xg::Tensor y = xg::zeros({0, 3}, xg::float64);
  for (const xg::Tensor& loss : {xg::nn::QuadraticLoss{}(z, y), xg::nn::CrossEntropy{}(z, y),
                                 xg::nn::CrossEntropy{}(z, xg::zeros({0}, xg::int64)),
                                 xg::nn::BinaryCrossEntropy{}(z, y), xg::nn::MeanSquaredError{}(z, y)}) {
    CHECK(std::isnan(loss.item()));
    CHECK(all_zero(xg::gradients(loss, {w})[0]));
    CHECK(xg::jvp({loss}, {w}, {xg::ones({3, 2}, xg::float64)})[0].item() == 0);
  }
}
