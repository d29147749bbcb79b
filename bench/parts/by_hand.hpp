#pragma once

#include <cstddef>

#include "../support/floats.hpp"

/// The training step of `main.cpp` written by hand: products of CBLAS, vectorised loops, and no copy of a part. What it
/// reads and writes is x, z, h and δ, 1 kB a time step each: 0.5 MB at 128 time steps and 2 MB at 512. So its own ratio
/// of the two times says what a processor's caches add to four times the work.
namespace bench::parts {

constexpr int batch = 8;
constexpr int units = 32;

struct Data {
  Floats x;  ///< (steps, batch, units)
  Floats W;  ///< (units, units)
  Floats b;  ///< (units)
  Floats U;  ///< (units, units)
};

class ByHand {
 public:
  explicit ByHand(Data data);

  /// The loss; W, b and U get −rate times their gradients.
  double step(float rate);

  /// The loss, without an update.
  double loss();

  /// The gradient of b, summed.
  double slope();

 private:
  static constexpr std::size_t tile = std::size_t{batch} * units;  // elements of a time step

  void differentiate();

  Data data_;
  int rows_;
  Floats z_;
  Floats h_;  // starts with h = 0
  Floats delta_;
  Floats dW_;
  Floats db_;
  Floats dU_;
};

}  // namespace bench::parts
