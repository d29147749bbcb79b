#include "optim/rules.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

namespace xgrad::optim {

void require_in(std::string_view optimizer, std::string_view option, double value, double low, double high) {
  if (!(value >= low && value < high)) {
    throw ValueError(fmt::format("[{}] {} {} lies outside [{}, {})", optimizer, option, value, low, high));
  }
}

Tensor with_decay(const Tensor& gradient, const Tensor& value, double weight_decay) {
  return weight_decay == 0 ? gradient : gradient + value * weight_decay;
}

}  // namespace xgrad::optim
