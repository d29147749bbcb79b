#include <tuple>

#include "../support/xgrad_training.hpp"
#include "workload.hpp"

namespace bench::normalization {

namespace {

template <class Layer>
Layer layer_of(std::int64_t channels) {
  if constexpr (std::is_same_v<Layer, xgrad::nn::GroupNorm>) {
    return Layer{groups, channels};
  } else {
    return Layer{channels};
  }
}

using Results = std::tuple<xgrad::Tensor, std::vector<xgrad::Tensor>>;

/// y, and the gradients of x and the layer's parameters for the cotangent g.
template <class Layer>
Results results(const Layer& layer, const xgrad::Tensor& x, const xgrad::Tensor& g) {
  std::vector<xgrad::Tensor> by{x};
  for (const xgrad::NamedParameter& named : xgrad::nn::parameters(layer)) {
    by.push_back(named.parameter.value());
  }
  const xgrad::Tensor y = layer(x);
  return {y, xgrad::gradients(y, by, {.cotangent = g})};
}

template <class Layer>
auto compiled(const Layer& layer) {
  return xgrad::compile([&](const xgrad::Tensor& x, const xgrad::Tensor& g) { return results(layer, x, g); });
}

template <class Layer, bool Compile>
class Xgrad final : public Contender {
 public:
  explicit Xgrad(const Workload& workload)
      : workload_{workload},
        layer_{layer_of<Layer>(workload.parameters[1].shape[0])},
        x_{xgrad::variable(training::xgrad_tensor(workload.parameters[0]))},
        g_{training::xgrad_tensor(workload.inputs[0])},
        step_{compiled(layer_)} {
    training::set_values(xgrad::nn::parameters(layer_), {workload.parameters.begin() + 1, workload.parameters.end()});
  }

  void run() override {
    if constexpr (Compile) {
      std::tie(y_, gradients_) = step_(x_, g_);
    } else {
      std::tie(y_, gradients_) = results(layer_, x_, g_);
      std::vector<xgrad::Tensor> all{gradients_};
      all.push_back(y_);
      xgrad::eval(all);
    }
  }

  [[nodiscard]] double loss() const override { return weighted(floats_of(y_), workload_); }
  [[nodiscard]] std::vector<Floats> gradients() const override {
    std::vector<Floats> result;
    for (const xgrad::Tensor& gradient : gradients_) {
      result.push_back(floats_of(gradient));
    }
    return result;
  }

 private:
  const Workload& workload_;
  Layer layer_;
  xgrad::Tensor x_;
  xgrad::Tensor g_;
  decltype(compiled(std::declval<const Layer&>())) step_;
  xgrad::Tensor y_;
  std::vector<xgrad::Tensor> gradients_;
};

template <bool Compile>
std::unique_ptr<Contender> contender(const Workload& workload) {
  switch (workload.kind) {
    case Kind::batch:
      return std::make_unique<Xgrad<xgrad::nn::BatchNorm, Compile>>(workload);
    case Kind::layer:
      return std::make_unique<Xgrad<xgrad::nn::LayerNorm, Compile>>(workload);
    case Kind::group:
      return std::make_unique<Xgrad<xgrad::nn::GroupNorm, Compile>>(workload);
    case Kind::rms:
      break;
  }
  return std::make_unique<Xgrad<xgrad::nn::RMSNorm, Compile>>(workload);
}

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double /*rate*/) {
  return contender<false>(workload);
}

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double /*rate*/) {
  return contender<true>(workload);
}

}  // namespace bench::normalization
