#include <tuple>
#include <xgrad/compile.hpp>

#include "xgrad_pool.hpp"

namespace bench::pooling {

namespace {

auto compiled(Kind kind) {
  return xgrad::compile([=](const xgrad::Tensor& x, const xgrad::Tensor& g) {
    const xgrad::Tensor y = pooled(kind, x);
    return std::tuple{y, xgrad::vjp({y}, {x}, {g})[0]};
  });
}

class XgradCompiled final : public Contender {
 public:
  explicit XgradCompiled(const Workload& workload)
      : x_{images_of(workload)}, g_{cotangent_of(workload)}, pool_{compiled(workload.kind)} {}

  void run() override { std::tie(y_, dx_) = pool_(x_, g_); }

  [[nodiscard]] Floats value() const override { return floats_of(y_); }
  [[nodiscard]] Floats gradient() const override { return floats_of(dx_); }

 private:
  xgrad::Tensor x_;
  xgrad::Tensor g_;
  xgrad::Tensor y_;
  xgrad::Tensor dx_;
  decltype(compiled(Kind::max)) pool_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload) {
  return std::make_unique<XgradCompiled>(workload);
}

}  // namespace bench::pooling
