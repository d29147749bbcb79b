#include <tuple>
#include <xgrad/compile.hpp>

#include "xgrad_chain.hpp"

namespace bench::elementwise {

namespace {

auto compiled_forward() {
  return xgrad::compile([](const xgrad::Tensor& x) { return chain(x); });
}

auto compiled_gradient() {
  return xgrad::compile([](const xgrad::Tensor& x) {
    const xgrad::Tensor sum = xgrad::sum(chain(x));
    return std::tuple{sum, xgrad::gradients(sum, {x})[0]};
  });
}

class XgradCompiled final : public Contender {
 public:
  explicit XgradCompiled(const Floats& x) : x_{xgrad_tensor(x, {static_cast<std::int64_t>(x.size())})} {}

  void forward() override { y_ = forward_(x_); }

  void gradient() override {
    auto [sum, dx] = gradient_(x_);
    sum_ = sum.item();
    dx_ = std::move(dx);
  }

  [[nodiscard]] Floats y() const override { return floats_of(y_); }
  [[nodiscard]] double sum() const override { return sum_; }
  [[nodiscard]] Floats dx() const override { return floats_of(dx_); }

 private:
  xgrad::Tensor x_;
  decltype(compiled_forward()) forward_ = compiled_forward();
  decltype(compiled_gradient()) gradient_ = compiled_gradient();
  xgrad::Tensor y_;
  xgrad::Tensor dx_;
  double sum_ = 0;
};

}  // namespace

std::unique_ptr<Contender> xgrad_compiled(const Floats& x) {
  return std::make_unique<XgradCompiled>(x);
}

}  // namespace bench::elementwise
