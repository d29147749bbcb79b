#include "../support/libtorch_training.hpp"
#include "workload.hpp"

namespace bench::recurrent {

namespace {

template <class Layer, class Options>
class Net : public torch::nn::Module {
 public:
  explicit Net(const Workload& workload)
      : x_{training::libtorch_tensor(workload.inputs[0])},
        t_{training::libtorch_tensor(workload.inputs[1])},
        layer_{register_module("layer", Layer{Options(workload.hidden, workload.hidden).batch_first(true)})} {}

  torch::Tensor loss() { return 0.5 * torch::mse_loss(std::get<0>(layer_(x_)), t_); }

 private:
  torch::Tensor x_;
  torch::Tensor t_;
  Layer layer_;
};

using LstmNet = Net<torch::nn::LSTM, torch::nn::LSTMOptions>;
using GruNet = Net<torch::nn::GRU, torch::nn::GRUOptions>;

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload, double rate) {
  if (workload.kind == Kind::lstm) {
    return std::make_unique<training::LibtorchStep<LstmNet, Workload>>(workload, rate);
  }
  return std::make_unique<training::LibtorchStep<GruNet, Workload>>(workload, rate);
}

}  // namespace bench::recurrent
