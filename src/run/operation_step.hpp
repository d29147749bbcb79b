#pragma once

#include <memory>
#include <vector>

#include "xgrad/operation.hpp"

#include "run/plan.hpp"

namespace xgrad::run {

/// An operation by its own kernel.
class OperationStep final : public PlanStep {
 public:
  /// Inputs are contiguous, but may start anywhere in their slots. `scratch` is a slot with at least workspace_bytes()
  /// if the operation needs a workspace.
  OperationStep(std::shared_ptr<const Operation> operation, const std::vector<Operand>& inputs, const Operand& output,
                Slot scratch);

  void run(void* const* slots) override;
  [[nodiscard]] std::string describe() const override;

 private:
  struct Start {
    Slot slot;
    std::ptrdiff_t bytes;
  };

  std::shared_ptr<const Operation> operation_;
  std::vector<Start> starts_;
  std::vector<ConstArray> inputs_;
  Slot output_slot_;
  Array output_;
  Slot scratch_;
  std::size_t workspace_bytes_;
};

/// Of one call; 0 for an operation that needs none.
[[nodiscard]] std::size_t workspace_bytes(const Operation& operation, const std::vector<Operand>& inputs,
                                          const Operand& output);

}  // namespace xgrad::run
