#include <limits>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/optim.hpp"

#include "optim/rules.hpp"

namespace xgrad::optim {

SGD::SGD(std::vector<NamedParameter> parameters, const SGDOptions& options)
    : Optimizer{std::move(parameters), options.learning_rate}, options_{options} {
  require_in("SGD", "momentum", options.momentum, 0, 1);
  require_in("SGD", "weight decay", options.weight_decay, 0, std::numeric_limits<double>::infinity());
  if (options.nesterov && options.momentum == 0) {
    throw ValueError("[SGD] Nesterov's rule with momentum 0; expected a momentum above 0");
  }
}

std::vector<Tensor> SGD::initial_state(const Tensor& value) const {
  return options_.momentum == 0 ? std::vector<Tensor>{} : std::vector{zeros_like(value)};
}

bool SGD::updates_rows_alone() const {
  return options_.momentum == 0 && options_.weight_decay == 0;
}

Optimizer::Update SGD::update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> state,
                              const Moment& moment) const {
  const Tensor g = with_decay(gradient, value, options_.weight_decay);
  if (options_.momentum == 0) {
    return {value - g * moment.learning_rate, {}};
  }
  const Tensor velocity = state[0] * options_.momentum + g;
  const Tensor direction = options_.nesterov ? g + velocity * options_.momentum : velocity;
  return {value - direction * moment.learning_rate, {velocity}};
}

}  // namespace xgrad::optim
