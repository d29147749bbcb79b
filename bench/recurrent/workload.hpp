#pragma once

#include "../support/training.hpp"

/// A training step of a recurrent layer, an LSTM or a GRU, over N sequences of T steps, with as many features as hidden
/// units: all outputs, the loss ½ mean (y − t)², backward, SGD. float32, one thread.
namespace bench::recurrent {

using training::Contender;
using training::Doubles;

enum class Kind : std::uint8_t { lstm, gru };

/// inputs: x and t, (N, T, hidden). Parameters: weight_ih, weight_hh, bias_ih, bias_hh, gates i f g o or r z n.
struct Workload : training::Workload {
  Kind kind = Kind::lstm;
  std::int64_t batch = 0;
  std::int64_t steps = 0;
  std::int64_t hidden = 0;
};
[[nodiscard]] Workload make_workload(Kind kind, std::int64_t batch, std::int64_t steps, std::int64_t hidden);
[[nodiscard]] double reference_loss(const Workload& workload, const std::vector<Doubles>& parameters);

[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate);

}  // namespace bench::recurrent
