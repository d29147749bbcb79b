#pragma once

#include "../support/training.hpp"

/// Normalisation layers in training: y, and for a cotangent g of it the gradients of x, weight and bias; batch norms
/// keep running statistics. float32, one thread.
namespace bench::normalization {

using training::Contender;
using training::Doubles;

enum class Kind : std::uint8_t { batch, layer, group, rms };
constexpr std::int64_t groups = 8;

/// inputs: g, of x's shape. Parameters: x, weight and, but for rms, bias. The loss is Σ y ⊙ g, which nobody computes
/// while it is timed.
struct Workload : training::Workload {
  Kind kind = Kind::batch;
};
[[nodiscard]] Workload make_workload(Kind kind, const std::vector<std::int64_t>& shape);
[[nodiscard]] double reference_loss(const Workload& workload, const std::vector<Doubles>& parameters);
/// Σ y ⊙ g.
[[nodiscard]] double weighted(const Floats& y, const Workload& workload);

/// A contender trains nothing, so it has no use for a rate.
[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate);

}  // namespace bench::normalization
