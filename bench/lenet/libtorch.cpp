#include "../support/libtorch_training.hpp"
#include "workload.hpp"

namespace bench::lenet {

namespace {

class Net : public torch::nn::Module {
 public:
  explicit Net(const Workload& workload)
      : x_{training::libtorch_tensor(workload.inputs[0])}, labels_{training::libtorch_indices(workload)} {}

  torch::Tensor loss() {
    torch::Tensor a = torch::max_pool2d(torch::relu(conv1_(x_)), 2);
    a = torch::max_pool2d(torch::relu(conv2_(a)), 2).flatten(1);
    a = torch::relu(linear2_(torch::relu(linear1_(a))));
    return torch::cross_entropy_loss(linear3_(a), labels_);
  }

 private:
  torch::Tensor x_;
  torch::Tensor labels_;
  torch::nn::Conv2d conv1_ = register_module("conv1", torch::nn::Conv2d{torch::nn::Conv2dOptions(1, 6, 5).padding(2)});
  torch::nn::Conv2d conv2_ = register_module("conv2", torch::nn::Conv2d{torch::nn::Conv2dOptions(6, 16, 5)});
  torch::nn::Linear linear1_ = register_module("linear1", torch::nn::Linear{400, 120});
  torch::nn::Linear linear2_ = register_module("linear2", torch::nn::Linear{120, 84});
  torch::nn::Linear linear3_ = register_module("linear3", torch::nn::Linear{84, 10});
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload, double rate) {
  return std::make_unique<training::LibtorchStep<Net, Workload>>(workload, rate);
}

}  // namespace bench::lenet
