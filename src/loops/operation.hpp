#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "xgrad/operation.hpp"

#include "loops/body.hpp"
#include "loops/runner.hpp"

namespace xgrad::loops {

/// A loop: its inputs are the first carries, the sequences, and what is captured.
struct Loop {
  std::shared_ptr<const Body> body;
  std::int64_t steps = 0;
  bool reverse = false;
};

/// The parts of a loop's result.
struct Results {
  std::vector<Tensor> last_carry;
  std::vector<Tensor> carries;  ///< (T, …), after every step; empty unless they are kept
  std::vector<Tensor> outputs;  ///< (T, …)
  std::vector<Tensor> sums;
};

/// The loop as one node, and its result in parts. `keeps_carries`: of all steps, for a derivative.
[[nodiscard]] Results applied(const Loop& loop, std::span<const Tensor> inputs, bool keeps_carries);

/// The loop that an operation is; null for any other.
[[nodiscard]] const Loop* loop_of(const Operation& operation);
/// What the result of a loop holds.
[[nodiscard]] const std::vector<Part>& parts_of(const Operation& loop);

}  // namespace xgrad::loops
