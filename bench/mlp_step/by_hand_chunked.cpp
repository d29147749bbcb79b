#include "backprop.hpp"

namespace bench::mlp_step {

namespace {

/// OpenBLAS is at its best on skinny products (30 columns) of some 32 rows, and a chunk stays in the cache from forward
/// to gradient. On wide products (512) larger ones are better.
constexpr std::int64_t chunk_rows = 32;

class ByHandChunked final : public Contender {
 public:
  explicit ByHandChunked(const Workload& workload) : net_{workload, chunk_rows}, batch_{workload.batch} {
    for (const HandLayer& layer : net_.layers()) {
      gradients_.push_back({Floats(layer.W.size()), Floats(layer.b.size())});
    }
  }

  void step() override {
    for (std::int64_t first = 0; first < batch_; first += chunk_rows) {
      net_.select(first);
      net_.forward();
      net_.output_delta();
      for (std::size_t l = net_.layers().size(); l-- > 0;) {
        if (l > 0) {
          net_.propagate(l);
        }
        differentiate(l, first == 0);
      }
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

  // Adds the chunk's δᵀ a⁻ and Σ_samples δ.
  void differentiate(std::size_t l, bool start) noexcept {
    const HandLayer& layer = net_.layers()[l];
    Gradient& gradient = gradients_[l];
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, layer.out, layer.in, net_.batch(), 1.0F, layer.delta.data(),
                layer.out, net_.input(l), layer.in, start ? 0.0F : 1.0F, gradient.W.data(), layer.in);
    if (start) {
      std::fill(gradient.b.begin(), gradient.b.end(), 0.0F);
    }
    net_.add_bias_gradient(layer, 1.0F, gradient.b.data());
  }

  Backprop net_;
  std::int64_t batch_;
  std::vector<Gradient> gradients_;
};

}  // namespace

bool can_chunk(std::int64_t batch) {
  return batch > chunk_rows && batch % chunk_rows == 0;
}

std::unique_ptr<Contender> by_hand_chunked(const Workload& workload) {
  return std::make_unique<ByHandChunked>(workload);
}

}  // namespace bench::mlp_step
