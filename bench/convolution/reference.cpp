#include <algorithm>
#include <cmath>
#include <random>

#include "workload.hpp"

namespace bench::convolution {

namespace {

using Doubles = std::vector<double>;

std::size_t at(std::int64_t index) {
  return static_cast<std::size_t>(index);
}

Floats uniform(std::int64_t count, double bound, std::uint32_t seed) {
  std::mt19937 random{seed};
  std::uniform_real_distribution<double> distribution{-bound, bound};
  Floats result(at(count));
  std::generate(result.begin(), result.end(), [&] { return static_cast<float>(distribution(random)); });
  return result;
}

Doubles doubles(const Floats& values) {
  return {values.begin(), values.end()};
}

// visit(index in x, in w, in y) for every product.
template <class Visit>
void for_each_product(const Layer& l, Visit visit) {
  const std::int64_t size = l.result_size();
  const std::int64_t inputs = l.in / l.groups;
  std::int64_t y = 0;
  for (std::int64_t n = 0; n < l.batch; ++n) {
    for (std::int64_t o = 0; o < l.out; ++o) {
      for (std::int64_t i = 0; i < size * size; ++i, ++y) {
        for (std::int64_t c = 0; c < inputs; ++c) {
          for (std::int64_t k = 0; k < l.kernel * l.kernel; ++k) {
            const std::int64_t row = i / size * l.stride - l.padding + k / l.kernel;
            const std::int64_t column = i % size * l.stride - l.padding + k % l.kernel;
            if (row >= 0 && row < l.size && column >= 0 && column < l.size) {
              const std::int64_t channel = o / (l.out / l.groups) * inputs + c;
              visit(at(((n * l.in + channel) * l.size + row) * l.size + column),
                    at((o * inputs + c) * l.kernel * l.kernel + k), at(y));
            }
          }
        }
      }
    }
  }
}

// The largest difference, relative to the largest of the expected.
double worst(const Floats& found, const Doubles& expected) {
  if (found.size() != expected.size()) {
    return INFINITY;
  }
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    difference = std::max(difference, std::abs(static_cast<double>(found[i]) - expected[i]));
  }
  return difference / largest;
}

Doubles convolved(const Layer& layer, const Doubles& x, const Doubles& w, const Doubles& b) {
  const auto size = at(layer.result_size() * layer.result_size());
  Doubles y(at(layer.batch * layer.out) * size);
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = b[i / size % at(layer.out)];
  }
  for_each_product(layer, [&](std::size_t in, std::size_t tap, std::size_t out) { y[out] += x[in] * w[tap]; });
  return y;
}

void rectify(Doubles& x) {
  std::transform(x.begin(), x.end(), x.begin(), [](double value) { return std::max(value, 0.0); });
}

// Means of squares of two by two.
Doubles pooled(const Doubles& x, std::size_t size) {
  Doubles result(x.size() / 4);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t half = size / 2;
    const std::size_t first = i / (half * half) * size * size + i / half % half * 2 * size + i % half * 2;
    result[i] = (x[first] + x[first + 1] + x[first + size] + x[first + size + 1]) / 4;
  }
  return result;
}

Doubles dense(const Doubles& x, const Doubles& w, const Doubles& b) {
  const std::size_t in = w.size() / b.size();
  Doubles y(x.size() / in * b.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t o = i % b.size();
    y[i] = b[o];
    for (std::size_t k = 0; k < in; ++k) {
      y[i] += x[i / b.size() * in + k] * w[o * in + k];
    }
  }
  return y;
}

double lenet_loss(const LeNetWorkload& workload, const std::vector<Doubles>& p) {
  Doubles a = convolved({workload.batch, 1, 6, 28, 5, 1, 2, 1}, doubles(workload.x), p[0], p[1]);
  rectify(a);
  a = convolved({workload.batch, 6, 16, 14, 5, 1, 0, 1}, pooled(a, 28), p[2], p[3]);
  rectify(a);
  a = pooled(a, 10);
  for (std::size_t layer = 4; layer < p.size(); layer += 2) {
    a = dense(a, p[layer], p[layer + 1]);
    if (layer + 2 < p.size()) {
      rectify(a);
    }
  }
  double loss = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    loss += 0.5 * (a[i] - static_cast<double>(workload.y[i])) * (a[i] - static_cast<double>(workload.y[i]));
  }
  return loss;
}

}  // namespace

Workload make_workload(const Layer& l) {
  return {l, uniform(l.batch * l.in * l.size * l.size, 1, 1),
          uniform(l.out * (l.in / l.groups) * l.kernel * l.kernel, 1, 2),
          uniform(l.batch * l.out * l.result_size() * l.result_size(), 1, 3)};
}

std::string check(const Workload& workload, Contender& contender) {
  const Doubles x = doubles(workload.x);
  const Doubles w = doubles(workload.w);
  const Doubles g = doubles(workload.g);
  Doubles y(g.size());
  Doubles x_cotangent(x.size());
  Doubles w_cotangent(w.size());
  for_each_product(workload.layer, [&](std::size_t in, std::size_t tap, std::size_t out) {
    y[out] += x[in] * w[tap];
    x_cotangent[in] += g[out] * w[tap];
    w_cotangent[tap] += g[out] * x[in];
  });
  contender.run();
  const double tolerance = 1e-5;
  if (!(worst(contender.y(), y) < tolerance)) {
    return "the convolution is wrong";
  }
  if (!(worst(contender.x_cotangent(), x_cotangent) < tolerance)) {
    return "the cotangent of x is wrong";
  }
  return worst(contender.w_cotangent(), w_cotangent) < tolerance ? "" : "the cotangent of w is wrong";
}

const std::vector<std::vector<std::int64_t>>& lenet_shapes() {
  static const std::vector<std::vector<std::int64_t>> shapes{{6, 1, 5, 5}, {6},  {16, 6, 5, 5}, {16}, {120, 400}, {120},
                                                             {84, 120},    {84}, {10, 84},      {10}};
  return shapes;
}

LeNetWorkload make_lenet(std::int64_t batch) {
  LeNetWorkload workload{batch, uniform(batch * 28 * 28, 1, 4), uniform(batch * 10, 1, 5), {}};
  std::uint32_t seed = 6;
  for (const auto& shape : lenet_shapes()) {
    std::int64_t inputs = 1;
    for (std::size_t axis = 1; axis < shape.size(); ++axis) {
      inputs *= shape[axis];
    }
    workload.parameters.push_back(uniform(shape[0] * inputs, 1 / std::sqrt(static_cast<double>(inputs)), seed++));
  }
  return workload;
}

std::string check(const LeNetWorkload& workload, LeNetContender& contender) {
  contender.run();
  std::vector<Doubles> point;
  std::vector<Doubles> direction;
  std::uint32_t seed = 100;
  for (const Floats& parameter : workload.parameters) {
    point.push_back(doubles(parameter));
    direction.push_back(doubles(uniform(static_cast<std::int64_t>(parameter.size()), 1, seed++)));
  }
  const auto moved = [&](double step) {
    std::vector<Doubles> result = point;
    for (std::size_t i = 0; i < result.size(); ++i) {
      for (std::size_t k = 0; k < result[i].size(); ++k) {
        result[i][k] += step * direction[i][k];
      }
    }
    return lenet_loss(workload, result);
  };
  const double loss = moved(0);
  if (!(std::abs(contender.loss() - loss) < 1e-4 * loss)) {
    return "the loss is wrong";
  }
  const double step = 1e-6;
  const double expected = (moved(step) - moved(-step)) / (2 * step);
  double found = 0;
  const std::vector<Floats> gradients = contender.gradients();
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    for (std::size_t k = 0; k < gradients[i].size(); ++k) {
      found += static_cast<double>(gradients[i][k]) * direction[i][k];
    }
  }
  return std::abs(found - expected) < 1e-3 * std::abs(expected) ? "" : "the gradient is wrong";
}

}  // namespace bench::convolution
