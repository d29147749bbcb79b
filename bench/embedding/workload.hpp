#pragma once

#include "../support/training.hpp"

/// A training step of an embedding: rows of a table, ½ mean (rows − t)², the gradient, SGD. float32, one thread.
namespace bench::embedding {

using training::Contender;
using training::Doubles;
/// indices: rows that are taken; inputs: t (indices, width). Parameters: the table.
using training::Workload;

[[nodiscard]] Workload make_workload(std::int64_t rows, std::int64_t width, std::size_t taken);
[[nodiscard]] double reference_loss(const Workload& workload, const std::vector<Doubles>& parameters);

[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload, double rate);
/// With sparse gradients, which it has for those who ask for them.
[[nodiscard]] std::unique_ptr<Contender> libtorch_sparse(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload, double rate);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload, double rate);

}  // namespace bench::embedding
