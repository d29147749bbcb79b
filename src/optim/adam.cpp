#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/optim.hpp"

#include "optim/rules.hpp"

namespace xgrad::optim {

Adam::Adam(std::vector<NamedParameter> parameters, const AdamOptions& options)
    : Optimizer{std::move(parameters), options.learning_rate}, options_{options} {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  require_in("Adam", "beta1", options.beta1, 0, 1);
  require_in("Adam", "beta2", options.beta2, 0, 1);
  require_in("Adam", "epsilon", options.epsilon, std::numeric_limits<double>::denorm_min(), infinity);
  require_in("Adam", "weight decay", options.weight_decay, 0, infinity);
  if (options.lazy_rows && options.weight_decay != 0) {
    throw ValueError(fmt::format("[Adam] lazy rows with weight decay {}; expected none, since it concerns every row",
                                 options.weight_decay));
  }
}

bool Adam::updates_rows_alone() const {
  return options_.lazy_rows;
}

std::vector<Tensor> Adam::initial_state(const Tensor& value) const {
  return {zeros_like(value), zeros_like(value)};
}

// m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  W ← W − η m̂ / (√v̂ + ε), m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
Optimizer::Update Adam::update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> state,
                               const Moment& moment) const {
  const Tensor g = with_decay(gradient, value, options_.weight_decay);
  const Tensor m = state[0] * options_.beta1 + g * (1 - options_.beta1);
  const Tensor v = state[1] * options_.beta2 + square(g) * (1 - options_.beta2);
  const auto correction = [&](double beta) { return cast(1.0 / (1.0 - pow(beta, moment.step)), value.dtype()); };
  const Tensor m_hat = m * correction(options_.beta1);
  const Tensor v_hat = v * correction(options_.beta2);
  return {value - m_hat * moment.learning_rate / (sqrt(v_hat) + options_.epsilon), {m, v}};
}

}  // namespace xgrad::optim
