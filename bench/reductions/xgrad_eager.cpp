#include "xgrad_operation.hpp"

namespace bench::reductions {

namespace {

class XgradEager final : public Contender {
 public:
  explicit XgradEager(const Workload& workload)
      : operation_{workload.operation},
        x_{xgrad_tensor(workload.x, {workload.rows, workload.columns})},
        y_{other_of(workload)} {}

  void run() override { result_ = reduced(operation_, x_, y_).eval(); }

  [[nodiscard]] Floats result() const override { return floats_of(result_); }

 private:
  Operation operation_;
  xgrad::Tensor x_;
  xgrad::Tensor y_;
  xgrad::Tensor result_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload) {
  return std::make_unique<XgradEager>(workload);
}

}  // namespace bench::reductions
