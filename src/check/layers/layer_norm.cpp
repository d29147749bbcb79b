// Layer normalisation by hand. Of one row x_1 … x_D, the elements of the last axes:
//
//   μ = Σ x_j / D      σ² = Σ (x_j − μ)² / D      s = √(σ² + ε)      x̂_j = (x_j − μ) / s      y_j = w_j x̂_j + b_j
//
// A change of x moves x̂ in two ways, besides its own: through μ and through s.
//
//   ∂μ/∂x_i = 1/D        ∂s/∂x_i = (x_i − μ) / (D s) = x̂_i / D
//   ∂x̂_j/∂x_i = ([i = j] − ∂μ/∂x_i) / s − x̂_j / s · ∂s/∂x_i = ([i = j] − 1/D − x̂_i x̂_j / D) / s
//
// With dx̂_j = dy_j w_j, as weights differ from element to element,
//
//   dx_i = Σ_j dx̂_j ∂x̂_j/∂x_i = (dx̂_i − mean(dx̂) − x̂_i mean(dx̂ ⊙ x̂)) / s
//   dw_j = Σ_rows dy_j x̂_j      db_j = Σ_rows dy_j
//
// Ba, Kiros and Hinton, Layer normalization, 2016, section 3; Xu et al., Understanding and improving layer
// normalization, NeurIPS 2019, section 3.
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <span>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/manual_layers.hpp"

#include "check/layers/array.hpp"
#include "check/layers/values.hpp"

namespace xgrad::check::manual {
namespace {

constexpr const char* name = "layer_norm";

/// x̂ of a row in `normal`; gives s.
double normalize_row(const Array<2>& x, std::int64_t row, double epsilon, Array<1>& normal) {
  const std::int64_t width = x.length(1);
  double mean = 0;
  for (std::int64_t j = 0; j < width; ++j) {
    mean += x(row, j) / static_cast<double>(width);
  }
  double variance = 0;
  for (std::int64_t j = 0; j < width; ++j) {
    variance += (x(row, j) - mean) * (x(row, j) - mean) / static_cast<double>(width);
  }
  const double s = std::sqrt(variance + epsilon);
  for (std::int64_t j = 0; j < width; ++j) {
    normal(j) = (x(row, j) - mean) / s;
  }
  return s;
}

}  // namespace

LayerNorm layer_norm(const Tensor& x_given, const Tensor& weight, const Tensor& bias, const Tensor& dy_given,
                     std::int64_t axes, double epsilon) {
  require_floating(name, "x", x_given);
  const auto rank = static_cast<std::int64_t>(x_given.rank());
  if (axes < 1 || axes > rank) {
    throw ValueError(fmt::format("[manual::{}] over the last {} axes of {}, expected 1 to {}", name, axes,
                                 to_string(x_given.shape()), rank));
  }
  require_epsilon(name, epsilon);
  const auto first = static_cast<std::size_t>(rank - axes);
  const std::vector<std::int64_t> lengths = x_given.shape().to_vector();
  const Shape normalized{std::span{lengths}.subspan(first)};
  require_if_defined(name, "weight", weight, x_given.dtype(), normalized);
  require_if_defined(name, "bias", bias, x_given.dtype(), normalized);
  require(name, "dy", dy_given, x_given.dtype(), x_given.shape());

  const std::int64_t rows = product_of(x_given.shape(), 0, first);
  const std::int64_t width = normalized.size();
  const Array<2> x = read(x_given, Index<2>{rows, width});
  const Array<2> dy = read(dy_given, Index<2>{rows, width});
  const Array<1> w = weight.defined() ? read(weight, Index<1>{width})
                                      : Array<1>{{width}, std::vector<double>(static_cast<std::size_t>(width), 1)};
  const Array<1> b = read(bias, Index<1>{width});

  Array<2> y{{rows, width}};
  Array<2> dx{{rows, width}};
  Array<1> dw{{width}};
  Array<1> db{{width}};
  Array<1> normal{{width}};
  for (std::int64_t r = 0; r < rows; ++r) {
    const double s = normalize_row(x, r, epsilon, normal);
    double mean = 0;     // of dx̂
    double product = 0;  // of dx̂ ⊙ x̂
    for (std::int64_t j = 0; j < width; ++j) {
      y(r, j) = w(j) * normal(j) + b(j);
      dw(j) += dy(r, j) * normal(j);
      db(j) += dy(r, j);
      mean += dy(r, j) * w(j) / static_cast<double>(width);
      product += dy(r, j) * w(j) * normal(j) / static_cast<double>(width);
    }
    for (std::int64_t j = 0; j < width; ++j) {
      dx(r, j) = (dy(r, j) * w(j) - mean - normal(j) * product) / s;
    }
  }
  return {write_like(y, x_given), write_like(dx, x_given), write_like(dw, weight), write_like(db, bias)};
}

}  // namespace xgrad::check::manual
