#include "../support/libtorch.hpp"

#include "workload.hpp"

namespace bench::reductions {

namespace {

class Libtorch final : public Contender {
 public:
  explicit Libtorch(const Workload& workload)
      : operation_{workload.operation},
        x_{libtorch_tensor(workload.x, {workload.rows, workload.columns})},
        other_{workload.y.empty() ? x_ : libtorch_tensor(workload.y, {workload.rows, workload.columns})} {
    at::set_num_threads(1);
    run();
  }

  void run() override {
    const c10::InferenceMode inference;
    switch (operation_) {
      case Operation::softmax:
        at::_softmax_out(y_, x_, 1, false);
        break;
      case Operation::log_softmax:
        at::_log_softmax_out(y_, x_, 1, false);
        break;
      case Operation::logsumexp:
        at::logsumexp_out(y_, x_, 1);
        break;
      case Operation::sum:
        at::sum_out(y_, x_, at::OptionalIntArrayRef{});
        break;
      case Operation::distance:
        at::linalg_vector_norm_out(y_, x_ - other_);
        break;
      case Operation::sum_axis_0:
        at::sum_out(y_, x_, 0);
        break;
      case Operation::sum_axis_1:
        at::sum_out(y_, x_, 1);
        break;
    }
  }

  [[nodiscard]] Floats result() const override { return floats_of(y_); }

 private:
  Operation operation_;
  torch::Tensor x_;
  torch::Tensor other_;
  torch::Tensor y_ = torch::empty({0});
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload) {
  return std::make_unique<Libtorch>(workload);
}

}  // namespace bench::reductions
