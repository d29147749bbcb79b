#include <cmath>
#include <limits>

#include "xgrad/creation.hpp"
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
}

// m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  W ← W − η m̂ / (√v̂ + ε), m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
Optimizer::Update Adam::update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> state,
                               std::int64_t step) const {
  const Tensor g = with_decay(gradient, value, options_.weight_decay);
  const Tensor m_before = state.empty() ? zeros_like(value) : state[0];
  const Tensor v_before = state.empty() ? zeros_like(value) : state[1];
  const Tensor m = m_before * options_.beta1 + g * (1 - options_.beta1);
  const Tensor v = v_before * options_.beta2 + square(g) * (1 - options_.beta2);
  const auto t = static_cast<double>(step);
  const Tensor m_hat = m * (1 / (1 - std::pow(options_.beta1, t)));
  const Tensor v_hat = v * (1 / (1 - std::pow(options_.beta2, t)));
  return {value - m_hat * learning_rate() / (sqrt(v_hat) + options_.epsilon), {m, v}};
}

}  // namespace xgrad::optim
