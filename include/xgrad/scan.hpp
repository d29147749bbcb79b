#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Loops as one operation.
namespace xgrad {

/// What one step of a loop gives.
struct ScanStep {
  std::vector<Tensor> carry;    ///< for the next step: as many, of the same shapes and dtypes
  std::vector<Tensor> outputs;  ///< kept of every step
};

/// One step: from what is carried and from the step's part of every sequence. Called once, to be traced: its tensors
/// have no values yet. What it captures is differentiated like what it is given. It may not set Parameters or States,
/// and so may not draw random numbers: draw them before the loop, and pass them as a sequence.
using ScanFunction = std::function<ScanStep(const std::vector<Tensor>& carry, const std::vector<Tensor>& xs)>;

struct ScanOptions {
  bool reverse = false;  ///< from the last element of the sequences to the first; outputs stand where their inputs do
  std::optional<std::int64_t> length = std::nullopt;  ///< of a loop without sequences
};

struct Scanned {
  std::vector<Tensor> carry;    ///< after the last step
  std::vector<Tensor> outputs;  ///< of all steps, along a new first axis
};

/// (c, y₀), (c, y₁), … = f(c, x₀), f(c, x₁), …: the loop over the first axis of the sequences `xs` as one operation.
/// Its step is planned once, whatever the length is; its derivative is such a loop, backwards, so that it has
/// derivatives of any order, forward too; it nests, and compiles.
///
/// If something that is differentiated goes in, the carries of all steps are kept, and nothing else: the derivative
/// computes a step's other values again. The gradient of what f captures is summed as the loop runs.
///
/// Carries and outputs are float32 or all float64; sequences may be anything. Throws ShapeError or DTypeError if a
/// carry goes out otherwise than it came in or sequences differ in length, ValueError for undefined tensors and for
/// what f may not do.
[[nodiscard]] XGRAD_API Scanned scan(const ScanFunction& f, const std::vector<Tensor>& carry,
                                     const std::vector<Tensor>& xs, const ScanOptions& options = {});

/// The same with one carry, one sequence and one output: f gives the next carry and the output.
[[nodiscard]] XGRAD_API std::pair<Tensor, Tensor> scan(
    const std::function<std::pair<Tensor, Tensor>(const Tensor& carry, const Tensor& x)>& f, const Tensor& carry,
    const Tensor& xs, const ScanOptions& options = {});

}  // namespace xgrad
