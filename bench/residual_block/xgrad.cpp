#include "../support/xgrad_training.hpp"
#include "workload.hpp"

namespace bench::residual_block {

namespace {

struct Model {
  xgrad::Parameter x;
  xgrad::nn::Conv2d conv1;
  xgrad::nn::BatchNorm2d norm1;
  xgrad::nn::Conv2d conv2;
  xgrad::nn::BatchNorm2d norm2;

  static constexpr std::size_t input_count = 1;
  static Model of(const Workload& workload) {
    xgrad::Random random{1};
    const std::int64_t c = workload.channels;
    const xgrad::nn::ConvLayerOptions options{.padding = 1, .use_bias = false};
    return {xgrad::Parameter{training::xgrad_tensor(workload.parameters[0]), "x"},
            {c, c, 3, random, options},
            xgrad::nn::BatchNorm2d{c},
            {c, c, 3, random, options},
            xgrad::nn::BatchNorm2d{c}};
  }
  static std::array<xgrad::Tensor, 1> inputs(const Workload& workload) {
    return {training::xgrad_tensor(workload.inputs[0])};
  }
  [[nodiscard]] xgrad::Tensor loss(const xgrad::Tensor& t) const {
    const xgrad::Tensor h = xgrad::relu(norm1(conv1(x)));
    const xgrad::Tensor y = xgrad::relu(x + norm2(conv2(h)));
    return 0.5 * xgrad::mean(xgrad::square(y - t));
  }
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate) {
  return std::make_unique<training::XgradEager<Model, Workload>>(workload, rate);
}

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate) {
  return std::make_unique<training::XgradCompiled<Model, Workload>>(workload, rate);
}

}  // namespace bench::residual_block
