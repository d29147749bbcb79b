#include "../support/libtorch.hpp"
#include "workload.hpp"

namespace bench::mlp_step {

namespace {

class LibtorchRaw final : public Contender {
 public:
  explicit LibtorchRaw(const Workload& workload)
      : x_{libtorch_tensor(workload.x, {workload.batch, workload.layers.front().in})},
        y_{libtorch_tensor(workload.y, {workload.batch, workload.layers.back().out})},
        rate_{static_cast<double>(workload.learning_rate)},
        share_{0.5 / static_cast<double>(workload.batch)} {
    at::set_num_threads(1);
    for (const LayerValues& layer : workload.layers) {
      parameters_.push_back(libtorch_tensor(layer.W, {layer.out, layer.in}).requires_grad_());
      parameters_.push_back(libtorch_tensor(layer.b, {layer.out}).requires_grad_());
    }
  }

  void step() override {
    torch::Tensor a = x_;
    for (std::size_t i = 0; i < parameters_.size(); i += 2) {
      a = torch::linear(a, parameters_[i], parameters_[i + 1]).sigmoid_();
    }
    const torch::Tensor loss = torch::mse_loss(a, y_, at::Reduction::Sum).mul_(share_);
    const std::vector<torch::Tensor> gradients = torch::autograd::grad({loss}, parameters_);
    const torch::NoGradGuard no_gradients;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      parameters_[i].sub_(gradients[i], rate_);
    }
    loss_ = loss.item<double>();
  }

  [[nodiscard]] double loss() const override { return loss_; }
  [[nodiscard]] std::vector<Floats> parameters() const override {
    std::vector<Floats> result;
    for (const torch::Tensor& parameter : parameters_) {
      result.push_back(floats_of(parameter));
    }
    return result;
  }

 private:
  torch::Tensor x_;
  torch::Tensor y_;
  std::vector<torch::Tensor> parameters_;
  double rate_;
  double share_;
  double loss_ = 0;
};

}  // namespace

std::unique_ptr<Contender> libtorch_raw(const Workload& workload) {
  return std::make_unique<LibtorchRaw>(workload);
}

}  // namespace bench::mlp_step
