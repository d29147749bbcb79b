#include <algorithm>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xtensor.hpp>

#include "workload.hpp"

namespace bench::elementwise {

namespace {

using Vector = xt::xtensor<float, 1>;

class Xtensor final : public Contender {
 public:
  explicit Xtensor(const Floats& x) : x_{Vector::from_shape({x.size()})}, y_{x_}, s_{x_}, t_{x_}, e_{x_}, dx_{x_} {
    std::copy(x.begin(), x.end(), x_.begin());
  }

  void forward() override { xt::noalias(y_) = xt::tanh(c * x_) / (1.0F + xt::exp(-(a * x_ + b))) + xt::exp(-x_ * x_); }

  // What both expressions need is computed once.
  void gradient() override {
    xt::noalias(s_) = 1.0F / (1.0F + xt::exp(-(a * x_ + b)));
    xt::noalias(t_) = xt::tanh(c * x_);
    xt::noalias(e_) = xt::exp(-x_ * x_);
    xt::noalias(y_) = s_ * t_ + e_;
    sum_ = xt::sum<double>(y_, xt::evaluation_strategy::immediate)();
    xt::noalias(dx_) = s_ * (a * (1.0F - s_) * t_ + c * (1.0F - t_ * t_)) - 2.0F * x_ * e_;
  }

  [[nodiscard]] Floats y() const override { return {y_.begin(), y_.end()}; }
  [[nodiscard]] double sum() const override { return sum_; }
  [[nodiscard]] Floats dx() const override { return {dx_.begin(), dx_.end()}; }

 private:
  Vector x_;
  Vector y_;
  Vector s_;
  Vector t_;
  Vector e_;
  Vector dx_;
  double sum_ = 0;
};

}  // namespace

std::unique_ptr<Contender> xtensor(const Floats& x) {
  return std::make_unique<Xtensor>(x);
}

}  // namespace bench::elementwise
