#include "plain.hpp"

#include <algorithm>

namespace bench::plain {

Doubles convolution(const Convolution& sizes, const Doubles& x, const Doubles& w, const Doubles& b) {
  const auto& [images, channels, side, out, kernel, padding] = sizes;
  const std::size_t result = sizes.result_side();
  Doubles y(images * out * result * result);
  for (std::size_t plane = 0; plane < images * out; ++plane) {
    const std::size_t o = plane % out;
    double* const to = y.data() + plane * result * result;
    std::fill(to, to + result * result, b.empty() ? 0.0 : b[o]);
    for (std::size_t tap = 0; tap < channels * kernel * kernel; ++tap) {
      const std::size_t down = tap / kernel % kernel;
      const std::size_t across = tap % kernel;
      const double* const from = x.data() + (plane / out * channels + tap / (kernel * kernel)) * side * side;
      const double weight = w[o * channels * kernel * kernel + tap];
      const std::size_t first = padding > across ? padding - across : 0;
      const std::size_t last = std::min(result, side + padding - across);
      for (std::size_t row = 0; row < result; ++row) {
        if (row + down < padding || row + down >= side + padding) {
          continue;
        }
        const double* const line = from + (row + down - padding) * side + first + across - padding;
        for (std::size_t i = first; i < last; ++i) {
          to[row * result + i] += weight * line[i - first];
        }
      }
    }
  }
  return y;
}

Doubles dense(const Doubles& x, const Doubles& w, const Doubles& b, std::size_t in) {
  const std::size_t out = w.size() / in;
  Doubles y(x.size() / in * out);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double* const row = x.data() + i / out * in;
    const double* const weights = w.data() + i % out * in;
    double sum = b.empty() ? 0 : b[i % out];
    for (std::size_t k = 0; k < in; ++k) {
      sum += row[k] * weights[k];
    }
    y[i] = sum;
  }
  return y;
}

Doubles max_pool(const Doubles& x, std::size_t side) {
  Doubles result(x.size() / 4);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t half = side / 2;
    const std::size_t first = i / (half * half) * side * side + i / half % half * 2 * side + i % half * 2;
    result[i] = std::max({x[first], x[first + 1], x[first + side], x[first + side + 1]});
  }
  return result;
}

void rectify(Doubles& x) {
  std::transform(x.begin(), x.end(), x.begin(), [](double value) { return std::max(value, 0.0); });
}

double half_mean_square(const Doubles& x, const Floats& t) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double difference = x[i] - static_cast<double>(t.at(i));
    sum += difference * difference;
  }
  return 0.5 * sum / static_cast<double>(x.size());
}

}  // namespace bench::plain
