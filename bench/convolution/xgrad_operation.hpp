#pragma once

#include "../support/xgrad.hpp"
#include "workload.hpp"

namespace bench::convolution {

inline xgrad::ConvOptions options_of(const Layer& layer) {
  return {.stride = layer.stride, .padding = layer.padding, .groups = layer.groups};
}
inline xgrad::Tensor x_of(const Workload& workload) {
  const Layer& l = workload.layer;
  return xgrad_tensor(workload.x, {l.batch, l.in, l.size, l.size});
}
inline xgrad::Tensor w_of(const Workload& workload) {
  const Layer& l = workload.layer;
  return xgrad_tensor(workload.w, {l.out, l.in / l.groups, l.kernel, l.kernel});
}
inline xgrad::Tensor g_of(const Workload& workload) {
  const Layer& l = workload.layer;
  return xgrad_tensor(workload.g, {l.batch, l.out, l.result_size(), l.result_size()});
}

struct XgradLeNet {
  explicit XgradLeNet(const LeNetWorkload& workload)
      : x{xgrad_tensor(workload.x, {workload.batch, 1, 28, 28})}, y{xgrad_tensor(workload.y, {workload.batch, 10})} {
    for (std::size_t i = 0; i < workload.parameters.size(); ++i) {
      const xgrad::Shape shape{std::span<const std::int64_t>{lenet_shapes()[i]}};
      const std::string name = "p" + std::to_string(i);
      parameters.push_back({name, xgrad::Parameter{xgrad_tensor(workload.parameters[i], shape), name}});
    }
  }

  [[nodiscard]] xgrad::Tensor loss(const xgrad::Tensor& input, const xgrad::Tensor& target) const {
    const xgrad::nn::Conv2d first{parameters[0].parameter, parameters[1].parameter, {.padding = 2}};
    const xgrad::nn::Conv2d second{parameters[2].parameter, parameters[3].parameter};
    xgrad::Tensor a = pooled(xgrad::relu(second(pooled(xgrad::relu(first(input))))));
    a = xgrad::reshape(a, {a.dim(0), -1});
    for (std::size_t i = 4; i < parameters.size(); i += 2) {
      a = xgrad::nn::Dense{parameters[i].parameter, parameters[i + 1].parameter}(a);
      a = i + 2 < parameters.size() ? xgrad::relu(a) : a;
    }
    return 0.5 * xgrad::sum(xgrad::square(a - target));
  }

  xgrad::Tensor x;
  xgrad::Tensor y;
  std::vector<xgrad::NamedParameter> parameters;

 private:
  static xgrad::Tensor pooled(const xgrad::Tensor& a) {
    return xgrad::mean(xgrad::reshape(a, {a.dim(0), a.dim(1), a.dim(2) / 2, 2, a.dim(3) / 2, 2}), {3, 5});
  }
};

}  // namespace bench::convolution
