#include <cmath>
#include <limits>

#include "../support/libtorch_training.hpp"
#include "workload.hpp"

namespace bench::transformer_block {

namespace {

/// The attention is written out, as in most models made for training: nn::MultiheadAttention takes no batch first, and
/// copies more.
class Net : public torch::nn::Module {
 public:
  explicit Net(const Workload& workload)
      : sizes_{workload.sizes},
        t_{training::libtorch_tensor(workload.inputs[0])},
        hidden_{torch::triu(torch::ones({sizes_.steps, sizes_.steps}), 1).to(torch::kBool)},
        x_{register_parameter("x", torch::empty(workload.parameters[0].shape))},
        in_{linear("in", 1, 3)},
        out_{linear("out", 1, 1)},
        linear1_{linear("linear1", 1, 4)},
        linear2_{linear("linear2", 4, 1)},
        norm1_{norm("norm1")},
        norm2_{norm("norm2")} {}

  torch::Tensor loss() {
    const torch::Tensor h = x_ + attention(norm1_(x_));
    const torch::Tensor y = h + linear2_(torch::gelu(linear1_(norm2_(h))));
    return 0.5 * torch::mse_loss(y, t_);
  }

 private:
  torch::nn::Linear linear(const char* name, std::int64_t in, std::int64_t out) {
    return register_module(name, torch::nn::Linear{in * sizes_.width, out * sizes_.width});
  }
  torch::nn::LayerNorm norm(const char* name) {
    return register_module(name, torch::nn::LayerNorm{torch::nn::LayerNormOptions({sizes_.width})});
  }

  torch::Tensor attention(const torch::Tensor& x) {
    const std::int64_t head = sizes_.width / sizes_.heads;
    const auto qkv = in_(x).view({sizes_.batch, sizes_.steps, 3, sizes_.heads, head}).permute({2, 0, 3, 1, 4}).unbind();
    torch::Tensor scores = torch::matmul(qkv[0] * (1 / std::sqrt(static_cast<double>(head))), qkv[1].transpose(-2, -1));
    if (sizes_.causal) {
      scores = scores.masked_fill(hidden_, -std::numeric_limits<double>::infinity());
    }
    const torch::Tensor y = torch::matmul(torch::softmax(scores, -1), qkv[2]);
    return out_(y.transpose(1, 2).reshape({sizes_.batch, sizes_.steps, sizes_.width}));
  }

  Sizes sizes_;
  torch::Tensor t_;
  torch::Tensor hidden_;
  torch::Tensor x_;
  torch::nn::Linear in_;
  torch::nn::Linear out_;
  torch::nn::Linear linear1_;
  torch::nn::Linear linear2_;
  torch::nn::LayerNorm norm1_;
  torch::nn::LayerNorm norm2_;
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload, double rate) {
  return std::make_unique<training::LibtorchStep<Net, Workload>>(workload, rate);
}

}  // namespace bench::transformer_block
