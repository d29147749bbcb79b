#include "../support/libtorch_training.hpp"
#include "workload.hpp"

namespace bench::residual_block {

namespace {

class Net : public torch::nn::Module {
 public:
  explicit Net(const Workload& workload)
      : channels_{workload.channels},
        t_{training::libtorch_tensor(workload.inputs[0])},
        x_{register_parameter("x", torch::empty(workload.parameters[0].shape))},
        conv1_{register_module("conv1", torch::nn::Conv2d{convolution()})},
        norm1_{register_module("norm1", torch::nn::BatchNorm2d{channels_})},
        conv2_{register_module("conv2", torch::nn::Conv2d{convolution()})},
        norm2_{register_module("norm2", torch::nn::BatchNorm2d{channels_})} {}

  torch::Tensor loss() {
    const torch::Tensor h = norm1_(conv1_(x_)).relu_();
    const torch::Tensor y = norm2_(conv2_(h)).add_(x_).relu_();
    return 0.5 * torch::mse_loss(y, t_);
  }

 private:
  [[nodiscard]] torch::nn::Conv2dOptions convolution() const {
    return torch::nn::Conv2dOptions(channels_, channels_, 3).padding(1).bias(false);
  }

  std::int64_t channels_;
  torch::Tensor t_;
  torch::Tensor x_;
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d norm1_;
  torch::nn::Conv2d conv2_;
  torch::nn::BatchNorm2d norm2_;
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload, double rate) {
  return std::make_unique<training::LibtorchStep<Net, Workload>>(workload, rate);
}

}  // namespace bench::residual_block
