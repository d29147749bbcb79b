#include "xgrad_pool.hpp"

namespace bench::pooling {

namespace {

class XgradEager final : public Contender {
 public:
  explicit XgradEager(const Workload& workload)
      : kind_{workload.kind}, x_{xgrad::variable(images_of(workload))}, g_{cotangent_of(workload)} {}

  void run() override {
    y_ = pooled(kind_, x_);
    dx_ = xgrad::vjp({y_}, {x_}, {g_})[0];
    xgrad::eval({y_, dx_});
  }

  [[nodiscard]] Floats value() const override { return floats_of(y_); }
  [[nodiscard]] Floats gradient() const override { return floats_of(dx_); }

 private:
  Kind kind_;
  xgrad::Tensor x_;
  xgrad::Tensor g_;
  xgrad::Tensor y_;
  xgrad::Tensor dx_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload) {
  return std::make_unique<XgradEager>(workload);
}

}  // namespace bench::pooling
