#include <xgrad/compile.hpp>
#include <xgrad/threads.hpp>

#include "xgrad_network.hpp"

namespace bench::mlp_step {

namespace {

auto compiled_step(const XgradNetwork& network, xgrad::optim::SGD& sgd) {
  return xgrad::compile([&network, &sgd](const xgrad::Tensor& x, const xgrad::Tensor& y) {
    return sgd.step(network.objective(network.net(x), y));
  });
}

class XgradCompiled final : public Contender {
 public:
  XgradCompiled(const Workload& workload, bool rows, int threads)
      : network_{workload, rows},
        sgd_{network_.net.parameters(), {.learning_rate = static_cast<double>(workload.learning_rate)}},
        step_{compiled_step(network_, sgd_)} {
    xgrad::set_threads(threads);
  }
  XgradCompiled(const XgradCompiled&) = delete;
  XgradCompiled& operator=(const XgradCompiled&) = delete;
  ~XgradCompiled() override { xgrad::set_threads(1); }

  void step() override { loss_ = step_(network_.x, network_.y).item(); }

  [[nodiscard]] double loss() const override { return loss_; }
  [[nodiscard]] std::vector<Floats> parameters() const override { return network_.parameters(); }

 private:
  XgradNetwork network_;
  xgrad::optim::SGD sgd_;
  decltype(compiled_step(network_, sgd_)) step_;
  double loss_ = 0;
};

}  // namespace

std::unique_ptr<Contender> xgrad_compiled(const Workload& workload) {
  return std::make_unique<XgradCompiled>(workload, workload.batch != 1, 1);
}

std::unique_ptr<Contender> xgrad_compiled_rows(const Workload& workload) {
  return std::make_unique<XgradCompiled>(workload, true, 1);
}

std::unique_ptr<Contender> xgrad_compiled_2_threads(const Workload& workload) {
  return std::make_unique<XgradCompiled>(workload, workload.batch != 1, 2);
}

}  // namespace bench::mlp_step
