// Which operations are the derivative of another
#include "ops/activations/activation.hpp"

namespace xgrad::ops {

OperationPointer antiderivative(const Operation& operation) {
  const auto* derivative = dynamic_cast<const Derivative*>(&operation);
  return derivative == nullptr ? nullptr : derivative->antiderivative();
}

}  // namespace xgrad::ops
