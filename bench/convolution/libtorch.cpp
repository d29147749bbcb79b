#include "../support/libtorch.hpp"

#include "workload.hpp"

namespace bench::convolution {

namespace {

namespace F = torch::nn::functional;

class Libtorch final : public Contender {
 public:
  explicit Libtorch(const Workload& workload)
      : l_{workload.layer},
        x_{libtorch_tensor(workload.x, {l_.batch, l_.in, l_.size, l_.size}).requires_grad_()},
        w_{libtorch_tensor(workload.w, {l_.out, l_.in / l_.groups, l_.kernel, l_.kernel}).requires_grad_()},
        g_{libtorch_tensor(workload.g, {l_.batch, l_.out, l_.result_size(), l_.result_size()})} {
    at::set_num_threads(1);
  }

  void run() override {
    y_ = torch::conv2d(x_, w_, {}, l_.stride, l_.padding, 1, l_.groups);
    cotangents_ = torch::autograd::grad({y_}, {x_, w_}, {g_});
  }

  [[nodiscard]] Floats y() const override { return floats_of(y_); }
  [[nodiscard]] Floats x_cotangent() const override { return floats_of(cotangents_[0]); }
  [[nodiscard]] Floats w_cotangent() const override { return floats_of(cotangents_[1]); }

 private:
  Layer l_;
  torch::Tensor x_;
  torch::Tensor w_;
  torch::Tensor g_;
  torch::Tensor y_;
  std::vector<torch::Tensor> cotangents_;
};

class LibtorchLeNet final : public LeNetContender {
 public:
  explicit LibtorchLeNet(const LeNetWorkload& workload)
      : x_{libtorch_tensor(workload.x, {workload.batch, 1, 28, 28})},
        y_{libtorch_tensor(workload.y, {workload.batch, 10})} {
    at::set_num_threads(1);
    for (std::size_t i = 0; i < workload.parameters.size(); ++i) {
      p_.push_back(libtorch_tensor(workload.parameters[i], lenet_shapes()[i]).requires_grad_());
    }
  }

  void run() override {
    torch::Tensor a = torch::avg_pool2d(torch::relu(torch::conv2d(x_, p_[0], p_[1], 1, 2)), 2);
    a = torch::avg_pool2d(torch::relu(torch::conv2d(a, p_[2], p_[3])), 2).flatten(1);
    a = torch::relu(F::linear(a, p_[4], p_[5]));
    a = torch::relu(F::linear(a, p_[6], p_[7]));
    loss_ = 0.5 * (F::linear(a, p_[8], p_[9]) - y_).square().sum();
    gradients_ = torch::autograd::grad({loss_}, p_);
  }

  [[nodiscard]] double loss() const override { return loss_.item<double>(); }
  [[nodiscard]] std::vector<Floats> gradients() const override {
    std::vector<Floats> result;
    result.reserve(gradients_.size());
    for (const torch::Tensor& gradient : gradients_) {
      result.push_back(floats_of(gradient));
    }
    return result;
  }

 private:
  torch::Tensor x_;
  torch::Tensor y_;
  std::vector<torch::Tensor> p_;
  torch::Tensor loss_;
  std::vector<torch::Tensor> gradients_;
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload) {
  return std::make_unique<Libtorch>(workload);
}

std::unique_ptr<LeNetContender> libtorch_lenet(const LeNetWorkload& workload) {
  return std::make_unique<LibtorchLeNet>(workload);
}

}  // namespace bench::convolution
