#include "../support/libtorch.hpp"

#include "workload.hpp"

namespace bench::optimizer {

namespace {

class Libtorch final : public Contender {
 public:
  explicit Libtorch(const Workload& workload)
      : w_{libtorch_tensor(workload.w, {static_cast<std::int64_t>(workload.w.size())}).requires_grad_()},
        t_{libtorch_tensor(workload.t, {static_cast<std::int64_t>(workload.t.size())})},
        adam_{{w_}, torch::optim::AdamOptions{learning_rate}.betas({beta1, beta2}).eps(epsilon)} {
    at::set_num_threads(1);
  }

  float step() override {
    adam_.zero_grad();
    const torch::Tensor loss = 0.5 * (w_ - t_).square().sum();
    loss.backward();
    adam_.step();
    return loss.item<float>();
  }

  [[nodiscard]] Floats weights() const override { return floats_of(w_); }

 private:
  torch::Tensor w_;
  torch::Tensor t_;
  torch::optim::Adam adam_;
};

}  // namespace

std::unique_ptr<Contender> libtorch(const Workload& workload) {
  return std::make_unique<Libtorch>(workload);
}

}  // namespace bench::optimizer
