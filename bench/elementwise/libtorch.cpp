#include "../support/libtorch.hpp"

#include "workload.hpp"

namespace bench::elementwise {

namespace {

class Libtorch final : public Contender {
 public:
  explicit Libtorch(const Floats& x)
      : x_{libtorch_tensor(x, {static_cast<std::int64_t>(x.size())})},
        y_{torch::empty_like(x_)},
        part_{torch::empty_like(x_)},
        variable_{x_.detach().requires_grad_()} {
    at::set_num_threads(1);
  }

  void forward() override {
    const torch::NoGradGuard no_gradients;
    at::mul_out(y_, x_, a).add_(b).sigmoid_();
    y_.mul_(at::mul_out(part_, x_, c).tanh_());
    y_.add_(at::mul_out(part_, x_, x_).neg_().exp_());
  }

  void gradient() override {
    const torch::Tensor s = variable_.mul(a).add_(b).sigmoid_();
    const torch::Tensor t = variable_.mul(c).tanh_();
    const torch::Tensor e = variable_.square().neg_().exp_();
    const torch::Tensor sum = s.mul(t).add_(e).sum();
    dx_ = torch::autograd::grad({sum}, {variable_})[0];
    sum_ = sum.item<double>();
  }

  [[nodiscard]] Floats y() const override { return floats_of(y_); }
  [[nodiscard]] double sum() const override { return sum_; }
  [[nodiscard]] Floats dx() const override { return floats_of(dx_); }

 private:
  torch::Tensor x_;
  torch::Tensor y_;
  torch::Tensor part_;
  torch::Tensor variable_;
  torch::Tensor dx_;
  double sum_ = 0;
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Floats& x) {
  return std::make_unique<Libtorch>(x);
}

}  // namespace bench::elementwise
