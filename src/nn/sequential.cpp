#include "xgrad/nn/sequential.hpp"

#include <fmt/format.h>
#include <string>

#include "xgrad/scope.hpp"

namespace xgrad::nn {

Layer::Model::~Model() = default;

template Layer::Layer(Dense);
template Layer::Layer(Sigmoid);
template Layer::Layer(Tanh);
template Layer::Layer(ReLU);
template Layer::Layer(Softmax);

Tensor Sequential::operator()(const Tensor& x) const {
  Tensor value = x;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Scope scope{std::to_string(i), Scope::Role::layer};
    value = layers_[i](value);
  }
  return value;
}

std::vector<NamedParameter> Sequential::parameters() const {
  std::vector<NamedParameter> result;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    for (NamedParameter named : layers_[i].parameters()) {
      named.name = fmt::format("{}.{}", i, named.name);
      result.push_back(std::move(named));
    }
  }
  return result;
}

void Sequential::replace_parameters(const ReplaceParameter& replacement) {
  for (Layer& layer : layers_) {
    layer.replace_parameters(replacement);
  }
}

}  // namespace xgrad::nn
