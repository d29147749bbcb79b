#include "check/verdict/given.hpp"

#include <algorithm>

namespace xgrad::check {

std::vector<Tensor> tensors_of(std::span<const Given> given) {
  std::vector<Tensor> tensors(given.size());
  std::transform(given.begin(), given.end(), tensors.begin(), [](const Given& each) { return each.x; });
  return tensors;
}

}  // namespace xgrad::check
