#include <cblas.h>

#include "workload.hpp"

namespace bench::mlp_step {

namespace {

// On fixed arrays of the right sizes: z = a Wᵀ, δ⁻ = δ W, and W ← W + α δᵀ a with an α that changes nothing.
class Products final : public Contender {
 public:
  explicit Products(const Workload& workload) : batch_{static_cast<int>(workload.batch)} {
    openblas_set_num_threads(1);
    for (const LayerValues& values : workload.layers) {
      const auto in = static_cast<std::size_t>(values.in * workload.batch);
      const auto out = static_cast<std::size_t>(values.out * workload.batch);
      layers_.push_back({static_cast<int>(values.in), static_cast<int>(values.out), values.W, Floats(in, 0.5F),
                         Floats(out), Floats(out, 1e-3F), Floats(in)});
    }
  }

  void step() override {
    for (Layer& layer : layers_) {
      if (batch_ == 1) {
        cblas_sgemv(CblasRowMajor, CblasNoTrans, layer.out, layer.in, 1.0F, layer.W.data(), layer.in, layer.a.data(), 1,
                    0.0F, layer.z.data(), 1);
      } else {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch_, layer.out, layer.in, 1.0F, layer.a.data(),
                    layer.in, layer.W.data(), layer.in, 0.0F, layer.z.data(), layer.out);
      }
    }
    for (std::size_t l = layers_.size(); l-- > 0;) {
      if (l > 0) {
        propagate(layers_[l]);
      }
      update(layers_[l]);
    }
  }

  [[nodiscard]] double loss() const override { return 0; }
  [[nodiscard]] std::vector<Floats> parameters() const override { return {}; }

 private:
  struct Layer {
    int in;
    int out;
    Floats W;
    Floats a;
    Floats z;
    Floats delta;
    Floats delta_below;
  };

  void propagate(Layer& layer) const noexcept {
    if (batch_ == 1) {
      cblas_sgemv(CblasRowMajor, CblasTrans, layer.out, layer.in, 1.0F, layer.W.data(), layer.in, layer.delta.data(), 1,
                  0.0F, layer.delta_below.data(), 1);
    } else {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch_, layer.in, layer.out, 1.0F, layer.delta.data(),
                  layer.out, layer.W.data(), layer.in, 0.0F, layer.delta_below.data(), layer.in);
    }
  }

  void update(Layer& layer) const noexcept {
    if (batch_ == 1) {
      cblas_sger(CblasRowMajor, layer.out, layer.in, -1e-9F, layer.delta.data(), 1, layer.a.data(), 1, layer.W.data(),
                 layer.in);
    } else {
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, layer.out, layer.in, batch_, -1e-9F, layer.delta.data(),
                  layer.out, layer.a.data(), layer.in, 1.0F, layer.W.data(), layer.in);
    }
  }

  int batch_;
  std::vector<Layer> layers_;
};

}  // namespace

std::unique_ptr<Contender> products(const Workload& workload) {
  return std::make_unique<Products>(workload);
}

}  // namespace bench::mlp_step
