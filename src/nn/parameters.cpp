#include "xgrad/nn/parameters.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/scope.hpp"

namespace xgrad::nn::detail {

void require_constant(const std::string& name, const Tensor& tensor) {
  if (tensor.defined() && tensor.has_history() && nodes(tensor).size() == 1) {
    throw ValueError(fmt::format(
        "[parameters] the tensor '{}' {} is a variable or a Parameter's value: no optimiser would find it; hold an "
        "xgrad::Parameter, or detach() a constant",
        name, to_string(tensor.shape())));
  }
}

void throw_states_unknown(const std::string& prefix, std::string_view type) {
  throw ValueError(fmt::format(
      "[states] '{}' {} has parameters() of its own, and doesn't say what states it holds: give it states(), "
      "replace_states() and set_mode(), or declare that it holds neither State nor Mode by nn::holds_no_states",
      prefix, type));
}

}  // namespace xgrad::nn::detail
