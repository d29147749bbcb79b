#include "xgrad/nn/backward.hpp"

#include <fmt/format.h>

namespace xgrad::nn {

const Tensor& LayerGradients::operator[](std::string_view parameter) const {
  std::string names;
  for (const NamedTensor& named : parameters) {
    if (named.name == parameter) {
      return named.tensor;
    }
    names += (names.empty() ? "" : ", ") + named.name;
  }
  throw ValueError(fmt::format("[backward] no parameter '{}'; there are: {}", parameter, names));
}

LayerGradients differentiate(const Tensor& output, std::span<const Tensor> inputs,
                             const std::vector<NamedParameter>& parameters, const Tensor& upstream) {
  std::vector<Tensor> xs{inputs.begin(), inputs.end()};
  for (const NamedParameter& named : parameters) {
    xs.push_back(named.parameter.value());
  }
  std::vector<Tensor> gradients =
      xgrad::gradients(output, xs, {.cotangent = upstream, .unconnected = Unconnected::zeros});
  LayerGradients result{output, {}, {}};
  const auto split = gradients.begin() + static_cast<std::ptrdiff_t>(inputs.size());
  result.inputs.assign(gradients.begin(), split);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    result.parameters.push_back({parameters[i].name, split[static_cast<std::ptrdiff_t>(i)]});
  }
  return result;
}

}  // namespace xgrad::nn
