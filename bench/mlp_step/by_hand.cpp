#include "backprop.hpp"

namespace bench::mlp_step {

namespace {

class ByHand final : public Contender {
 public:
  explicit ByHand(const Workload& workload) : net_{workload, workload.batch} {
    for (const HandLayer& layer : net_.layers()) {
      gradients_.push_back({Floats(layer.W.size()), Floats(layer.b.size())});
    }
  }

  void step() override {
    net_.select(0);
    net_.forward();
    net_.output_delta();
    for (std::size_t l = net_.layers().size(); l-- > 0;) {
      if (l > 0) {
        net_.propagate(l);
      }
      differentiate(l);
    }
    for (std::size_t l = 0; l < gradients_.size(); ++l) {
      HandLayer& layer = net_.layers()[l];
      const Gradient& gradient = gradients_[l];
      cblas_saxpy(static_cast<int>(layer.W.size()), -net_.rate(), gradient.W.data(), 1, layer.W.data(), 1);
      cblas_saxpy(static_cast<int>(layer.b.size()), -net_.rate(), gradient.b.data(), 1, layer.b.data(), 1);
    }
  }

  [[nodiscard]] double loss() const override { return net_.loss(); }
  [[nodiscard]] std::vector<Floats> parameters() const override { return net_.parameters(); }

 private:
  struct Gradient {
    Floats W;
    Floats b;
  };

  // ∂Loss/∂W = δᵀ a⁻ and ∂Loss/∂b = Σ_samples δ.
  void differentiate(std::size_t l) noexcept {
    const HandLayer& layer = net_.layers()[l];
    Gradient& gradient = gradients_[l];
    const float* input = net_.input(l);
    if (net_.batch() == 1) {
      float* row = gradient.W.data();
      for (int j = 0; j < layer.out; ++j, row += layer.in) {
        const float factor = layer.delta[static_cast<std::size_t>(j)];
        for (int k = 0; k < layer.in; ++k) {
          row[k] = factor * input[k];
        }
      }
      std::copy(layer.delta.begin(), layer.delta.end(), gradient.b.begin());
    } else {
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, layer.out, layer.in, net_.batch(), 1.0F, layer.delta.data(),
                  layer.out, input, layer.in, 0.0F, gradient.W.data(), layer.in);
      std::fill(gradient.b.begin(), gradient.b.end(), 0.0F);
      net_.add_bias_gradient(layer, 1.0F, gradient.b.data());
    }
  }

  Backprop net_;
  std::vector<Gradient> gradients_;
};

}  // namespace

std::unique_ptr<Contender> by_hand(const Workload& workload) {
  return std::make_unique<ByHand>(workload);
}

}  // namespace bench::mlp_step
