#include "xgrad/nn/sequential.hpp"

#include <fmt/format.h>
#include <string>
#include <utility>

#include "xgrad/scope.hpp"

namespace xgrad::nn {

Layer::Model::~Model() = default;

template Layer::Layer(Dense);
template Layer::Layer(Sigmoid);
template Layer::Layer(Tanh);
template Layer::Layer(ReLU);
template Layer::Layer(Softmax);
template Layer::Layer(Dropout);
template Layer::Layer(BatchNorm);

Tensor Sequential::operator()(const Tensor& x) const {
  Tensor value = x;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Scope scope{std::to_string(i), Scope::Role::layer};
    value = layers_[i](value);
  }
  return value;
}

namespace {

template <class Named, class List>
std::vector<Named> listed(const std::vector<Layer>& layers, List list) {
  std::vector<Named> result;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (Named named : list(layers[i])) {
      named.name = fmt::format("{}.{}", i, named.name);
      result.push_back(std::move(named));
    }
  }
  return result;
}

}  // namespace

std::vector<NamedParameter> Sequential::parameters() const {
  return listed<NamedParameter>(layers_, [](const Layer& layer) { return layer.parameters(); });
}

std::vector<NamedState> Sequential::states() const {
  return listed<NamedState>(layers_, [](const Layer& layer) { return layer.states(); });
}

void Sequential::replace_parameters(const ReplaceParameter& replacement) {
  for (Layer& layer : layers_) {
    layer.replace_parameters(replacement);
  }
}

void Sequential::replace_states(const ReplaceState& replacement) {
  for (Layer& layer : layers_) {
    layer.replace_states(replacement);
  }
}

// An error leaves all layers as they were.
void Sequential::set_mode(Mode mode) {
  std::vector<Layer> changed = layers_;
  for (Layer& layer : changed) {
    layer.set_mode(mode);
  }
  layers_ = std::move(changed);
}

}  // namespace xgrad::nn
