#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "../support/floats.hpp"

/// Pooling of a batch of images, float32, one thread: the largest or the mean of windows of 2 × 2, and the gradient for
/// a given cotangent.
namespace bench::pooling {

enum class Kind : std::uint8_t { max, average };

struct Workload {
  Kind kind = Kind::max;
  std::int64_t images = 0;
  std::int64_t channels = 0;
  std::int64_t side = 0;  ///< even
  Floats x;               ///< (images, channels, side, side), in [−4, 4)
  Floats cotangent;       ///< (images, channels, side / 2, side / 2), in [−4, 4)
};

[[nodiscard]] Workload make_workload(Kind kind, std::int64_t images, std::int64_t channels, std::int64_t side);

class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  virtual void run() = 0;
  /// Of the last run.
  [[nodiscard]] virtual Floats value() const = 0;
  [[nodiscard]] virtual Floats gradient() const = 0;
};

/// Plain loops, which keep where the largest elements are.
[[nodiscard]] std::unique_ptr<Contender> by_hand(const Workload& workload);
/// libtorch's functions, differentiated by it.
[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload);
/// Define-by-run: value and gradient, evaluated.
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload);

/// What is wrong with the contender's results, by plain float64 computation; empty if nothing is.
[[nodiscard]] std::string check(const Workload& workload, Contender& contender);

}  // namespace bench::pooling
