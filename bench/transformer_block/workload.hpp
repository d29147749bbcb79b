#pragma once

#include "../support/training.hpp"

/// A training step of a transformer's block with norms before its parts (Xiong et al., ICML 2020), the feed-forward
/// part four times as wide, with GELU, without dropout:
///
///   h = x + attention(norm(x))      y = h + W₂ gelu(W₁ norm(h) + b₁) + b₂
///
/// The loss ½ mean (y − t)², its gradient by weights and x, and SGD of all of them. float32, one thread.
namespace bench::transformer_block {

using training::Contender;
using training::Doubles;

struct Sizes {
  std::int64_t batch = 0;
  std::int64_t steps = 0;
  std::int64_t width = 0;
  std::int64_t heads = 0;
  bool causal = false;  ///< whether a query sees only keys that aren't behind it
};
/// inputs: t (batch, steps, width). Parameters: x of that shape; weight (3 width, width) and bias of queries over keys
/// over values, weight and bias of what joins the heads; those of W₁, W₂, and of the two norms.
struct Workload : training::Workload {
  Sizes sizes;
};
[[nodiscard]] Workload make_workload(const Sizes& sizes);
[[nodiscard]] double reference_loss(const Workload& workload, const std::vector<Doubles>& parameters);

[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate);

}  // namespace bench::transformer_block
