#include "../support/libtorch_training.hpp"
#include "workload.hpp"

namespace bench::normalization {

namespace {

/// x / √(mean x² + ε) ⊙ weight, of operations: libtorch has no layer for it.
class RmsNorm : public torch::nn::Module {
 public:
  explicit RmsNorm(std::int64_t width) : weight_{register_parameter("weight", torch::empty({width}))} {}
  torch::Tensor forward(const torch::Tensor& x) { return x * torch::rsqrt(x.square().mean(-1, true) + 1e-5) * weight_; }

 private:
  torch::Tensor weight_;
};

torch::nn::AnyModule layer_of(const Workload& workload) {
  const std::int64_t channels = workload.parameters[1].shape[0];
  switch (workload.kind) {
    case Kind::batch:
      return torch::nn::AnyModule{torch::nn::BatchNorm2d{channels}};
    case Kind::layer:
      return torch::nn::AnyModule{torch::nn::LayerNorm{torch::nn::LayerNormOptions({channels})}};
    case Kind::group:
      return torch::nn::AnyModule{torch::nn::GroupNorm{torch::nn::GroupNormOptions(groups, channels)}};
    case Kind::rms:
      break;
  }
  return torch::nn::AnyModule{std::make_shared<RmsNorm>(channels)};
}

class Libtorch final : public Contender {
 public:
  explicit Libtorch(const Workload& workload)
      : workload_{workload},
        layer_{layer_of(workload)},
        x_{training::libtorch_tensor(workload.parameters[0]).requires_grad_()},
        g_{training::libtorch_tensor(workload.inputs[0])},
        parameters_{x_} {
    at::set_num_threads(1);
    for (const torch::Tensor& parameter : layer_.ptr()->parameters()) {
      parameters_.push_back(parameter);
    }
    training::set_values(parameters_, workload.parameters);
  }

  void run() override {
    y_ = layer_.forward(x_);
    gradients_ = torch::autograd::grad({y_}, parameters_, {g_});
  }

  [[nodiscard]] double loss() const override { return weighted(floats_of(y_), workload_); }
  [[nodiscard]] std::vector<Floats> gradients() const override {
    std::vector<Floats> result;
    for (const torch::Tensor& gradient : gradients_) {
      result.push_back(floats_of(gradient));
    }
    return result;
  }

 private:
  const Workload& workload_;
  torch::nn::AnyModule layer_;
  torch::Tensor x_;
  torch::Tensor g_;
  std::vector<torch::Tensor> parameters_;
  torch::Tensor y_;
  std::vector<torch::Tensor> gradients_;
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload, double /*rate*/) {
  return std::make_unique<Libtorch>(workload);
}

}  // namespace bench::normalization
