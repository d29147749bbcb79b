#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/wrong_networks.hpp"
#include "support/wrong_passes.hpp"

/// The second catalogue of wrong passes: recurrence, attention, shared weights and losses. As that of wrong_passes.hpp,
/// each backward pass is written out by hand, on tensors, and knows nothing of derive() or of gradients().
namespace xgrad::test {

struct Family {
  std::string name;
  std::vector<Subject> subjects;
};

/// Written out and as a loop.
[[nodiscard]] const Family& recurrent_family();
/// Softmax, masks, heads, positions, transformer blocks, embeddings that are the output layer's weights, too.
[[nodiscard]] const Family& attention_family();
/// Weighted, smoothed, with an ignored index, of margins and of pairs, and the reparametrisation of a VAE.
[[nodiscard]] const Family& loss_family();

}  // namespace xgrad::test
