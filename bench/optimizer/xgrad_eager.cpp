#include "xgrad_model.hpp"

namespace bench::optimizer {

namespace {

class XgradEager final : public Contender {
 public:
  explicit XgradEager(const Workload& workload) : model_{workload} {}

  float step() override {
    const xgrad::Tensor loss = model_.loss(model_.t);
    model_.adam.step(loss);
    return static_cast<float>(loss.item());
  }

  [[nodiscard]] Floats weights() const override { return floats_of(model_.w.value()); }

 private:
  XgradModel model_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload) {
  return std::make_unique<XgradEager>(workload);
}

}  // namespace bench::optimizer
