#pragma once

#include <span>
#include <string>
#include <vector>

#include "xgrad/tensor.hpp"

namespace xgrad::check {

/// A tensor behind a loss whose gradients are compared. The manual one is undefined if there is none.
struct ComparedTensor {
  std::string name;
  Tensor x;
  Tensor manual;
};

[[nodiscard]] std::vector<Tensor> tensors_of(std::span<const ComparedTensor> given);

}  // namespace xgrad::check
