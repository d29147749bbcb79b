#include "run/operation_step.hpp"

namespace xgrad::run {

OperationStep::OperationStep(std::shared_ptr<const Operation> operation, const std::vector<Operand>& inputs,
                             const Operand& output)
    : operation_{std::move(operation)},
      output_slot_{output.slot},
      output_{.data = nullptr, .shape = output.shape, .dtype = output.dtype} {
  for (const Operand& input : inputs) {
    input_slots_.push_back(input.slot);
    inputs_.push_back({.data = nullptr, .shape = input.shape, .dtype = input.dtype});
  }
}

void OperationStep::run(void* const* slots) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    inputs_[i].data = slots[input_slots_[i]];
  }
  output_.data = slots[output_slot_];
  operation_->evaluate(inputs_, output_);
}

std::string OperationStep::describe() const {
  return std::string{operation_->name()};
}

}  // namespace xgrad::run
