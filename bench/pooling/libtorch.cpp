#include "../support/libtorch.hpp"

#include "workload.hpp"

namespace bench::pooling {

namespace {

class Libtorch final : public Contender {
 public:
  explicit Libtorch(const Workload& workload)
      : kind_{workload.kind},
        x_{libtorch_tensor(workload.x, {workload.images, workload.channels, workload.side, workload.side})
               .requires_grad_()},
        g_{libtorch_tensor(workload.cotangent,
                           {workload.images, workload.channels, workload.side / 2, workload.side / 2})} {
    at::set_num_threads(1);
  }

  void run() override {
    y_ = kind_ == Kind::max ? at::max_pool2d(x_, 2) : at::avg_pool2d(x_, 2);
    dx_ = torch::autograd::grad({y_}, {x_}, {g_})[0];
  }

  [[nodiscard]] Floats value() const override { return floats_of(y_); }
  [[nodiscard]] Floats gradient() const override { return floats_of(dx_); }

 private:
  Kind kind_;
  torch::Tensor x_;
  torch::Tensor g_;
  torch::Tensor y_;
  torch::Tensor dx_;
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload) {
  return std::make_unique<Libtorch>(workload);
}

}  // namespace bench::pooling
