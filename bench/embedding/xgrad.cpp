#include "../support/xgrad_training.hpp"
#include "workload.hpp"

namespace bench::embedding {

namespace {

struct Model {
  xgrad::nn::Embedding table;

  static constexpr std::size_t input_count = 2;
  static Model of(const Workload& workload) {
    return {xgrad::nn::Embedding{training::xgrad_tensor(workload.parameters[0])}};
  }
  static std::array<xgrad::Tensor, 2> inputs(const Workload& workload) {
    return {training::xgrad_indices(workload), training::xgrad_tensor(workload.inputs[0])};
  }
  [[nodiscard]] xgrad::Tensor loss(const xgrad::Tensor& rows, const xgrad::Tensor& t) const {
    return 0.5 * xgrad::mean(xgrad::square(table(rows) - t));
  }
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate) {
  return std::make_unique<training::XgradEager<Model, Workload>>(workload, rate);
}

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate) {
  return std::make_unique<training::XgradCompiled<Model, Workload>>(workload, rate);
}

}  // namespace bench::embedding
