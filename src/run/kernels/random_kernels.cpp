#include "run/kernels/random_kernels.hpp"

#include <cstring>
#include <numbers>
#include <type_traits>

#include "run/kernels/random_lanes.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

namespace {

constexpr std::uint64_t lower_half = 0xFFFFFFFFU;
constexpr int half_bits = 32;

/// Four words of a block per lane, each in the lower half; the upper halves hold anything.
struct Blocks {
  Words w0;
  Words w1;
  Words w2;
  Words w3;
};

/// Philox4x32-10 as in philox.hpp, a block per lane.
class Philox {
 public:
  explicit Philox(const RandomStretch& stretch) noexcept
      : stream_low_{words(stretch.stream)}, stream_high_{words(stretch.stream >> 32U)} {
    auto key_0 = static_cast<std::uint32_t>(stretch.seed);
    auto key_1 = static_cast<std::uint32_t>(stretch.seed >> 32U);
    for (Key& key : keys_) {
      key = {words(key_0), words(key_1)};
      key_0 += 0x9E3779B9U;
      key_1 += 0xBB67AE85U;
    }
    index_ = words(stretch.first);
    for (std::size_t i = 0; i < lane_count; ++i) {
      index_[i] += i;
    }
  }

  /// The next lane_count blocks.
  Blocks next() noexcept {
    const Words multiplier_0 = words(0xD2511F53U);
    const Words multiplier_1 = words(0xCD9E8D57U);
    Blocks b{index_, index_ >> half_bits, stream_low_, stream_high_};
    for (const Key& key : keys_) {
      const Words product_0 = multiply_halves(multiplier_0, b.w0);
      const Words product_1 = multiply_halves(multiplier_1, b.w2);
      b = {(product_1 >> half_bits) ^ b.w1 ^ key.k0, product_1, (product_0 >> half_bits) ^ b.w3 ^ key.k1, product_0};
    }
    index_ += lane_count;
    return b;
  }

 private:
  struct Key {
    Words k0;
    Words k1;
  };
  Words stream_low_;
  Words stream_high_;
  Words index_;
  Key keys_[10];
};

// The 53 upper bits of two words as a number in [0, 1), exactly: the words become the lower digits of 2²⁰ and of ½.
Reals unit_interval(Words high, Words low) noexcept {
  const Reals upper = with_bits((high & lower_half) | 0x4130000000000000U);
  const Reals lower = with_bits(((low << half_bits) >> 43) | 0x3FE0000000000000U);
  return (upper - (0x1p20 + 0.5)) + lower;
}

// c₀ + c₁ z + c₂ z² + …
template <std::size_t Count>
Reals polynomial(const double (&c)[Count], Reals z) noexcept {
  Reals result = reals(c[Count - 1]);
  for (std::size_t i = Count - 1; i-- > 0;) {
    result = result * z + c[i];
  }
  return result;
}

// ln t for t in [2⁻⁵³, 1]. t = 2ᵉ m, m in [√½, √2), m = 1 + f, s = f / (2 + f):
// ln m = 2 artanh s = f − s (f − z P(z)), z = s², P(z) = 2/3 + 2z/5 + …, fitted for z up to (√2 − 1)² / (√2 + 1)².
Reals logarithm(Reals t) noexcept {
  constexpr double p[]{0x1.5555555555558p-1, 0x1.99999999952e2p-2, 0x1.2492492df148dp-2, 0x1.c71c62e5800a1p-3,
                       0x1.7462b4ab2ef6bp-3, 0x1.39fe606542ddep-3, 0x1.2b584aae78a57p-3};
  constexpr double ln2_upper = 0x1.62e42fefa3800p-1;  // e ln2_upper is exact
  constexpr double ln2_lower = 0x1.ef35793c76730p-45;
  constexpr std::uint64_t root_of_half = 0x3FE6A09E667F3BCDU;
  constexpr std::uint64_t bias = 64;
  const Words bits = bits_of(t);
  const Words exponent = ((bits - root_of_half) + (bias << 52U)) >> 52;  // 64 + e
  const Reals e = with_bits(exponent | 0x4330000000000000U) - (0x1p52 + static_cast<double>(bias));
  const Reals f = with_bits(bits - ((exponent - bias) << 52)) - 1.0;
  const Reals s = f / (2.0 + f);
  const Reals z = s * s;
  return e * ln2_upper + (f - (s * (f - z * polynomial(p, z)) - e * ln2_lower));
}

struct Circle {
  Reals cosine;
  Reals sine;
};

// cos a and sin a for a = 2π v rounded, v in [0, 1): a = q π/2 + r, |r| ≤ π/4;
// sin r = r + r z S(z), cos r = 1 − z/2 + z² C(z), z = r².
Circle circle(Reals v) noexcept {
  constexpr double s[]{-0x1.5555555555555p-3, 0x1.1111111110bb1p-7,   -0x1.a01a019e8357dp-13,
                       0x1.71de37961e4c6p-19, -0x1.ae600a926c89ap-26, 0x1.5e0af186af739p-33};
  constexpr double c[]{0x1.5555555555555p-5,   -0x1.6c16c16c16966p-10, 0x1.a01a019f4e867p-16,
                       -0x1.27e4fa17a41b4p-22, 0x1.1eeb68b109173p-29,  -0x1.907d7aebd5e3dp-37};
  constexpr double quarter_0 = 0x1.921fb54442d18p+0;  // π/2 in three parts of which q times the first two is exact
  constexpr double quarter_1 = 0x1.1a62633145c00p-54;
  constexpr double quarter_2 = 0x1.b839a252049c1p-104;
  constexpr double to_integer = 0x1.8p52;
  const Reals angle = 2 * std::numbers::pi * v;
  const Reals shifted = 4.0 * v + to_integer;
  const Words quadrant = bits_of(shifted);  // its lowest bits
  const Reals q = shifted - to_integer;
  const Reals r = ((angle - q * quarter_0) - q * quarter_1) - q * quarter_2;
  const Reals z = r * r;
  const Reals sine = r + r * (z * polynomial(s, z));
  const Reals cosine = (1.0 - 0.5 * z) + z * z * polynomial(c, z);
  const Words is_odd = words(0) - (quadrant & 1U);
  const Words sign_of_cosine = ((quadrant + 1U) & 2U) << 62;
  const Words sign_of_sine = (quadrant & 2U) << 62;
  return {with_bits(bits_of(select(is_odd, sine, cosine)) ^ sign_of_cosine),
          with_bits(bits_of(select(is_odd, cosine, sine)) ^ sign_of_sine)};
}

// a₀ b₀ a₁ b₁ …, rounded to T.
void store_pairs(Reals a, Reals b, double* out) noexcept {
  const Reals first = interleaved_first(a, b);
  const Reals second = interleaved_second(a, b);
  std::memcpy(out, &first, sizeof(first));
  std::memcpy(out + lane_count, &second, sizeof(second));
}

void store_pairs(Reals a, Reals b, float* out) noexcept {
  const auto x = __builtin_convertvector(a, Floats);
  const auto y = __builtin_convertvector(b, Floats);
  const Floats first = interleaved_first(x, y);
  const Floats second = interleaved_second(x, y);
  std::memcpy(out, &first, sizeof(first));
  std::memcpy(out + lane_count, &second, sizeof(second));
}

// f(blocks, T* of 2 lane_count elements), for all of them; the last ones by way of a copy.
template <class T, class F>
void for_each_pack(const RandomStretch& stretch, T* out, std::size_t count, F f) noexcept {
  constexpr std::size_t pack = 2 * lane_count;
  Philox philox{stretch};
  std::size_t i = 0;
  for (; i + pack <= count; i += pack) {
    f(philox.next(), out + i);
  }
  if (i < count) {
    T rest[pack];
    f(philox.next(), rest);
    std::memcpy(out + i, rest, (count - i) * sizeof(T));
  }
}

template <class T>
void uniform(const RandomStretch& stretch, double low, double range, double last, T* out, std::size_t count) noexcept {
  for_each_pack(stretch, out, count, [=](const Blocks& b, T* to) {
    const auto number = [=](Reals u) {
      const Reals value = low + range * u;
      return select(is_less(value, reals(last)), value, reals(last));
    };
    store_pairs(number(unit_interval(b.w0, b.w1)), number(unit_interval(b.w2, b.w3)), to);
  });
}

template <class T>
void normal(const RandomStretch& stretch, double mean, double deviation, T* out, std::size_t count) noexcept {
  for_each_pack(stretch, out, count, [=](const Blocks& b, T* to) {
    const Reals radius = deviation * square_root(-2.0 * logarithm(1.0 - unit_interval(b.w0, b.w1)));
    const auto [cosine, sine] = circle(unit_interval(b.w2, b.w3));
    store_pairs(mean + radius * cosine, mean + radius * sine, to);
  });
}

// The bits of 1 where the mask is set.
Words one_where(Words mask, double* /*type*/) noexcept {
  return mask & bits_of(reals(1));
}
Words one_where(Words mask, std::int64_t* /*type*/) noexcept {
  return mask & 1U;
}

template <class T>
void store_bernoulli(Words a, Words b, T* out) noexcept {
  if constexpr (std::is_same_v<T, float>) {
    store_pairs(with_bits(one_where(a, static_cast<double*>(nullptr))),
                with_bits(one_where(b, static_cast<double*>(nullptr))), out);
  } else if constexpr (std::is_same_v<T, bool>) {
    const Words pairs = (a & 1U) | (b & 0x100U);
    for (std::size_t i = 0; i < lane_count; ++i) {
      const auto pair = static_cast<std::uint16_t>(pairs[i]);
      std::memcpy(out + 2 * i, &pair, sizeof(pair));
    }
  } else {
    const Words x = one_where(a, static_cast<T*>(nullptr));
    const Words y = one_where(b, static_cast<T*>(nullptr));
    const Words first = interleaved_first(x, y);
    const Words second = interleaved_second(x, y);
    std::memcpy(out, &first, sizeof(first));
    std::memcpy(out + lane_count, &second, sizeof(second));
  }
}

template <class T>
void bernoulli(const RandomStretch& stretch, double probability, T* out, std::size_t count) noexcept {
  for_each_pack(stretch, out, count, [=](const Blocks& b, T* to) {
    const Reals p = reals(probability);
    store_bernoulli(is_less(unit_interval(b.w0, b.w1), p), is_less(unit_interval(b.w2, b.w3), p), to);
  });
}

void first_words(const RandomStretch& stretch, std::uint64_t* out, std::size_t count) noexcept {
  Philox philox{stretch};
  const auto next = [&philox] {
    const Blocks b = philox.next();
    return (b.w0 << half_bits) | (b.w1 & lower_half);
  };
  std::size_t i = 0;
  for (; i + lane_count <= count; i += lane_count) {
    const Words w = next();
    std::memcpy(out + i, &w, sizeof(w));
  }
  if (i < count) {
    const Words w = next();
    std::memcpy(out + i, &w, (count - i) * sizeof(std::uint64_t));
  }
}

}  // namespace

const RandomKernels& random_kernels() noexcept {
  static constexpr RandomKernels kernels{
      .float32 = {.uniform = &uniform<float>, .normal = &normal<float>},
      .float64 = {.uniform = &uniform<double>, .normal = &normal<double>},
      .bernoulli_float32 = &bernoulli<float>,
      .bernoulli_float64 = &bernoulli<double>,
      .bernoulli_int64 = &bernoulli<std::int64_t>,
      .bernoulli_boolean = &bernoulli<bool>,
      .words = &first_words,
  };
  return kernels;
}

}  // namespace xgrad::run::XGRAD_ISA
