#pragma once

#include "../support/training.hpp"

/// A training step of LeNet-5 (LeCun et al., Proc. IEEE 1998) with ReLU and max pooling: forward, the mean
/// cross-entropy, backward, SGD. float32, one thread.
namespace bench::lenet {

using training::Contender;
using training::Doubles;
/// inputs: x (N, 1, 28, 28); indices: classes. Parameters: weight and bias of each layer in turn.
using training::Workload;

[[nodiscard]] Workload make_workload(std::int64_t batch);
[[nodiscard]] double reference_loss(const Workload& workload, const std::vector<Doubles>& parameters);

[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate);

}  // namespace bench::lenet
