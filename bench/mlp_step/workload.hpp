#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../support/floats.hpp"

/// One training step of a fully connected sigmoid network: forward, quadratic loss (½ Σ (a − y)², mean over the batch),
/// backward, W ← W − η ∂Loss/∂W. float32, one thread. All contenders start from the same weights and data.
namespace bench::mlp_step {

struct LayerValues {
  std::int64_t in = 0;
  std::int64_t out = 0;
  Floats W;  ///< (out, in)
  Floats b;  ///< (out)
};

struct Workload {
  std::vector<LayerValues> layers;
  std::int64_t batch = 0;
  float learning_rate = 0.5F;
  Floats x;  ///< (batch, in)
  Floats y;  ///< (batch, out), one-hot, or 0 and 1 for a single output
};

/// Glorot weights, zero biases, inputs in [0, 1]; the same for the same arguments.
[[nodiscard]] Workload make_workload(const std::vector<std::int64_t>& widths, std::int64_t batch);

/// Everything that a step needs, allocated beforehand.
class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  virtual void step() = 0;
  /// The loss that the last step started from.
  [[nodiscard]] virtual double loss() const = 0;
  /// W and b of each layer in turn.
  [[nodiscard]] virtual std::vector<Floats> parameters() const = 0;
};

/// BLAS products, one fused loop for bias and sigmoid, gradients in buffers of their own, then saxpy.
[[nodiscard]] std::unique_ptr<Contender> by_hand(const Workload& workload);
/// The same, with −η ∂Loss/∂W added to W by the product itself.
[[nodiscard]] std::unique_ptr<Contender> by_hand_folded(const Workload& workload);
/// by_hand on 32 samples after the other, gradients added up. For batches where can_chunk().
[[nodiscard]] std::unique_ptr<Contender> by_hand_chunked(const Workload& workload);
[[nodiscard]] bool can_chunk(std::int64_t batch);
/// The matrix products alone: no step, nothing to check.
[[nodiscard]] std::unique_ptr<Contender> products(const Workload& workload);
/// Define-by-run: a graph is built, differentiated and evaluated in every step. A batch of one is a vector.
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload);
/// The same with a batch of one as a matrix of one row, as data::batches hands it out.
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager_rows(const Workload& workload);
/// Network, loss and update in one compiled function, whose result is read in every step.
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled_rows(const Workload& workload);
/// The same with two threads for as long as it lives.
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled_2_threads(const Workload& workload);
/// Matrices mapped and multiplied by Eigen, each expression in one pass; a batch of one is vectors.
[[nodiscard]] std::unique_ptr<Contender> eigen(const Workload& workload);
/// torch::nn::Sequential of Linear and Sigmoid, with torch::optim::SGD.
[[nodiscard]] std::unique_ptr<Contender> libtorch_nn(const Workload& workload);
/// Tensors without modules or optimiser: torch::autograd::grad, and the update in place.
[[nodiscard]] std::unique_ptr<Contender> libtorch_raw(const Workload& workload);

/// What is wrong with the contender's first step, by a plain float64 computation; empty if nothing is.
[[nodiscard]] std::string check_step(const Workload& workload, Contender& contender);

}  // namespace bench::mlp_step
