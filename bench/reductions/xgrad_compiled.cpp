#include <xgrad/compile.hpp>

#include "xgrad_operation.hpp"

namespace bench::reductions {

namespace {

auto compiled(Operation operation, const xgrad::Tensor& y) {
  return xgrad::compile([=](const xgrad::Tensor& x) { return reduced(operation, x, y); });
}

class XgradCompiled final : public Contender {
 public:
  explicit XgradCompiled(const Workload& workload)
      : x_{xgrad_tensor(workload.x, {workload.rows, workload.columns})},
        reduce_{compiled(workload.operation, other_of(workload))} {}

  void run() override { result_ = reduce_(x_); }

  [[nodiscard]] Floats result() const override { return floats_of(result_); }

 private:
  xgrad::Tensor x_;
  xgrad::Tensor result_;
  decltype(compiled(Operation::sum, {})) reduce_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload) {
  return std::make_unique<XgradCompiled>(workload);
}

}  // namespace bench::reductions
