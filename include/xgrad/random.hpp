#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

/// An explicit source of random numbers: counter-based (Philox4x32-10; Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3", SC 2011). Every draw takes the next stream; a drawn tensor knows its seed and stream, so that
/// evaluating it again gives the same numbers, for any number of threads.
///
/// Passed by reference wherever it is drawn from; a copy repeats the original's draws. After a move the source holds
/// nothing, and throws ValueError.
///
/// Seed and stream are a State. So a draw inside compile() gives other numbers at every call, the same as outside. A
/// layer that draws keeps that State, which its copies share:
///
///   struct Noise {
///     State random;  // Noise{random.split().state()}
///     Tensor operator()(const Tensor& x) const { return x + Random{random}.normal(x.shape()); }
///   };
class XGRAD_API Random {
 public:
  explicit Random(std::uint64_t seed);
  /// Draws from, and advances, the state() of another. Throws ShapeError, DTypeError or ValueError unless it is one.
  explicit Random(State state);
  Random(const Random& other);
  Random(Random&&) noexcept = default;
  Random& operator=(const Random& other);
  Random& operator=(Random&&) noexcept = default;
  ~Random() = default;

  /// N(mean, deviation²). float32, float64. Throws DTypeError, and ValueError for a negative deviation.
  [[nodiscard]] Tensor normal(const Shape& shape, double mean = 0, double deviation = 1, DType dtype = float32);
  /// [low, high). Throws ValueError unless low ≤ high, both finite.
  [[nodiscard]] Tensor uniform(const Shape& shape, double low = 0, double high = 1, DType dtype = float32);
  /// true with this probability. Throws ValueError outside [0, 1].
  [[nodiscard]] Tensor bernoulli(const Shape& shape, double probability, DType dtype = boolean);

  /// 0 … count−1 in a random order. Not inside compile(): ValueError.
  [[nodiscard]] std::vector<std::int64_t> permutation(std::int64_t count);
  /// An integer in [0, bound). Throws ValueError for bound 0, and inside compile().
  [[nodiscard]] std::uint64_t integer(std::uint64_t bound);
  /// A generator with a stream space of its own, determined by this one's seed and position.
  [[nodiscard]] Random split();

  /// Throws ValueError inside compile().
  [[nodiscard]] std::uint64_t seed() const;
  /// The seed and the number of the next stream: int64 (2), as the same bits. Setting it goes back to where it was
  /// read.
  [[nodiscard]] const State& state() const& noexcept { return state_; }
  [[nodiscard]] State state() const&& noexcept { return state_; }

 private:
  State state_;
};

}  // namespace xgrad
