#include "xgrad_network.hpp"

namespace bench::mlp_step {

namespace {

class XgradEager final : public Contender {
 public:
  XgradEager(const Workload& workload, bool rows)
      : network_{workload, rows},
        sgd_{network_.net.parameters(), {.learning_rate = static_cast<double>(workload.learning_rate)}} {}

  void step() override {
    const xgrad::Tensor loss = network_.objective(network_.net(network_.x), network_.y);
    loss_ = sgd_.step(loss).item();
  }

  [[nodiscard]] double loss() const override { return loss_; }
  [[nodiscard]] std::vector<Floats> parameters() const override { return network_.parameters(); }

 private:
  XgradNetwork network_;
  xgrad::optim::SGD sgd_;
  double loss_ = 0;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload) {
  return std::make_unique<XgradEager>(workload, workload.batch != 1);
}

std::unique_ptr<Contender> xgrad_eager_rows(const Workload& workload) {
  return std::make_unique<XgradEager>(workload, true);
}

}  // namespace bench::mlp_step
