#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "training.hpp"
#include "xgrad.hpp"

namespace bench::training {

inline xgrad::Tensor xgrad_tensor(const Array& array) {
  return bench::xgrad_tensor(array.values, xgrad::Shape{std::span<const std::int64_t>{array.shape}});
}

inline xgrad::Tensor xgrad_indices(const Workload& workload) {
  return xgrad::from_data(std::span<const std::int64_t>{workload.indices},
                          xgrad::Shape{static_cast<std::int64_t>(workload.indices.size())});
}

inline std::vector<Floats> values_of(const std::vector<xgrad::NamedParameter>& parameters) {
  std::vector<Floats> result;
  result.reserve(parameters.size());
  for (const xgrad::NamedParameter& named : parameters) {
    result.push_back(floats_of(named.parameter.value()));
  }
  return result;
}

inline void set_values(const std::vector<xgrad::NamedParameter>& parameters, const std::vector<Array>& values) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i].set(xgrad_tensor(values.at(i)));
  }
}

/// A training step. A Model is a struct of layers and the workload's parameters, with `input_count` tensors
/// inputs(workload), and the loss for them.
template <class Model, class Work>
class XgradStep : public Contender {
 public:
  XgradStep(const Work& workload, double rate)
      : model_{Model::of(workload)},
        parameters_{xgrad::nn::parameters(model_)},
        inputs_{Model::inputs(workload)},
        before_{workload.parameters},
        rate_{rate},
        sgd_{parameters_, {.learning_rate = rate}} {
    set_values(parameters_, workload.parameters);
  }

  [[nodiscard]] double loss() const override { return loss_; }
  [[nodiscard]] std::vector<Floats> gradients() const override {
    return gradients_of_step(before_, values_of(parameters_), rate_);
  }

 protected:
  using Inputs = std::array<xgrad::Tensor, Model::input_count>;
  Model model_;
  std::vector<xgrad::NamedParameter> parameters_;
  Inputs inputs_;
  std::vector<Array> before_;
  double rate_;
  xgrad::optim::SGD sgd_;
  double loss_ = 0;
};

template <class Model, class Work>
class XgradEager final : public XgradStep<Model, Work> {
 public:
  using XgradStep<Model, Work>::XgradStep;

  void run() override {
    const xgrad::Tensor loss =
        std::apply([this](const auto&... input) { return this->model_.loss(input...); }, this->inputs_);
    this->loss_ = this->sgd_.step(loss).item();
  }
};

template <class Model>
auto compiled_step(const Model& model, xgrad::optim::SGD& sgd) {
  return xgrad::compile([&](const auto&... input) { return sgd.step(model.loss(input...)); });
}

template <class Model, class Work>
class XgradCompiled final : public XgradStep<Model, Work> {
 public:
  XgradCompiled(const Work& workload, double rate)
      : XgradStep<Model, Work>{workload, rate}, step_{compiled_step(this->model_, this->sgd_)} {}

  void run() override { this->loss_ = std::apply(step_, this->inputs_).item(); }

 private:
  decltype(compiled_step(std::declval<const Model&>(), std::declval<xgrad::optim::SGD&>())) step_;
};

}  // namespace bench::training
