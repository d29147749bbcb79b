#include "../support/plain.hpp"
#include "workload.hpp"

namespace bench::residual_block {

Workload make_workload(std::int64_t images, std::int64_t channels, std::int64_t side) {
  Workload result{{}, images, channels, side};
  const std::vector<std::int64_t> shape{images, channels, side, side};
  result.parameters = {training::uniform(shape, 1, 1),
                       training::uniform({channels, channels, 3, 3}, 0.1, 2),
                       training::uniform({channels}, 0.5, 3, 1),
                       training::uniform({channels}, 0.5, 4),
                       training::uniform({channels, channels, 3, 3}, 0.1, 5),
                       training::uniform({channels}, 0.5, 6, 1),
                       training::uniform({channels}, 0.5, 7)};
  result.inputs = {training::uniform(shape, 1, 8)};
  return result;
}

double reference_loss(const Workload& workload, const std::vector<Doubles>& p) {
  const auto images = static_cast<std::size_t>(workload.images);
  const auto channels = static_cast<std::size_t>(workload.channels);
  const auto side = static_cast<std::size_t>(workload.side);
  const auto channel = [&](std::size_t i) { return i / (side * side) % channels; };
  const auto convolved = [&](const Doubles& x, std::size_t first) {
    Doubles y = plain::convolution({images, channels, side, channels, 3, 1}, x, p[first], {});
    y = plain::normalized(y, channels, 1e-5, channel);
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = y[i] * p[first + 1][channel(i)] + p[first + 2][channel(i)];
    }
    return y;
  };
  Doubles a = convolved(p[0], 1);
  plain::rectify(a);
  a = convolved(a, 4);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] += p[0][i];
  }
  plain::rectify(a);
  return plain::half_mean_square(a, workload.inputs[0].values);
}

}  // namespace bench::residual_block
