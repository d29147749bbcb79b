#include <cmath>

#include "../support/plain.hpp"
#include "workload.hpp"

namespace bench::transformer_block {

namespace {

std::size_t at(std::int64_t index) {
  return static_cast<std::size_t>(index);
}

Doubles layer_norm(const Doubles& x, const Doubles& weight, const Doubles& bias) {
  const std::size_t width = weight.size();
  Doubles y = plain::normalized(x, x.size() / width, 1e-5, [=](std::size_t i) { return i / width; });
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = y[i] * weight[i % width] + bias[i % width];
  }
  return y;
}

void add(Doubles& x, const Doubles& y) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] += y[i];
  }
}

// Of one query and head; all start at the head's first element, keys and values of the first step.
void attend(const double* query, const double* keys, const double* values, std::size_t steps, const Sizes& sizes,
            double* result) {
  const std::size_t width = at(sizes.width / sizes.heads);
  const std::size_t row = at(3 * sizes.width);
  Doubles weights(steps);
  double sum = 0;
  for (std::size_t s = 0; s < steps; ++s) {
    double score = 0;
    for (std::size_t k = 0; k < width; ++k) {
      score += query[k] * keys[s * row + k];
    }
    weights[s] = std::exp(score / std::sqrt(static_cast<double>(width)));
    sum += weights[s];
  }
  for (std::size_t s = 0; s < steps; ++s) {
    for (std::size_t k = 0; k < width; ++k) {
      result[k] += weights[s] / sum * values[s * row + k];
    }
  }
}

// qkv (batch, steps, 3 width).
Doubles attention(const Doubles& qkv, const Sizes& sizes) {
  const std::size_t width = at(sizes.width);
  const std::size_t head = width / at(sizes.heads);
  Doubles result(qkv.size() / 3);
  for (std::size_t row = 0; row < result.size() / width; ++row) {
    const std::size_t step = row % at(sizes.steps);
    const double* const first = qkv.data() + (row - step) * 3 * width;
    for (std::size_t from = 0; from < width; from += head) {
      attend(qkv.data() + row * 3 * width + from, first + width + from, first + 2 * width + from,
             sizes.causal ? step + 1 : at(sizes.steps), sizes, result.data() + row * width + from);
    }
  }
  return result;
}

}  // namespace

Workload make_workload(const Sizes& sizes) {
  Workload result{{}, sizes};
  const std::int64_t width = sizes.width;
  const double bound = std::sqrt(3 / static_cast<double>(width));
  const std::vector<std::int64_t> shape{sizes.batch, sizes.steps, width};
  result.parameters = {training::uniform(shape, 1, 1),         training::uniform({3 * width, width}, bound, 2),
                       training::uniform({3 * width}, 0.1, 3), training::uniform({width, width}, bound, 4),
                       training::uniform({width}, 0.1, 5),     training::uniform({4 * width, width}, bound, 6),
                       training::uniform({4 * width}, 0.1, 7), training::uniform({width, 4 * width}, bound / 2, 8),
                       training::uniform({width}, 0.1, 9),     training::uniform({width}, 0.5, 10, 1),
                       training::uniform({width}, 0.1, 11),    training::uniform({width}, 0.5, 12, 1),
                       training::uniform({width}, 0.1, 13)};
  result.inputs = {training::uniform(shape, 1, 14)};
  return result;
}

double reference_loss(const Workload& workload, const std::vector<Doubles>& p) {
  const std::size_t width = at(workload.sizes.width);
  Doubles y = p[0];
  const Doubles qkv = plain::dense(layer_norm(y, p[9], p[10]), p[1], p[2], width);
  add(y, plain::dense(attention(qkv, workload.sizes), p[3], p[4], width));
  Doubles a = plain::dense(layer_norm(y, p[11], p[12]), p[5], p[6], width);
  for (double& each : a) {
    each *= 0.5 * (1 + std::erf(each / std::sqrt(2.0)));
  }
  add(y, plain::dense(a, p[7], p[8], 4 * width));
  return plain::half_mean_square(y, workload.inputs[0].values);
}

}  // namespace bench::transformer_block
