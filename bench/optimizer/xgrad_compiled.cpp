#include <utility>

#include "xgrad_model.hpp"

namespace bench::optimizer {

namespace {

auto compiled_step(XgradModel& model) {
  return xgrad::compile([&model](const xgrad::Tensor& t) { return model.adam.step(model.loss(t)); });
}

class XgradCompiled final : public Contender {
 public:
  explicit XgradCompiled(const Workload& workload) : model_{workload} {}

  float step() override { return static_cast<float>(step_(model_.t).item()); }

  [[nodiscard]] Floats weights() const override { return floats_of(model_.w.value()); }

 private:
  XgradModel model_;
  decltype(compiled_step(std::declval<XgradModel&>())) step_ = compiled_step(model_);
};

}  // namespace

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload) {
  return std::make_unique<XgradCompiled>(workload);
}

}  // namespace bench::optimizer
