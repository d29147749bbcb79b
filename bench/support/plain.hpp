#pragma once

#include <cmath>
#include <cstddef>

#include "training.hpp"

/// Layers in plain float64, for references.
namespace bench::plain {

using training::Doubles;

/// Images x (images, channels, side, side) with w (out, channels, kernel, kernel), stride 1; b (out) or empty.
struct Convolution {
  std::size_t images;
  std::size_t channels;
  std::size_t side;
  std::size_t out;
  std::size_t kernel;
  std::size_t padding;
  [[nodiscard]] std::size_t result_side() const { return side + 2 * padding - kernel + 1; }
};
[[nodiscard]] Doubles convolution(const Convolution& sizes, const Doubles& x, const Doubles& w, const Doubles& b);
/// x (…, in) with w (out, in) and b (out) or empty.
[[nodiscard]] Doubles dense(const Doubles& x, const Doubles& w, const Doubles& b, std::size_t in);
/// The largest of two by two.
[[nodiscard]] Doubles max_pool(const Doubles& x, std::size_t side);
void rectify(Doubles& x);
/// ½ mean (x − t)².
[[nodiscard]] double half_mean_square(const Doubles& x, const Floats& t);

/// (x − μ) / √(σ² + ε) of the elements to which set(index) gives one number, from 0 up to and without `sets`.
template <class Set>
[[nodiscard]] Doubles normalized(const Doubles& x, std::size_t sets, double epsilon, const Set& set) {
  Doubles count(sets);
  Doubles mean(sets);
  Doubles variance(sets);
  for (std::size_t i = 0; i < x.size(); ++i) {
    ++count[set(i)];
    mean[set(i)] += x[i];
  }
  for (std::size_t s = 0; s < sets; ++s) {
    mean[s] /= count[s];
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    variance[set(i)] += (x[i] - mean[set(i)]) * (x[i] - mean[set(i)]) / count[set(i)];
  }
  Doubles y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = (x[i] - mean[set(i)]) / std::sqrt(variance[set(i)] + epsilon);
  }
  return y;
}

}  // namespace bench::plain
