#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <utility>

#include "xgrad/assign.hpp"
#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/math.hpp"
#include "xgrad/optim.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/row_gradient.hpp"

#include "ops/index/put_rows.hpp"

namespace xgrad::optim {

namespace {

double checked_rate(double rate) {
  if (!std::isfinite(rate) || rate < 0) {
    throw ValueError(fmt::format("[optimizer] learning rate {}; expected a finite number, 0 or more", rate));
  }
  return rate;
}

void require_like(std::string_view name, const Tensor& value, const Tensor& tensor, std::string_view role) {
  if (!tensor.defined()) {
    throw ValueError(fmt::format("[optimizer] the {} of '{}' is undefined", role, name));
  }
  if (tensor.shape() != value.shape()) {
    throw ShapeError(fmt::format("[optimizer] '{}' is {}, its {} {}", name, to_string(value.shape()), role,
                                 to_string(tensor.shape())));
  }
  if (tensor.dtype() != value.dtype()) {
    throw DTypeError(fmt::format("[optimizer] '{}' is {}, its {} {}", name, to_string(value.dtype()), role,
                                 to_string(tensor.dtype())));
  }
}

}  // namespace

Optimizer::Optimizer(std::vector<NamedParameter> parameters, double learning_rate)
    : learning_rate_{scalar(checked_rate(learning_rate), float64), "learning rate"},
      learning_rate_float32_{scalar(learning_rate, float32), "learning rate"},
      steps_{scalar(0, float64), "steps"} {
  for (NamedParameter& named : parameters) {
    const bool known = std::any_of(parameters_.begin(), parameters_.end(),
                                   [&](const NamedParameter& other) { return other.parameter.is(named.parameter); });
    if (!known) {
      parameters_.push_back(std::move(named));
    }
  }
  if (parameters_.empty()) {
    throw ValueError("[optimizer] there are no parameters to train");
  }
}

Optimizer::Optimizer(const Optimizer& other)
    : parameters_{other.parameters_},
      learning_rate_{other.learning_rate_.clone()},
      learning_rate_float32_{other.learning_rate_float32_.clone()},
      steps_{other.steps_.clone()} {
  for (const auto& cells : other.state_) {
    auto& copies = state_.emplace_back();
    std::transform(cells.begin(), cells.end(), std::back_inserter(copies),
                   [](const State& cell) { return cell.clone(); });
  }
}

Optimizer::~Optimizer() = default;

double Optimizer::learning_rate() const {
  return learning_rate_.value().item();
}

void Optimizer::set_learning_rate(double rate) {
  assign({{learning_rate_, scalar(checked_rate(rate), float64)}, {learning_rate_float32_, scalar(rate, float32)}});
}

std::int64_t Optimizer::steps() const {
  return static_cast<std::int64_t>(steps_.value().item());
}

std::vector<Tensor> Optimizer::initial_state(const Tensor& /*value*/) const {
  return {};
}

bool Optimizer::updates_rows_alone() const {
  return false;
}

void Optimizer::start() {
  const detail::Untraced untraced;
  std::vector<std::vector<State>> state;
  for (const NamedParameter& named : parameters_) {
    auto& cells = state.emplace_back();
    for (const Tensor& tensor : initial_state(named.parameter.value())) {
      cells.emplace_back(tensor, named.name + " state");
    }
  }
  state_ = std::move(state);
}

std::vector<NamedState> Optimizer::states() {
  if (state_.empty()) {
    start();
  }
  std::vector<NamedState> result{
      {"learning rate", learning_rate_}, {"learning rate float32", learning_rate_float32_}, {"steps", steps_}};
  for (std::size_t i = 0; i < state_.size(); ++i) {
    for (std::size_t j = 0; j < state_[i].size(); ++j) {
      result.push_back({fmt::format("{} state {}", parameters_[i].name, j), state_[i][j]});
    }
  }
  return result;
}

Tensor Optimizer::step(const Tensor& loss) {
  advance(&loss, gradients(loss, parameters_));
  return loss;
}

void Optimizer::apply(std::span<const Tensor> gradients) {
  if (gradients.size() != parameters_.size()) {
    throw ValueError(
        fmt::format("[optimizer] {} gradients for {} parameters; expected one each, in the order of parameters()",
                    gradients.size(), parameters_.size()));
  }
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    require_like(parameters_[i].name, parameters_[i].parameter.value(), gradients[i], "gradient");
  }
  advance(nullptr, {gradients.begin(), gradients.end()});
}

// Of rows alone where that is the rule. Rows by equal indices have equal gradients, and so equal next values.
Optimizer::Update Optimizer::next(const NamedParameter& named, Tensor gradient, std::span<const Tensor> state,
                                  const Moment& moment) const {
  const Tensor& value = named.parameter.value();
  const bool of_rows = updates_rows_alone() && std::all_of(state.begin(), state.end(), [&](const Tensor& each) {
                         return each.shape() == value.shape();
                       });
  const std::optional<RowGradient> rows = of_rows ? row_gradient(gradient) : std::nullopt;
  if (!rows) {
    return update(value, gradient, state, moment);
  }
  gradient = Tensor{};
  const auto taken = [&](const Tensor& table) { return take(table, rows->indices, 0); };
  std::vector<Tensor> state_rows;
  std::transform(state.begin(), state.end(), std::back_inserter(state_rows), taken);
  Update result = update(taken(value), rows->rows, state_rows, moment);
  const auto put_back = [&](const Tensor& table, Tensor& rows_of_it) {
    require_like(named.name, taken(table), rows_of_it, "next value by rows");
    rows_of_it = ops::put_back_rows(table, rows->indices, rows_of_it);
  };
  put_back(value, result.value);
  for (std::size_t i = 0; i < std::min(state.size(), result.state.size()); ++i) {
    put_back(state[i], result.state[i]);
  }
  return result;
}

// Everything is evaluated before the first cell is written: an error leaves parameters and state as they were. Tensors
// that nobody else holds are let go before that: gradients needn't come to exist, and new values may take the old ones'
// memory.
void Optimizer::advance(const Tensor* loss, std::vector<Tensor> gradients) {
  if (state_.empty()) {
    start();
  }
  std::vector<Assignment> assignments{{steps_, steps_.value() + 1.0}};
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& value = parameters_[i].parameter.value();
    const std::vector<Tensor> state{state_[i].begin(), state_[i].end()};
    const State& rate = value.dtype() == float32 ? learning_rate_float32_ : learning_rate_;
    const Moment moment{rate.value(), assignments.front().value};
    Update updated = next(parameters_[i], std::exchange(gradients[i], Tensor{}), state, moment);
    require_like(parameters_[i].name, value, updated.value, "next value");
    if (updated.state.size() != state.size()) {
      throw ValueError(fmt::format("[optimizer] '{}' had {} tensors of state, its update gives {}", parameters_[i].name,
                                   state.size(), updated.state.size()));
    }
    assignments.emplace_back(parameters_[i].parameter, std::move(updated.value));
    for (std::size_t j = 0; j < state.size(); ++j) {
      require_like(state_[i][j].name(), state[j], updated.state[j], "next value");
      assignments.emplace_back(state_[i][j], std::move(updated.state[j]));
    }
  }
  assign(std::move(assignments), loss == nullptr ? std::span<const Tensor>{} : std::span{loss, 1});
}

}  // namespace xgrad::optim
