#include "../support/xgrad_training.hpp"
#include "workload.hpp"

namespace bench::recurrent {

namespace {

template <class Layer>
struct Model {
  Layer layer;

  static constexpr std::size_t input_count = 2;
  static Model of(const Workload& workload) {
    xgrad::Random random{1};
    return {Layer{workload.hidden, workload.hidden, random}};
  }
  static std::array<xgrad::Tensor, 2> inputs(const Workload& workload) {
    return {training::xgrad_tensor(workload.inputs[0]), training::xgrad_tensor(workload.inputs[1])};
  }
  [[nodiscard]] xgrad::Tensor loss(const xgrad::Tensor& x, const xgrad::Tensor& t) const {
    return 0.5 * xgrad::mean(xgrad::square(layer(x) - t));
  }
};

template <template <class, class> class Step>
std::unique_ptr<Contender> step(const Workload& workload, double rate) {
  if (workload.kind == Kind::lstm) {
    return std::make_unique<Step<Model<xgrad::nn::LSTM>, Workload>>(workload, rate);
  }
  return std::make_unique<Step<Model<xgrad::nn::GRU>, Workload>>(workload, rate);
}

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate) {
  return step<training::XgradEager>(workload, rate);
}

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate) {
  return step<training::XgradCompiled>(workload, rate);
}

}  // namespace bench::recurrent
