#include "xgrad/nn/regression_losses.hpp"

#include <cmath>
#include <numbers>

#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/loss_rules.hpp"
#include "ops/forms/forms.hpp"

namespace xgrad::nn {

namespace {

bool is_whole(Reduction reduction, const Tensor& weights) {
  return reduction != Reduction::none && !weights.defined();
}

}  // namespace

Tensor QuadraticLoss::operator()(const Tensor& a, const Tensor& y, const Tensor& weights) const {
  const Scope scope{"QuadraticLoss", Scope::Role::loss};
  require_alike("QuadraticLoss", a, y);
  const std::int64_t count = samples("QuadraticLoss", a);
  if (!is_whole(reduction, weights)) {
    return reduced("QuadraticLoss", 0.5 * sum(square(a - y), -1), reduction, weights);
  }
  if (count == 0) {
    return reduced_total(0.5 * sum(square(a - y)), count, reduction);
  }
  const double factor = reduction == Reduction::sum ? 0.5 : 0.5 / static_cast<double>(count);
  return factor * sum(square(a - y));
}

Tensor MeanSquaredError::operator()(const Tensor& a, const Tensor& y, const Tensor& weights) const {
  const Scope scope{"MeanSquaredError", Scope::Role::loss};
  require_alike("MeanSquaredError", a, y);
  return reduced("MeanSquaredError", square(a - y), reduction, weights);
}

Tensor L1Loss::operator()(const Tensor& a, const Tensor& y, const Tensor& weights) const {
  const Scope scope{"L1Loss", Scope::Role::loss};
  require_alike("L1Loss", a, y);
  return reduced("L1Loss", abs(a - y), reduction, weights);
}

Tensor SmoothL1Loss::operator()(const Tensor& a, const Tensor& y, const Tensor& weights) const {
  const Scope scope{"SmoothL1Loss", Scope::Role::loss};
  require_alike("SmoothL1Loss", a, y);
  require_option("SmoothL1Loss", "beta", beta, beta >= 0 && std::isfinite(beta), "0 or a positive number");
  const Tensor d = a - y;
  if (beta == 0) {
    return reduced("SmoothL1Loss", abs(d), reduction, weights);
  }
  const Tensor losses = where(abs(d) < beta, square(d) * (0.5 / beta), abs(d) - 0.5 * beta);
  return reduced("SmoothL1Loss", losses, reduction, weights);
}

Tensor HuberLoss::operator()(const Tensor& a, const Tensor& y, const Tensor& weights) const {
  const Scope scope{"HuberLoss", Scope::Role::loss};
  require_alike("HuberLoss", a, y);
  require_option("HuberLoss", "delta", delta, delta > 0 && std::isfinite(delta), "a positive number");
  const Tensor d = a - y;
  const Tensor losses = where(abs(d) < delta, 0.5 * square(d), delta * (abs(d) - 0.5 * delta));
  return reduced("HuberLoss", losses, reduction, weights);
}

Tensor PoissonNLL::operator()(const Tensor& a, const Tensor& y, const Tensor& weights) const {
  const Scope scope{"PoissonNLL", Scope::Role::loss};
  require_alike("PoissonNLL", a, y);
  require_option("PoissonNLL", "epsilon", epsilon, epsilon >= 0 && std::isfinite(epsilon), "0 or a positive number");
  Tensor losses = log_input ? exp(a) - ops::product_with_log(y, a) : a - y * log(a + epsilon);
  if (full) {
    const Tensor stirling = y * log(y) - y + 0.5 * log(2 * std::numbers::pi * y);
    losses = losses + where(y > 1.0, stirling, 0.0);
  }
  return reduced("PoissonNLL", losses, reduction, weights);
}

Tensor GaussianNLL::operator()(const Tensor& a, const Tensor& y, const Tensor& variance, const Tensor& weights) const {
  const Scope scope{"GaussianNLL", Scope::Role::loss};
  require_alike("GaussianNLL", a, y);
  require_alike("GaussianNLL", "prediction", a, "variance", variance);
  require_option("GaussianNLL", "epsilon", epsilon, epsilon > 0 && std::isfinite(epsilon), "a positive number");
  const Tensor v = maximum(variance, epsilon);
  Tensor losses = 0.5 * (log(v) + square(a - y) / v);
  if (full) {
    losses = losses + 0.5 * std::log(2 * std::numbers::pi);
  }
  return reduced("GaussianNLL", losses, reduction, weights);
}

Tensor KLDivergence::operator()(const Tensor& a, const Tensor& y, const Tensor& weights) const {
  const Scope scope{"KLDivergence", Scope::Role::loss};
  require_alike("KLDivergence", a, y);
  const std::int64_t count = samples("KLDivergence", a);
  // a is a logarithm: 0 log 0 is 0.
  const Tensor terms = y * log(y) - ops::product_with_log(y, a);
  if (is_whole(reduction, weights)) {
    return reduced_total(sum(terms), count, reduction);
  }
  return reduced("KLDivergence", sum(terms, -1), reduction, weights);
}

}  // namespace xgrad::nn
