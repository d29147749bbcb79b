#pragma once

#include <cstdint>
#include <vector>

#include "support/wrong_networks.hpp"

/// Networks of layers with their backward passes by hand, as wrong_networks.hpp: convolutions and pools by loops
/// (plain_taps.hpp), the rest on tensors.
namespace xgrad::test {

/// ½ Σ x², whose gradient is x.
[[nodiscard]] inline Tensor half_of_squares(const Tensor& x) {
  return 0.5 * sum(square(x));
}

/// What wrong_layer_passes.md lists.
[[nodiscard]] const std::vector<Subject>& layer_subjects();

[[nodiscard]] Example convolutions(std::uint64_t seed);
[[nodiscard]] Example grouped_convolution(std::uint64_t seed);
[[nodiscard]] Example transposed_convolution(std::uint64_t seed);
[[nodiscard]] Example reflected_convolution(std::uint64_t seed);

[[nodiscard]] Example max_pooling(std::uint64_t seed);
[[nodiscard]] Example overlapping_max_pooling(std::uint64_t seed);
[[nodiscard]] Example average_pooling(std::uint64_t seed);
[[nodiscard]] Example upsampling(std::uint64_t seed);
[[nodiscard]] Example pixel_shuffling(std::uint64_t seed);

[[nodiscard]] Example batch_norm(std::uint64_t seed);
[[nodiscard]] Example layer_norm_layer(std::uint64_t seed);
[[nodiscard]] Example group_norm(std::uint64_t seed);
[[nodiscard]] Example rms_norm(std::uint64_t seed);

[[nodiscard]] Example embedding(std::uint64_t seed);
[[nodiscard]] Example embedding_bag(std::uint64_t seed);

[[nodiscard]] Example linear_system(std::uint64_t seed);
[[nodiscard]] Example cholesky_factor(std::uint64_t seed);
[[nodiscard]] Example log_determinant(std::uint64_t seed);
[[nodiscard]] Example inverse_matrix(std::uint64_t seed);

/// Dense layers with activations between them.
[[nodiscard]] Example gelu_network(std::uint64_t seed);
[[nodiscard]] Example silu_network(std::uint64_t seed);
[[nodiscard]] Example elu_network(std::uint64_t seed);
[[nodiscard]] Example leaky_relu_network(std::uint64_t seed);
[[nodiscard]] Example prelu_network(std::uint64_t seed);
[[nodiscard]] Example glu_network(std::uint64_t seed);
[[nodiscard]] Example swiglu_network(std::uint64_t seed);

/// Convolution, batch norm, relu, max pool, convolution, mean over positions, dense, cross-entropy.
[[nodiscard]] Example small_network(std::uint64_t seed);

}  // namespace xgrad::test
