// Batch normalisation by hand. Of one channel, with its m elements x_i over samples and positions:
//
//   μ = Σ x_i / m      σ² = Σ (x_i − μ)² / m      s = √(σ² + ε)      x̂_i = (x_i − μ) / s      y_i = w x̂_i + b
//
// From the output backwards, each variable through all that uses it:
//
//   db   = Σ dy_i
//   dw   = Σ dy_i x̂_i
//   dx̂_i = dy_i w
//   dσ²  = Σ dx̂_i (x_i − μ) (−½) s⁻³                       = −½ s⁻² Σ dx̂_i x̂_i
//   dμ   = −Σ dx̂_i / s + dσ² Σ −2 (x_i − μ) / m            = −Σ dx̂_i / s, as the deviations add up to 0
//   dx_i = dx̂_i / s + dσ² 2 (x_i − μ) / m + dμ / m
//
// and with the two sums put in
//
//   dx_i = (dx̂_i − mean(dx̂) − x̂_i mean(dx̂ ⊙ x̂)) / s
//
// The first mean is the way through μ, the second that through σ². In inference both are constants: dx_i = dx̂_i / s.
// Ioffe and Szegedy, Batch normalization, ICML 2015, section 3.
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <functional>
#include <utility>

#include "xgrad/error.hpp"
#include "xgrad/manual_layers.hpp"

#include "check/layers/array.hpp"
#include "check/layers/values.hpp"

namespace xgrad::check::manual {
namespace {

constexpr const char* name = "batch_norm";

/// x (N, C, positions), and the number of elements of a channel.
struct Layout {
  Index<3> lengths{};
  [[nodiscard]] std::int64_t channels() const { return lengths[1]; }
  [[nodiscard]] double count() const { return static_cast<double>(lengths[0] * lengths[2]); }
};

Layout layout_of(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& dy, double epsilon) {
  require_floating(name, "x", x);
  if (x.rank() < 2) {
    refuse_shape(name, "x", x, "(N, C, …)");
  }
  const Shape of_channels{x.shape()[1]};
  require_if_defined(name, "weight", weight, x.dtype(), of_channels);
  require_if_defined(name, "bias", bias, x.dtype(), of_channels);
  require(name, "dy", dy, x.dtype(), x.shape());
  require_epsilon(name, epsilon);
  return {{x.shape()[0], x.shape()[1], product_of(x.shape(), 2, x.rank())}};
}

/// Calls visit(n, p) for every element of a channel.
template <class Visit>
void for_each_element(const Layout& l, const Visit& visit) {
  for (std::int64_t n = 0; n < l.lengths[0]; ++n) {
    for (std::int64_t p = 0; p < l.lengths[2]; ++p) {
      visit(n, p);
    }
  }
}

/// μ and σ² of a channel.
using Statistics = std::function<std::pair<double, double>(std::int64_t channel)>;

std::pair<double, double> of_batch(const Layout& l, const Array<3>& x, std::int64_t c) {
  double sum = 0;
  for_each_element(l, [&](std::int64_t n, std::int64_t p) { sum += x(n, c, p); });
  const double mean = sum / l.count();
  double squares = 0;
  for_each_element(l, [&](std::int64_t n, std::int64_t p) { squares += (x(n, c, p) - mean) * (x(n, c, p) - mean); });
  return {mean, squares / l.count()};
}

struct Given {
  const Tensor& x;
  const Tensor& weight;
  const Tensor& bias;
  const Tensor& dy;
};

/// With the two means, if the statistics are the batch's own.
BatchNorm normalized(const Layout& l, const Given& given, const Array<3>& x, const Statistics& statistics, bool is_own,
                     double epsilon) {
  const Array<1> b = read(given.bias, Index<1>{l.channels()});
  Array<1> w = read(given.weight, Index<1>{l.channels()});
  const Array<3> dy = read(given.dy, l.lengths);
  Array<3> y{l.lengths};
  Array<3> dx{l.lengths};
  Array<1> dw{{l.channels()}};
  Array<1> db{{l.channels()}};
  Array<1> means{{l.channels()}};
  Array<1> variances{{l.channels()}};
  for (std::int64_t c = 0; c < l.channels(); ++c) {
    w(c) = given.weight.defined() ? w(c) : 1;
    const auto [mean, variance] = statistics(c);
    const double mu = mean;
    const double s = std::sqrt(variance + epsilon);
    const auto normal = [&x, c, mu, s](std::int64_t n, std::int64_t p) { return (x(n, c, p) - mu) / s; };
    means(c) = mean;
    variances(c) = variance;
    for_each_element(l, [&](std::int64_t n, std::int64_t p) {
      y(n, c, p) = w(c) * normal(n, p) + b(c);
      db(c) += dy(n, c, p);
      dw(c) += dy(n, c, p) * normal(n, p);
    });
    // As dx̂ = w dy, its means are w times those of dy, which db and dw have added up.
    const double through_mean = is_own ? w(c) * db(c) / l.count() : 0;
    const double through_variance = is_own ? w(c) * dw(c) / l.count() : 0;
    for_each_element(l, [&](std::int64_t n, std::int64_t p) {
      dx(n, c, p) = (w(c) * dy(n, c, p) - through_mean - normal(n, p) * through_variance) / s;
    });
  }
  const DType dtype = given.x.dtype();
  const Shape of_channels{l.channels()};
  return {write(y, given.x.shape(), dtype), write(dx, given.x.shape(), dtype), write_like(dw, given.weight),
          write_like(db, given.bias),       write(means, of_channels, dtype),  write(variances, of_channels, dtype)};
}

}  // namespace

BatchNorm batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& dy, double epsilon) {
  const Layout l = layout_of(x, weight, bias, dy, epsilon);
  if (l.count() < 2) {
    throw ValueError(fmt::format("[manual::{}] x of {} has {} value per channel, expected two or more", name,
                                 to_string(x.shape()), l.count()));
  }
  const Array<3> values = read(x, l.lengths);
  const Statistics own = [&](std::int64_t channel) { return of_batch(l, values, channel); };
  return normalized(l, {x, weight, bias, dy}, values, own, true, epsilon);
}

BatchNorm batch_norm_inference(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                               const Tensor& weight, const Tensor& bias, const Tensor& dy, double epsilon) {
  const Layout l = layout_of(x, weight, bias, dy, epsilon);
  require(name, "running_mean", running_mean, x.dtype(), Shape{l.channels()});
  require(name, "running_var", running_var, x.dtype(), Shape{l.channels()});
  const Array<1> mean = read(running_mean, Index<1>{l.channels()});
  const Array<1> variance = read(running_var, Index<1>{l.channels()});
  const Statistics running = [&](std::int64_t c) { return std::pair{mean(c), variance(c)}; };
  return normalized(l, {x, weight, bias, dy}, read(x, l.lengths), running, false, epsilon);
}

}  // namespace xgrad::check::manual
