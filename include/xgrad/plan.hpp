#pragma once

#include <span>
#include <string>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// How pending tensors are computed: as a plan, made once per structure of graph and then kept.
namespace xgrad {

/// What is done to a graph before it runs. Results with and without agree to rounding.
struct PlanOptions {
  bool simplify = true;  ///< common subexpressions, exact algebra, stable forms
  bool fuse = true;      ///< element-wise chains in one pass, updates added by the product, memory of an arena
  /// Whether forms of matrix products that round differently are timed, once per process, to pick the fastest. Without,
  /// two processes on one machine give the same bits.
  bool measure_products = true;

  friend bool operator==(const PlanOptions&, const PlanOptions&) = default;
};

/// While it lives, what is evaluated on this thread is planned with these options. Without one, the environment
/// variable XGRAD_OPTIMIZE=0, read once, turns both off.
/// @throws ValueError if XGRAD_OPTIMIZE, XGRAD_PRODUCTS or XGRAD_ISA is set to a value that isn't known
class XGRAD_API PlanScope {
 public:
  explicit PlanScope(const PlanOptions& options);
  PlanScope(const PlanScope&) = delete;
  PlanScope& operator=(const PlanScope&) = delete;
  ~PlanScope();

 private:
  PlanOptions previous_;
};

/// The options in force on this thread.
/// @throws ValueError as PlanScope does
[[nodiscard]] XGRAD_API PlanOptions plan_options();

/// The plan that evaluating these tensors would run: its steps, what is fused, bytes and peak. Computes nothing.
[[nodiscard]] XGRAD_API std::string describe_plan(std::span<const Tensor> tensors);
[[nodiscard]] XGRAD_API std::string describe_plan(const Tensor& tensor);

}  // namespace xgrad
