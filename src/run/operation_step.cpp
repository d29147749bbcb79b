#include "run/operation_step.hpp"

#include <algorithm>
#include <iterator>

namespace xgrad::run {

std::size_t workspace_bytes(const Operation& operation, const std::vector<Operand>& inputs, const Operand& output) {
  const WorkspaceOperation* with_workspace = operation.workspace_operation();
  if (with_workspace == nullptr) {
    return 0;
  }
  std::vector<Signature> signatures;
  std::transform(inputs.begin(), inputs.end(), std::back_inserter(signatures), [](const Operand& input) {
    return Signature{input.shape, input.dtype};
  });
  return with_workspace->workspace_bytes(signatures, {output.shape, output.dtype});
}

OperationStep::OperationStep(std::shared_ptr<const Operation> operation, const std::vector<Operand>& inputs,
                             const Operand& output, Slot scratch)
    : operation_{std::move(operation)},
      output_slot_{output.slot},
      output_{.data = nullptr, .shape = output.shape, .dtype = output.dtype},
      scratch_{scratch},
      workspace_bytes_{run::workspace_bytes(*operation_, inputs, output)} {
  for (const Operand& input : inputs) {
    starts_.push_back({input.slot, input.offset_bytes()});
    inputs_.push_back({.data = nullptr, .shape = input.shape, .dtype = input.dtype});
  }
}

void OperationStep::run(void* const* slots) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    inputs_[i].data = static_cast<const std::byte*>(slots[starts_[i].slot]) + starts_[i].bytes;
  }
  output_.data = slots[output_slot_];
  if (const WorkspaceOperation* with_workspace = operation_->workspace_operation()) {
    with_workspace->evaluate_in(
        {static_cast<std::byte*>(workspace_bytes_ == 0 ? nullptr : slots[scratch_]), workspace_bytes_}, inputs_,
        output_);
  } else {
    operation_->evaluate(inputs_, output_);
  }
}

std::string OperationStep::describe() const {
  return std::string{operation_->name()};
}

}  // namespace xgrad::run
