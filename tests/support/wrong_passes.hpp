#pragma once

#include <functional>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

/// Hand-derived backward passes, right ones and such with a known mistake. They are written out on tensors, formula by
/// formula, and know nothing of derive() or of gradients().
namespace xgrad::test {

/// A network with its data.
struct Example {
  std::string architecture;
  std::vector<NamedParameter> parameters;
  check::LossFunction loss;
  /// The gradients by hand; with the mistake of this name, or right if it is empty.
  std::function<std::vector<Tensor>(const std::string& mistake)> by_hand;
};

struct Planted {
  std::string mistake;   ///< as by_hand() knows it
  std::string expected;  ///< a part of what the diagnosis has to say
};

struct Subject {
  std::function<Example(std::uint64_t seed)> example;
  std::vector<Planted> mistakes;
};

/// Fully connected with each activation and loss, residual, tied, attention, layer normalisation, convolution,
/// recurrent.
[[nodiscard]] const std::vector<Subject>& subjects();

}  // namespace xgrad::test
