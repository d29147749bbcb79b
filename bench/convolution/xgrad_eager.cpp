#include "xgrad_operation.hpp"

namespace bench::convolution {

namespace {

class XgradEager final : public Contender {
 public:
  explicit XgradEager(const Workload& workload)
      : options_{options_of(workload.layer)},
        x_{xgrad::variable(x_of(workload))},
        w_{xgrad::variable(w_of(workload))},
        g_{g_of(workload)} {}

  void run() override {
    y_ = xgrad::conv(x_, w_, options_);
    cotangents_ = xgrad::gradients(y_, {x_, w_}, {.cotangent = g_});
    xgrad::eval({y_, cotangents_[0], cotangents_[1]});
  }

  [[nodiscard]] Floats y() const override { return floats_of(y_); }
  [[nodiscard]] Floats x_cotangent() const override { return floats_of(cotangents_[0]); }
  [[nodiscard]] Floats w_cotangent() const override { return floats_of(cotangents_[1]); }

 private:
  xgrad::ConvOptions options_;
  xgrad::Tensor x_;
  xgrad::Tensor w_;
  xgrad::Tensor g_;
  xgrad::Tensor y_;
  std::vector<xgrad::Tensor> cotangents_;
};

class XgradEagerLeNet final : public LeNetContender {
 public:
  explicit XgradEagerLeNet(const LeNetWorkload& workload) : net_{workload} {}

  void run() override {
    auto [loss, gradients] = xgrad::value_and_gradients(net_.loss(net_.x, net_.y), net_.parameters);
    loss_ = loss.item();
    gradients_ = std::move(gradients);
  }

  [[nodiscard]] double loss() const override { return loss_; }
  [[nodiscard]] std::vector<Floats> gradients() const override {
    std::vector<Floats> result;
    result.reserve(gradients_.size());
    for (const xgrad::Tensor& gradient : gradients_) {
      result.push_back(floats_of(gradient));
    }
    return result;
  }

 private:
  XgradLeNet net_;
  double loss_ = 0;
  std::vector<xgrad::Tensor> gradients_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload) {
  return std::make_unique<XgradEager>(workload);
}

std::unique_ptr<LeNetContender> xgrad_eager_lenet(const LeNetWorkload& workload) {
  return std::make_unique<XgradEagerLeNet>(workload);
}

}  // namespace bench::convolution
