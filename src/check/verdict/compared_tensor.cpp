#include "check/verdict/compared_tensor.hpp"

#include <algorithm>

namespace xgrad::check {

std::vector<Tensor> tensors_of(std::span<const ComparedTensor> given) {
  std::vector<Tensor> tensors(given.size());
  std::transform(given.begin(), given.end(), tensors.begin(), [](const ComparedTensor& each) { return each.x; });
  return tensors;
}

}  // namespace xgrad::check
