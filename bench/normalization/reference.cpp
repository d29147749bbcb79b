#include <cmath>
#include <numeric>

#include "../support/plain.hpp"
#include "workload.hpp"

namespace bench::normalization {

namespace {

constexpr double epsilon = 1e-5;

std::size_t at(std::int64_t index) {
  return static_cast<std::size_t>(index);
}

Doubles by_root_mean_square(const Doubles& x, std::size_t width) {
  Doubles y(x.size());
  for (std::size_t row = 0; row < x.size(); row += width) {
    double squares = 0;
    for (std::size_t i = row; i < row + width; ++i) {
      squares += x[i] * x[i];
    }
    const double scale = 1 / std::sqrt(squares / static_cast<double>(width) + epsilon);
    for (std::size_t i = row; i < row + width; ++i) {
      y[i] = x[i] * scale;
    }
  }
  return y;
}

// x̂ of (N, C, H, W), or (rows, width).
Doubles normal(const Workload& workload, const Doubles& x) {
  const std::vector<std::int64_t>& shape = workload.parameters[0].shape;
  const std::size_t area = shape.size() == 4 ? at(shape[2] * shape[3]) : 1;
  const std::size_t channels = at(shape[1]);
  switch (workload.kind) {
    case Kind::batch:
      return plain::normalized(x, channels, epsilon, [=](std::size_t i) { return i / area % channels; });
    case Kind::group: {
      const std::size_t together = area * channels / at(groups);
      return plain::normalized(x, x.size() / together, epsilon, [=](std::size_t i) { return i / together; });
    }
    case Kind::layer:
      return plain::normalized(x, x.size() / channels, epsilon, [=](std::size_t i) { return i / channels; });
    case Kind::rms:
      break;
  }
  return by_root_mean_square(x, channels);
}

}  // namespace

Workload make_workload(Kind kind, const std::vector<std::int64_t>& shape) {
  Workload result{{}, kind};
  result.parameters = {training::uniform(shape, 1, 1, 0.5), training::uniform({shape[1]}, 0.5, 2, 1)};
  if (kind != Kind::rms) {
    result.parameters.push_back(training::uniform({shape[1]}, 0.5, 3));
  }
  result.inputs = {training::uniform(shape, 1, 4)};
  return result;
}

double reference_loss(const Workload& workload, const std::vector<Doubles>& p) {
  const std::vector<std::int64_t>& shape = workload.parameters[0].shape;
  const std::size_t area = shape.size() == 4 ? at(shape[2] * shape[3]) : 1;
  const Doubles y = normal(workload, p[0]);
  double loss = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t channel = i / area % p[1].size();
    loss +=
        (y[i] * p[1][channel] + (p.size() > 2 ? p[2][channel] : 0)) * static_cast<double>(workload.inputs[0].values[i]);
  }
  return loss;
}

double weighted(const Floats& y, const Workload& workload) {
  const Doubles values = training::doubles(y);
  const Doubles g = training::doubles(workload.inputs[0].values);
  return std::inner_product(values.begin(), values.end(), g.begin(), 0.0);
}

}  // namespace bench::normalization
