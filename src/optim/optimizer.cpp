#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "xgrad/autodiff.hpp"
#include "xgrad/error.hpp"
#include "xgrad/optim.hpp"

namespace xgrad::optim {

namespace {

double checked_rate(double rate) {
  if (!std::isfinite(rate) || rate <= 0) {
    throw ValueError(fmt::format("[optimizer] learning rate {}; it must be finite and positive", rate));
  }
  return rate;
}

void require_like(const NamedParameter& named, const Tensor& tensor, std::string_view role) {
  const Tensor& value = named.parameter.value();
  if (!tensor.defined()) {
    throw ValueError(fmt::format("[optimizer] the {} of '{}' is undefined", role, named.name));
  }
  if (tensor.shape() != value.shape()) {
    throw ShapeError(fmt::format("[optimizer] '{}' is {}, its {} {}", named.name, to_string(value.shape()), role,
                                 to_string(tensor.shape())));
  }
  if (tensor.dtype() != value.dtype()) {
    throw DTypeError(fmt::format("[optimizer] '{}' is {}, its {} {}", named.name, to_string(value.dtype()), role,
                                 to_string(tensor.dtype())));
  }
}

}  // namespace

Optimizer::Optimizer(std::vector<NamedParameter> parameters, double learning_rate)
    : learning_rate_{checked_rate(learning_rate)} {
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
  state_.resize(parameters_.size());
}

Optimizer::~Optimizer() = default;

void Optimizer::set_learning_rate(double rate) {
  learning_rate_ = checked_rate(rate);
}

Tensor Optimizer::step(const Tensor& loss) {
  const std::vector<Tensor> found = gradients(loss, parameters_);
  advance(&loss, found);
  return loss;
}

void Optimizer::apply(std::span<const Tensor> gradients) {
  if (gradients.size() != parameters_.size()) {
    throw ValueError(fmt::format("[optimizer] {} gradients for {} parameters", gradients.size(), parameters_.size()));
  }
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    require_like(parameters_[i], gradients[i], "gradient");
  }
  advance(nullptr, gradients);
}

// Everything is evaluated before the first cell is written: an error leaves parameters and state as they were.
void Optimizer::advance(const Tensor* loss, std::span<const Tensor> gradients) {
  std::vector<Update> updates;
  std::vector<Tensor> wanted;
  updates.reserve(parameters_.size());
  if (loss != nullptr) {
    wanted.push_back(*loss);
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    updates.push_back(update(parameters_[i].parameter.value(), gradients[i], state_[i], steps_ + 1));
    require_like(parameters_[i], updates[i].value, "next value");
    wanted.push_back(updates[i].value);
    wanted.insert(wanted.end(), updates[i].state.begin(), updates[i].state.end());
  }
  eval(wanted);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    parameters_[i].parameter.set(updates[i].value);
    state_[i].clear();
    for (const Tensor& tensor : updates[i].state) {
      state_[i].push_back(tensor.detach());
    }
  }
  ++steps_;
}

}  // namespace xgrad::optim
