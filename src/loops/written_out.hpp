#pragma once

#include <cstdint>

#include "xgrad/tensor.hpp"

namespace xgrad::loops {

struct WrittenOut {
  Tensor result;
  std::int64_t longest = 0;  ///< the steps of the longest loop that is still one, 0 if there is none
};

/// y with every loop of at most so many steps as the graph of its steps; inner loops, too. What no loop goes into is
/// the same node. A step's tensors have the names that they have in the loop.
[[nodiscard]] WrittenOut written_out(const Tensor& y, std::int64_t most_steps);

}  // namespace xgrad::loops
