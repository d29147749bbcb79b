#include "../support/libtorch.hpp"
#include "workload.hpp"

namespace bench::mlp_step {

namespace {

torch::nn::Sequential network_of(const Workload& workload) {
  torch::nn::Sequential net;
  const torch::NoGradGuard no_gradients;
  for (const LayerValues& layer : workload.layers) {
    torch::nn::Linear linear{layer.in, layer.out};
    linear->weight.copy_(libtorch_tensor(layer.W, {layer.out, layer.in}));
    linear->bias.copy_(libtorch_tensor(layer.b, {layer.out}));
    net->push_back(linear);
    net->push_back(torch::nn::Sigmoid{});
  }
  return net;
}

class LibtorchNn final : public Contender {
 public:
  explicit LibtorchNn(const Workload& workload)
      : net_{network_of(workload)},
        sgd_{net_->parameters(), torch::optim::SGDOptions{static_cast<double>(workload.learning_rate)}},
        x_{libtorch_tensor(workload.x, {workload.batch, workload.layers.front().in})},
        y_{libtorch_tensor(workload.y, {workload.batch, workload.layers.back().out})},
        share_{0.5 / static_cast<double>(workload.batch)} {
    at::set_num_threads(1);
  }

  void step() override {
    sgd_.zero_grad();
    const torch::Tensor loss = torch::mse_loss(net_->forward(x_), y_, at::Reduction::Sum) * share_;
    loss.backward();
    sgd_.step();
    loss_ = loss.item<double>();
  }

  [[nodiscard]] double loss() const override { return loss_; }
  [[nodiscard]] std::vector<Floats> parameters() const override {
    std::vector<Floats> result;
    for (const torch::Tensor& parameter : net_->parameters()) {
      result.push_back(floats_of(parameter));
    }
    return result;
  }

 private:
  torch::nn::Sequential net_;
  torch::optim::SGD sgd_;
  torch::Tensor x_;
  torch::Tensor y_;
  double share_;
  double loss_ = 0;
};

}  // namespace

std::unique_ptr<Contender> libtorch_nn(const Workload& workload) {
  return std::make_unique<LibtorchNn>(workload);
}

}  // namespace bench::mlp_step
