#include <xgrad/compile.hpp>

#include "xgrad_operation.hpp"

namespace bench::reductions {

namespace {

auto compiled(Operation operation) {
  return xgrad::compile([operation](const xgrad::Tensor& x) { return reduced(operation, x); });
}

class XgradCompiled final : public Contender {
 public:
  explicit XgradCompiled(const Workload& workload)
      : x_{xgrad_tensor(workload.x, {workload.rows, workload.columns})}, reduce_{compiled(workload.operation)} {}

  void run() override { y_ = reduce_(x_); }

  [[nodiscard]] Floats result() const override { return floats_of(y_); }

 private:
  xgrad::Tensor x_;
  xgrad::Tensor y_;
  decltype(compiled(Operation::sum)) reduce_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload) {
  return std::make_unique<XgradCompiled>(workload);
}

}  // namespace bench::reductions
