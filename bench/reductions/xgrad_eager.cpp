#include "../support/xgrad.hpp"
#include "workload.hpp"

namespace bench::reductions {

namespace {

class XgradEager final : public Contender {
 public:
  explicit XgradEager(const Workload& workload)
      : operation_{workload.operation}, x_{xgrad_tensor(workload.x, {workload.rows, workload.columns})} {}

  void run() override { y_ = pending().eval(); }

  [[nodiscard]] Floats result() const override { return floats_of(y_); }

 private:
  [[nodiscard]] xgrad::Tensor pending() const {
    switch (operation_) {
      case Operation::softmax:
        return xgrad::softmax(x_, 1);
      case Operation::log_softmax:
        return xgrad::log_softmax(x_, 1);
      case Operation::logsumexp:
        return xgrad::logsumexp(x_, 1);
      case Operation::sum_axis_0:
        return xgrad::sum(x_, 0);
      case Operation::sum_axis_1:
        return xgrad::sum(x_, 1);
      case Operation::sum:
        break;
    }
    return xgrad::sum(x_);
  }

  Operation operation_;
  xgrad::Tensor x_;
  xgrad::Tensor y_;
};

}  // namespace

std::unique_ptr<Contender> xgrad_eager(const Workload& workload) {
  return std::make_unique<XgradEager>(workload);
}

}  // namespace bench::reductions
