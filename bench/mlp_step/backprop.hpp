#pragma once

#include <algorithm>
#include <cblas.h>
#include <cstdint>
#include <vector>

#include "../support/vector_math.hpp"
#include "workload.hpp"

/// What the hand-written contenders do alike: forward, loss and deltas. They differ in the update.
namespace bench::mlp_step {

struct HandLayer {
  int in = 0;
  int out = 0;
  Floats W;      // (out, in)
  Floats b;      // (out)
  Floats a;      // (batch, out): σ(a⁻ Wᵀ + b)
  Floats delta;  // (batch, out): ∂Loss/∂z
};

class Backprop {
 public:
  /// Works on `rows` samples at a time, a divisor of the batch.
  Backprop(const Workload& workload, std::int64_t rows)
      : batch_{static_cast<int>(rows)},
        rate_{workload.learning_rate},
        share_{1.0F / static_cast<float>(workload.batch)},
        x_{workload.x},
        y_{workload.y} {
    openblas_set_num_threads(1);
    for (const LayerValues& values : workload.layers) {
      const auto size = static_cast<std::size_t>(values.out * rows);
      layers_.push_back(
          {static_cast<int>(values.in), static_cast<int>(values.out), values.W, values.b, Floats(size), Floats(size)});
    }
  }

  /// The samples from `first` on are worked on next. From 0 on a new loss is added up.
  void select(std::ptrdiff_t first) noexcept {
    first_ = first;
    loss_ = first == 0 ? 0 : loss_;
  }

  void forward() noexcept {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      HandLayer& layer = layers_[l];
      if (batch_ == 1) {
        std::copy(layer.b.begin(), layer.b.end(), layer.a.begin());
        cblas_sgemv(CblasRowMajor, CblasNoTrans, layer.out, layer.in, 1.0F, layer.W.data(), layer.in, input(l), 1, 1.0F,
                    layer.a.data(), 1);
      } else {
        for (int i = 0; i < batch_; ++i) {
          std::copy(layer.b.begin(), layer.b.end(), layer.a.begin() + std::ptrdiff_t{i} * layer.out);
        }
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch_, layer.out, layer.in, 1.0F, input(l), layer.in,
                    layer.W.data(), layer.in, 1.0F, layer.a.data(), layer.out);
      }
      float* a = layer.a.data();
      const std::size_t size = layer.a.size();
      for (std::size_t i = 0; i < size; ++i) {
        a[i] = vector_sigmoid(a[i]);
      }
    }
  }

  /// Adds to the loss; δ of the last layer: (a − y) ⊙ a ⊙ (1 − a) / batch.
  void output_delta() noexcept {
    HandLayer& layer = layers_.back();
    const std::size_t size = layer.a.size();
    const float* a = layer.a.data();
    const float* y = y_.data() + first_ * layer.out;
    float* delta = layer.delta.data();
    for (std::size_t i = 0; i < size; ++i) {
      delta[i] = a[i] - y[i];
    }
    loss_ += 0.5F * share_ * cblas_sdot(static_cast<int>(size), delta, 1, delta, 1);
    for (std::size_t i = 0; i < size; ++i) {
      delta[i] *= share_ * a[i] * (1.0F - a[i]);
    }
  }

  /// δ of layer l − 1 from that of layer l: (δ W) ⊙ a ⊙ (1 − a).
  void propagate(std::size_t l) noexcept {
    const HandLayer& layer = layers_[l];
    HandLayer& below = layers_[l - 1];
    if (batch_ == 1) {
      cblas_sgemv(CblasRowMajor, CblasTrans, layer.out, layer.in, 1.0F, layer.W.data(), layer.in, layer.delta.data(), 1,
                  0.0F, below.delta.data(), 1);
    } else {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch_, layer.in, layer.out, 1.0F, layer.delta.data(),
                  layer.out, layer.W.data(), layer.in, 0.0F, below.delta.data(), layer.in);
    }
    const std::size_t size = below.a.size();
    const float* a = below.a.data();
    float* delta = below.delta.data();
    for (std::size_t i = 0; i < size; ++i) {
      delta[i] *= a[i] * (1.0F - a[i]);
    }
  }

  /// to[j] ← to[j] + scale Σ_samples δ[j].
  void add_bias_gradient(const HandLayer& layer, float scale, float* to) const noexcept {
    const float* delta = layer.delta.data();
    for (int i = 0; i < batch_; ++i, delta += layer.out) {
      for (int j = 0; j < layer.out; ++j) {
        to[j] += scale * delta[j];
      }
    }
  }

  [[nodiscard]] const float* input(std::size_t l) const noexcept {
    return l == 0 ? x_.data() + first_ * layers_[0].in : layers_[l - 1].a.data();
  }
  [[nodiscard]] std::vector<HandLayer>& layers() noexcept { return layers_; }
  [[nodiscard]] int batch() const noexcept { return batch_; }
  [[nodiscard]] float rate() const noexcept { return rate_; }
  [[nodiscard]] double loss() const noexcept { return static_cast<double>(loss_); }
  [[nodiscard]] std::vector<Floats> parameters() const {
    std::vector<Floats> result;
    for (const HandLayer& layer : layers_) {
      result.push_back(layer.W);
      result.push_back(layer.b);
    }
    return result;
  }

 private:
  int batch_;
  float rate_;
  float share_;
  float loss_ = 0;
  std::ptrdiff_t first_ = 0;
  Floats x_;
  Floats y_;
  std::vector<HandLayer> layers_;
};

}  // namespace bench::mlp_step
