#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "../support/floats.hpp"

/// A gated activation with a bump, ten element-wise operations on a vector, as found between two matrix products:
///
///   y = σ(a x + b) ⊙ tanh(c x) + e^(−x²)
///
/// mul, add, sigmoid; mul, tanh; square, neg, exp; mul, add. float32, one thread. Forward alone leaves y in memory;
/// with gradient it is Σ y and ∂(Σ y)/∂x, and y need not exist.
namespace bench::elementwise {

inline constexpr float a = 1.5F;
inline constexpr float b = 0.25F;
inline constexpr float c = 0.75F;

/// `count` numbers in [−3, 3), the same for the same count.
[[nodiscard]] Floats make_input(std::int64_t count);

/// Everything that a step needs, allocated beforehand.
class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  /// y.
  virtual void forward() = 0;
  /// Σ y and its gradient.
  virtual void gradient() = 0;

  // What the last call of the one above found.
  [[nodiscard]] virtual Floats y() const = 0;
  [[nodiscard]] virtual double sum() const = 0;
  [[nodiscard]] virtual Floats dx() const = 0;
};

/// One loop each, that the compiler vectorises.
[[nodiscard]] std::unique_ptr<Contender> by_hand(const Floats& x);
/// Lazy expressions of xtensor, on xsimd.
[[nodiscard]] std::unique_ptr<Contender> xtensor(const Floats& x);
/// Forward in place on tensors made beforehand; the gradient by autograd.
[[nodiscard]] std::unique_ptr<Contender> libtorch(const Floats& x);
/// Define-by-run: a graph is built, differentiated and evaluated every time.
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Floats& x);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Floats& x);

/// What is wrong with the contender's results, by plain float64 computation; empty if nothing is.
[[nodiscard]] std::string check_forward(const Floats& x, Contender& contender);
[[nodiscard]] std::string check_gradient(const Floats& x, Contender& contender);

}  // namespace bench::elementwise
