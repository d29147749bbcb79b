#pragma once

#include "libtorch.hpp"
#include "training.hpp"

namespace bench::training {

inline torch::Tensor libtorch_tensor(const Array& array) {
  return bench::libtorch_tensor(array.values, array.shape);
}

inline torch::Tensor libtorch_indices(const Workload& workload) {
  return torch::tensor(workload.indices, torch::kInt64);
}

inline void set_values(const std::vector<torch::Tensor>& parameters, const std::vector<Array>& values) {
  const torch::NoGradGuard no_gradients;
  TORCH_CHECK(parameters.size() == values.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    TORCH_CHECK(parameters[i].sizes() == at::IntArrayRef{values[i].shape});
    parameters[i].copy_(libtorch_tensor(values[i]));
  }
}

/// A training step. A Net is a module, made from the workload, whose parameters are the workload's in order, with
/// loss(). Gradients are dropped between two steps, not zeroed.
template <class Net, class Work>
class LibtorchStep final : public Contender {
 public:
  LibtorchStep(const Work& workload, double rate)
      : net_{workload},
        parameters_{net_.parameters()},
        before_{workload.parameters},
        rate_{rate},
        sgd_{parameters_, torch::optim::SGDOptions{rate}} {
    at::set_num_threads(1);
    set_values(parameters_, workload.parameters);
  }

  void run() override {
    for (const torch::Tensor& parameter : parameters_) {
      parameter.mutable_grad().reset();
    }
    const torch::Tensor loss = net_.loss();
    loss.backward();
    sgd_.step();
    loss_ = loss.template item<double>();
  }

  [[nodiscard]] double loss() const override { return loss_; }
  [[nodiscard]] std::vector<Floats> gradients() const override {
    std::vector<Floats> after;
    for (const torch::Tensor& parameter : parameters_) {
      after.push_back(floats_of(parameter));
    }
    return gradients_of_step(before_, after, rate_);
  }

 private:
  Net net_;
  std::vector<torch::Tensor> parameters_;
  std::vector<Array> before_;
  double rate_;
  torch::optim::SGD sgd_;
  double loss_ = 0;
};

}  // namespace bench::training
