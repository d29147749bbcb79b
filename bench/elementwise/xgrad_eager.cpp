#include "xgrad_chain.hpp"

namespace bench::elementwise {

namespace {

class XgradEager final : public Contender {
 public:
  explicit XgradEager(const Floats& x)
      : x_{xgrad_tensor(x, {static_cast<std::int64_t>(x.size())})}, variable_{xgrad::variable(x_)} {}

  void forward() override { y_ = chain(x_).eval(); }

  void gradient() override {
    auto [value, gradients] = xgrad::value_and_gradients(xgrad::sum(chain(variable_)), {variable_});
    sum_ = value.item();
    dx_ = std::move(gradients[0]);
  }

  [[nodiscard]] Floats y() const override { return floats_of(y_); }
  [[nodiscard]] double sum() const override { return sum_; }
  [[nodiscard]] Floats dx() const override { return floats_of(dx_); }

 private:
  xgrad::Tensor x_;
  xgrad::Tensor variable_;
  xgrad::Tensor y_;
  xgrad::Tensor dx_;
  double sum_ = 0;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Floats& x) {
  return std::make_unique<XgradEager>(x);
}

}  // namespace bench::elementwise
