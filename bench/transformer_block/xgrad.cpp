#include "../support/xgrad_training.hpp"
#include "workload.hpp"

namespace bench::transformer_block {

namespace {

struct Model {
  xgrad::Parameter x;
  xgrad::nn::TransformerEncoderLayer layer;

  static constexpr std::size_t input_count = 1;
  static Model of(const Workload& workload) {
    xgrad::Random random{1};
    const Sizes& sizes = workload.sizes;
    return {xgrad::Parameter{training::xgrad_tensor(workload.parameters[0]), "x"},
            {sizes.width,
             sizes.heads,
             random,
             {.dropout = 0,
              .activation = xgrad::nn::FeedForwardActivation::gelu,
              .pre_norm = true,
              .causal = sizes.causal}}};
  }
  static std::array<xgrad::Tensor, 1> inputs(const Workload& workload) {
    return {training::xgrad_tensor(workload.inputs[0])};
  }
  [[nodiscard]] xgrad::Tensor loss(const xgrad::Tensor& t) const {
    return 0.5 * xgrad::mean(xgrad::square(layer(x) - t));
  }
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate) {
  return std::make_unique<training::XgradEager<Model, Workload>>(workload, rate);
}

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate) {
  return std::make_unique<training::XgradCompiled<Model, Workload>>(workload, rate);
}

}  // namespace bench::transformer_block
