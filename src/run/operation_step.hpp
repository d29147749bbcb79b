#pragma once

#include <memory>
#include <vector>

#include "xgrad/operation.hpp"

#include "run/plan.hpp"

namespace xgrad::run {

/// An operation by its own kernel.
class OperationStep final : public PlanStep {
 public:
  OperationStep(std::shared_ptr<const Operation> operation, const std::vector<Operand>& inputs, const Operand& output);

  void run(void* const* slots) override;
  [[nodiscard]] std::string describe() const override;

 private:
  std::shared_ptr<const Operation> operation_;
  std::vector<Slot> input_slots_;
  std::vector<ConstArray> inputs_;
  Slot output_slot_;
  Array output_;
};

}  // namespace xgrad::run
