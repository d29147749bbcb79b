#include "workload.hpp"

#include <cmath>
#include <random>

namespace bench::mlp_step {

Workload make_workload(const std::vector<std::int64_t>& widths, std::int64_t batch) {
  std::mt19937 random{7};
  Workload workload;
  workload.batch = batch;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    LayerValues layer;
    layer.in = widths[l];
    layer.out = widths[l + 1];
    const float limit = std::sqrt(6.0F / static_cast<float>(layer.in + layer.out));
    std::uniform_real_distribution<float> glorot{-limit, limit};
    layer.W.resize(static_cast<std::size_t>(layer.in * layer.out));
    for (float& w : layer.W) {
      w = glorot(random);
    }
    layer.b.assign(static_cast<std::size_t>(layer.out), 0.0F);
    workload.layers.push_back(std::move(layer));
  }
  std::uniform_real_distribution<float> pixel{0.0F, 1.0F};
  workload.x.resize(static_cast<std::size_t>(batch * widths.front()));
  for (float& value : workload.x) {
    value = pixel(random);
  }
  const auto classes = static_cast<std::size_t>(widths.back());
  workload.y.assign(static_cast<std::size_t>(batch) * classes, 0.0F);
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch); ++i) {
    if (classes == 1) {
      workload.y[i] = static_cast<float>(random() % 2);
    } else {
      workload.y[i * classes + random() % classes] = 1.0F;
    }
  }
  return workload;
}

}  // namespace bench::mlp_step
