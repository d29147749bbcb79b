#include <tuple>
#include <xgrad/compile.hpp>

#include "../mlp_step/xgrad_network.hpp"
#include "workload.hpp"

namespace bench::gradient_ratio {

namespace {

using mlp_step::XgradNetwork;

auto compiled_value(const XgradNetwork& network) {
  return xgrad::compile(
      [&network](const xgrad::Tensor& x, const xgrad::Tensor& y) { return network.objective(network.net(x), y); });
}

auto compiled_gradient(const XgradNetwork& network) {
  return xgrad::compile([&network](const xgrad::Tensor& x, const xgrad::Tensor& y) {
    const xgrad::Tensor loss = network.objective(network.net(x), y);
    return std::tuple{loss, xgrad::gradients(loss, network.net.parameters())};
  });
}

class XgradCompiled final : public Contender {
 public:
  explicit XgradCompiled(const Workload& workload)
      : network_{workload, true}, value_{compiled_value(network_)}, gradient_{compiled_gradient(network_)} {}

  void value() override { loss_ = value_(network_.x, network_.y).item(); }

  void value_and_gradient() override {
    auto [loss, gradients] = gradient_(network_.x, network_.y);
    loss_ = loss.item();
    gradients_ = std::move(gradients);
  }

  [[nodiscard]] double loss() const override { return loss_; }
  [[nodiscard]] std::vector<Floats> gradients() const override {
    std::vector<Floats> result;
    for (const xgrad::Tensor& gradient : gradients_) {
      result.push_back(floats_of(gradient));
    }
    return result;
  }

 private:
  XgradNetwork network_;
  decltype(compiled_value(network_)) value_;
  decltype(compiled_gradient(network_)) gradient_;
  std::vector<xgrad::Tensor> gradients_;
  double loss_ = 0;
};

}  // namespace

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload) {
  return std::make_unique<XgradCompiled>(workload);
}

}  // namespace bench::gradient_ratio
