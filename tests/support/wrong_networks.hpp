#pragma once

#include <cstdint>

#include "support/wrong_passes.hpp"

/// The networks of wrong_passes.hpp: each with its data, drawn from a seed, and its backward pass by hand, in which a
/// mistake can be made.
namespace xgrad::test {

inline constexpr std::int64_t batch = 7;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_{seed} {}
  Parameter parameter(const Shape& shape, const char* name) {
    return Parameter{random_.normal(shape, 0, 1, float64), name};
  }
  Tensor normal(const Shape& shape) { return random_.normal(shape, 0, 1, float64).eval(); }
  Tensor uniform(const Shape& shape) { return random_.uniform(shape, 0, 1, float64).eval(); }
  std::int64_t integer(std::uint64_t bound) { return static_cast<std::int64_t>(random_.integer(bound)); }

 private:
  Random random_;
};

inline Tensor t(const Tensor& x) {
  return transpose(x);
}

inline Tensor last_row(const Tensor& x) {
  return slice(x, {x.dim(0) - 1, x.dim(0)}, 0);
}

enum class Act { sigmoid, tanh, relu };
enum class Loss { quadratic, mse, binary, classes };

/// Two layers with biases.
[[nodiscard]] Example dense(std::uint64_t seed, Act act, Loss kind);
[[nodiscard]] Example residual(std::uint64_t seed);
[[nodiscard]] Example tied(std::uint64_t seed);
[[nodiscard]] Example attention(std::uint64_t seed);
[[nodiscard]] Example layer_norm(std::uint64_t seed);
[[nodiscard]] Example convolution(std::uint64_t seed);
[[nodiscard]] Example recurrent(std::uint64_t seed);

}  // namespace xgrad::test
