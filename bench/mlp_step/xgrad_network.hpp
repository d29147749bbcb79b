#pragma once

#include <cstdint>
#include <vector>

#include "../support/xgrad.hpp"
#include "workload.hpp"

/// The workload as a user of xgrad writes it; what is common to its contenders.
namespace bench::mlp_step {

class XgradNetwork {
 public:
  /// With `rows` x and y are matrices; without, which is for a batch of one, vectors.
  XgradNetwork(const Workload& workload, bool rows)
      : x{xgrad_tensor(workload.x, shape_of(workload.layers.front().in, workload.batch, rows))},
        y{xgrad_tensor(workload.y, shape_of(workload.layers.back().out, workload.batch, rows))} {
    for (const LayerValues& layer : workload.layers) {
      net.add(xgrad::nn::Dense{xgrad_tensor(layer.W, {layer.out, layer.in}), xgrad_tensor(layer.b, {layer.out})});
      net.add(xgrad::nn::Sigmoid{});
    }
  }

  [[nodiscard]] std::vector<Floats> parameters() const {
    std::vector<Floats> result;
    for (const auto& named : net.parameters()) {
      result.push_back(floats_of(named.parameter.value()));
    }
    return result;
  }

  xgrad::nn::Sequential net;
  xgrad::nn::QuadraticLoss objective;
  xgrad::Tensor x;
  xgrad::Tensor y;

 private:
  static xgrad::Shape shape_of(std::int64_t features, std::int64_t batch, bool rows) {
    return rows ? xgrad::Shape{batch, features} : xgrad::Shape{features};
  }
};

}  // namespace bench::mlp_step
