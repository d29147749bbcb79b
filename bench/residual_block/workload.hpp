#pragma once

#include "../support/training.hpp"

/// A training step of a residual block (He et al., CVPR 2016): y = relu(x + norm(W₂ ⋆ relu(norm(W₁ ⋆ x)))) with 3 × 3
/// convolutions and batch norms, which keep running statistics; the loss ½ mean (y − t)², its gradient by weights and
/// x, and SGD of all of them. float32, one thread.
namespace bench::residual_block {

using training::Contender;
using training::Doubles;

/// inputs: t (images, channels, side, side). Parameters: x of that shape; a convolution's weight, a norm's weight and
/// bias, twice.
struct Workload : training::Workload {
  std::int64_t images = 0;
  std::int64_t channels = 0;
  std::int64_t side = 0;
};
[[nodiscard]] Workload make_workload(std::int64_t images, std::int64_t channels, std::int64_t side);
[[nodiscard]] double reference_loss(const Workload& workload, const std::vector<Doubles>& parameters);

[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate);

}  // namespace bench::residual_block
