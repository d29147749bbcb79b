#include <tuple>

#include "xgrad_operation.hpp"

namespace bench::convolution {

namespace {

auto compiled(const xgrad::ConvOptions& options) {
  return xgrad::compile([options](const xgrad::Tensor& x, const xgrad::Tensor& w, const xgrad::Tensor& g) {
    const xgrad::Tensor y = xgrad::conv(x, w, options);
    const auto cotangents = xgrad::gradients(y, {x, w}, {.cotangent = g});
    return std::tuple{y, cotangents[0], cotangents[1]};
  });
}

class XgradCompiled final : public Contender {
 public:
  explicit XgradCompiled(const Workload& workload)
      : x_{xgrad::variable(x_of(workload))},
        w_{xgrad::variable(w_of(workload))},
        g_{g_of(workload)},
        step_{compiled(options_of(workload.layer))} {}

  void run() override { std::tie(y_, x_cotangent_, w_cotangent_) = step_(x_, w_, g_); }

  [[nodiscard]] Floats y() const override { return floats_of(y_); }
  [[nodiscard]] Floats x_cotangent() const override { return floats_of(x_cotangent_); }
  [[nodiscard]] Floats w_cotangent() const override { return floats_of(w_cotangent_); }

 private:
  xgrad::Tensor x_;
  xgrad::Tensor w_;
  xgrad::Tensor g_;
  xgrad::Tensor y_;
  xgrad::Tensor x_cotangent_;
  xgrad::Tensor w_cotangent_;
  decltype(compiled({})) step_;
};

auto compiled(const XgradLeNet& net) {
  return xgrad::compile([&net](const xgrad::Tensor& x, const xgrad::Tensor& y) {
    const xgrad::Tensor loss = net.loss(x, y);
    return std::tuple{loss, xgrad::gradients(loss, net.parameters)};
  });
}

class XgradCompiledLeNet final : public LeNetContender {
 public:
  explicit XgradCompiledLeNet(const LeNetWorkload& workload) : net_{workload}, step_{compiled(net_)} {}

  void run() override {
    auto [loss, gradients] = step_(net_.x, net_.y);
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
  decltype(compiled(net_)) step_;
  double loss_ = 0;
  std::vector<xgrad::Tensor> gradients_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload) {
  return std::make_unique<XgradCompiled>(workload);
}

std::unique_ptr<LeNetContender> xgrad_compiled_lenet(const LeNetWorkload& workload) {
  return std::make_unique<XgradCompiledLeNet>(workload);
}

}  // namespace bench::convolution
