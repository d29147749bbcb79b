#include "backprop.hpp"

namespace bench::mlp_step {

namespace {

class ByHandFolded final : public Contender {
 public:
  explicit ByHandFolded(const Workload& workload) : net_{workload, workload.batch} {}

  void step() override {
    net_.select(0);
    net_.forward();
    net_.output_delta();
    for (std::size_t l = net_.layers().size(); l-- > 0;) {
      if (l > 0) {
        net_.propagate(l);
      }
      update(l);
    }
  }

  [[nodiscard]] double loss() const override { return net_.loss(); }
  [[nodiscard]] std::vector<Floats> parameters() const override { return net_.parameters(); }

 private:
  // W ← W − η δᵀ a⁻ and b ← b − η Σ_samples δ; the layer below has its δ already.
  void update(std::size_t l) noexcept {
    HandLayer& layer = net_.layers()[l];
    if (net_.batch() == 1) {
      cblas_sger(CblasRowMajor, layer.out, layer.in, -net_.rate(), layer.delta.data(), 1, net_.input(l), 1,
                 layer.W.data(), layer.in);
    } else {
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, layer.out, layer.in, net_.batch(), -net_.rate(),
                  layer.delta.data(), layer.out, net_.input(l), layer.in, 1.0F, layer.W.data(), layer.in);
    }
    net_.add_bias_gradient(layer, -net_.rate(), layer.b.data());
  }

  Backprop net_;
};

}  // namespace

std::unique_ptr<Contender> by_hand_folded(const Workload& workload) {
  return std::make_unique<ByHandFolded>(workload);
}

}  // namespace bench::mlp_step
