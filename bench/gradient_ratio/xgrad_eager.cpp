#include "../mlp_step/xgrad_network.hpp"
#include "workload.hpp"

namespace bench::gradient_ratio {

namespace {

class XgradEager final : public Contender {
 public:
  explicit XgradEager(const Workload& workload) : network_{workload, true} {}

  void value() override { loss_ = network_.objective(network_.net(network_.x), network_.y).item(); }

  void value_and_gradient() override {
    auto [value, gradients] =
        xgrad::value_and_gradients(network_.objective(network_.net(network_.x), network_.y), network_.net.parameters());
    loss_ = value.item();
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
  mlp_step::XgradNetwork network_;
  std::vector<xgrad::Tensor> gradients_;
  double loss_ = 0;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload) {
  return std::make_unique<XgradEager>(workload);
}

}  // namespace bench::gradient_ratio
