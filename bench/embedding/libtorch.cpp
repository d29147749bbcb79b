#include "../support/libtorch_training.hpp"
#include "workload.hpp"

namespace bench::embedding {

namespace {

template <bool Sparse>
class Net : public torch::nn::Module {
 public:
  explicit Net(const Workload& workload)
      : rows_{training::libtorch_indices(workload)},
        t_{training::libtorch_tensor(workload.inputs[0])},
        table_{register_module("table", torch::nn::Embedding{options(workload)})} {}

  torch::Tensor loss() { return 0.5 * torch::mse_loss(table_(rows_), t_); }

 private:
  static torch::nn::EmbeddingOptions options(const Workload& workload) {
    const std::vector<std::int64_t>& shape = workload.parameters[0].shape;
    return torch::nn::EmbeddingOptions(shape[0], shape[1]).sparse(Sparse);
  }

  torch::Tensor rows_;
  torch::Tensor t_;
  torch::nn::Embedding table_;
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload, double rate) {
  return std::make_unique<training::LibtorchStep<Net<false>, Workload>>(workload, rate);
}

std::unique_ptr<Contender> libtorch_sparse(const Workload& workload, double rate) {
  return std::make_unique<training::LibtorchStep<Net<true>, Workload>>(workload, rate);
}

}  // namespace bench::embedding
