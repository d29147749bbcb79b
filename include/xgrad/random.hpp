#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

/// An explicit source of random numbers: counter-based (Philox4x32-10; Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3", SC 2011). Every draw takes the next stream; a drawn tensor carries its seed and stream, so that
/// evaluating it again gives the same numbers.
///
/// Passed by reference wherever it is drawn from; a copy repeats what the original will draw.
class XGRAD_API Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : seed_{seed} {}

  /// N(mean, deviation²). float32, float64. Throws DTypeError, and ValueError for a negative deviation.
  [[nodiscard]] Tensor normal(const Shape& shape, double mean = 0, double deviation = 1, DType dtype = float32);
  /// [low, high). Throws ValueError unless low ≤ high, both finite.
  [[nodiscard]] Tensor uniform(const Shape& shape, double low = 0, double high = 1, DType dtype = float32);
  /// true with this probability. Throws ValueError outside [0, 1].
  [[nodiscard]] Tensor bernoulli(const Shape& shape, double probability, DType dtype = boolean);

  /// 0 … count−1 in a random order.
  [[nodiscard]] std::vector<std::int64_t> permutation(std::int64_t count);
  /// An integer in [0, bound). Throws ValueError for bound 0.
  [[nodiscard]] std::uint64_t integer(std::uint64_t bound);
  /// A generator with a stream space of its own, determined by this one's seed and position.
  [[nodiscard]] Random split() noexcept;

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_ = 0;
};

}  // namespace xgrad
