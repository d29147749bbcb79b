#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "xgrad/operation.hpp"

#include "memory/buffer.hpp"

namespace xgrad::run {

/// A value that exists before the program runs.
struct Input {
  const Shape* shape;
  DType dtype;
  memory::Buffer buffer;
};

/// One operation. Its result is the value of the same number as the step.
struct Step {
  const Operation* operation;
  const Shape* shape;
  DType dtype;
  bool keep;  ///< whether the caller wants the result
};

/// Steps in an order in which every operand comes before its use. Operations and shapes belong to the caller.
struct Program {
  std::vector<Step> steps;
  /// Operands of steps[i] are operands[first[i]] … operands[first[i+1]−1]: a step ≥ 0, or input −1 − operand.
  std::vector<std::uint32_t> first;
  std::vector<std::int32_t> operands;
  std::vector<Input> inputs;
};

/// Runs all steps. The result holds a buffer for every step with `keep`, empty ones for the others, which were released
/// after their last use. An exception of a kernel passes through.
[[nodiscard]] std::vector<memory::Buffer> execute(const Program& program);

}  // namespace xgrad::run
