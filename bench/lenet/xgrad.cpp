#include "../support/xgrad_training.hpp"
#include "workload.hpp"

namespace bench::lenet {

namespace {

struct Model {
  xgrad::nn::Conv2d conv1;
  xgrad::nn::Conv2d conv2;
  xgrad::nn::Dense dense1;
  xgrad::nn::Dense dense2;
  xgrad::nn::Dense dense3;

  static constexpr std::size_t input_count = 2;
  static Model of(const Workload& /*workload*/) {
    xgrad::Random random{1};
    return {
        {1, 6, 5, random, {.padding = 2}}, {6, 16, 5, random}, {400, 120, random}, {120, 84, random}, {84, 10, random}};
  }
  static std::array<xgrad::Tensor, 2> inputs(const Workload& workload) {
    return {training::xgrad_tensor(workload.inputs[0]), training::xgrad_indices(workload)};
  }
  [[nodiscard]] xgrad::Tensor loss(const xgrad::Tensor& x, const xgrad::Tensor& labels) const {
    xgrad::Tensor a = xgrad::max_pool(xgrad::relu(conv1(x)), {.kernel = {2, 2}});
    a = xgrad::max_pool(xgrad::relu(conv2(a)), {.kernel = {2, 2}});
    a = xgrad::reshape(a, {a.dim(0), -1});
    a = xgrad::relu(dense2(xgrad::relu(dense1(a))));
    return xgrad::nn::CrossEntropy{}(dense3(a), labels);
  }
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate) {
  return std::make_unique<training::XgradEager<Model, Workload>>(workload, rate);
}

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate) {
  return std::make_unique<training::XgradCompiled<Model, Workload>>(workload, rate);
}

}  // namespace bench::lenet
