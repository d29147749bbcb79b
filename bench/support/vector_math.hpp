#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

/// Functions of a float that compilers vectorise loops over: no branch, no table, no call.
namespace bench {

/// e^x for x clamped to [−87, 87], relative error below 2e-7: e^x = 2ⁿ e^r with |r| ≤ ½ log 2, and for e^r the
/// polynomial of Cephes' expf. Not to be compiled with -fassociative-math.
inline float vector_exp(float x) noexcept {
  constexpr float rounding = 12582912.0F;  // 1.5 · 2²³: adding it rounds to an integer, which is then the low bits
  const float t = std::min(std::max(x, -87.0F), 87.0F);
  const float shifted = t * 1.44269504F + rounding;
  const float n = shifted - rounding;
  const float r = t - n * 0.693359375F + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r + 1.0F;
  const float scale = std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) << 23U) + 0x3F800000U);
  return p * scale;
}

/// 1 / (1 + e^−x), relative error below 3e-7.
inline float vector_sigmoid(float x) noexcept {
  return 1.0F / (1.0F + vector_exp(-x));
}

/// 2 σ(2x) − 1, absolute error below 4e-7.
inline float vector_tanh(float x) noexcept {
  return 2.0F / (1.0F + vector_exp(-2.0F * x)) - 1.0F;
}

}  // namespace bench
