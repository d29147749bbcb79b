#include <Eigen/Core>
#include <type_traits>

#include "workload.hpp"

namespace bench::mlp_step {

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Row = Eigen::RowVectorXf;

/// A batch is a matrix with a sample a row. A batch of one is a row vector, so that products with it are Eigen's
/// matrix-vector kernels.
template <class Batch>
class EigenStep final : public Contender {
 public:
  explicit EigenStep(const Workload& workload)
      : x_{Eigen::Map<const Batch>(workload.x.data(), workload.batch, workload.layers.front().in)},
        y_{Eigen::Map<const Batch>(workload.y.data(), workload.batch, workload.layers.back().out)},
        rate_{workload.learning_rate},
        share_{1.0F / static_cast<float>(workload.batch)} {
    for (const LayerValues& values : workload.layers) {
      layers_.push_back({Eigen::Map<const Matrix>(values.W.data(), values.out, values.in),
                         Eigen::Map<const Row>(values.b.data(), values.out), Batch(workload.batch, values.out),
                         Batch(workload.batch, values.out)});
    }
  }

  void step() override {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      Layer& layer = layers_[l];
      layer.a.noalias() = input(l) * layer.W.transpose();
      if constexpr (std::is_same_v<Batch, Row>) {
        layer.a = (layer.a + layer.b).array().logistic();
      } else {
        layer.a = (layer.a.rowwise() + layer.b).array().logistic();
      }
    }
    Layer& last = layers_.back();
    last.delta = last.a - y_;
    loss_ = 0.5F * share_ * last.delta.squaredNorm();
    last.delta.array() *= share_ * last.a.array() * (1.0F - last.a.array());
    for (std::size_t l = layers_.size(); l-- > 0;) {
      Layer& layer = layers_[l];
      if (l > 0) {
        Layer& below = layers_[l - 1];
        below.delta.noalias() = layer.delta * layer.W;
        below.delta.array() *= below.a.array() * (1.0F - below.a.array());
      }
      if constexpr (std::is_same_v<Batch, Row>) {
        layer.W.noalias() -= (rate_ * layer.delta).transpose() * input(l);
        layer.b -= rate_ * layer.delta;
      } else {
        layer.W.noalias() -= rate_ * layer.delta.transpose() * input(l);
        layer.b -= rate_ * layer.delta.colwise().sum();
      }
    }
  }

  [[nodiscard]] double loss() const override { return static_cast<double>(loss_); }
  [[nodiscard]] std::vector<Floats> parameters() const override {
    std::vector<Floats> result;
    for (const Layer& layer : layers_) {
      result.emplace_back(layer.W.data(), layer.W.data() + layer.W.size());
      result.emplace_back(layer.b.data(), layer.b.data() + layer.b.size());
    }
    return result;
  }

 private:
  struct Layer {
    Matrix W;     // (out, in)
    Row b;        // (out)
    Batch a;      // (batch, out): σ(a⁻ Wᵀ + b)
    Batch delta;  // (batch, out): ∂Loss/∂z
  };

  [[nodiscard]] const Batch& input(std::size_t l) const { return l == 0 ? x_ : layers_[l - 1].a; }

  std::vector<Layer> layers_;
  Batch x_;
  Batch y_;
  float rate_;
  float share_;
  float loss_ = 0;
};

}  // namespace

std::unique_ptr<Contender> eigen(const Workload& workload) {
  if (workload.batch == 1) {
    return std::make_unique<EigenStep<Row>>(workload);
  }
  return std::make_unique<EigenStep<Matrix>>(workload);
}

}  // namespace bench::mlp_step
