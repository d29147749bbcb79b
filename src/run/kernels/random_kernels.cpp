#include "run/kernels/random_kernels.hpp"

#include <cstring>
#include <numbers>

#include "run/kernels/random_lanes.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

// NOLINTBEGIN(performance-unnecessary-value-param): vectors are passed in registers
namespace {

constexpr Word lower_half = 0xFFFFFFFFU;
constexpr int half_bits = 32;
constexpr std::size_t pack = 2 * both_count;  // numbers that as many blocks as fit into both vectors give

/// Four words of a block per lane, each in the lower half; the upper halves hold anything.
struct Blocks {
  BothWords w0;
  BothWords w1;
  BothWords w2;
  BothWords w3;
};

/// Philox4x32-10 as in philox.hpp, a block per lane.
class Philox {
 public:
  /// The next blocks are those of the first vector and then those of the second one, or in turn one of each.
  explicit Philox(const RandomStretch& stretch, bool in_turn = false) noexcept
      : stream_low_{words(stretch.stream)}, stream_high_{words(stretch.stream >> 32U)}, index_{words(stretch.first)} {
    auto key_0 = static_cast<std::uint32_t>(stretch.seed);
    auto key_1 = static_cast<std::uint32_t>(stretch.seed >> 32U);
    for (Key& key : keys_) {
      key = {Words{} + key_0, Words{} + key_1};
      key_0 += 0x9E3779B9U;
      key_1 += 0xBB67AE85U;
    }
    for (std::size_t i = 0; i < lane_count; ++i) {
      index_.first[i] += in_turn ? 2 * i : i;
      index_.second[i] += in_turn ? 2 * i + 1 : lane_count + i;
    }
  }

  /// The next both_count blocks.
  [[gnu::always_inline]] inline Blocks next() noexcept {
    const BothWords multiplier_0 = words(0xD2511F53U);
    const BothWords multiplier_1 = words(0xCD9E8D57U);
    Blocks b{index_, index_ >> half_bits, stream_low_, stream_high_};
    for (const Key& key : keys_) {
      const BothWords product_0 = multiply_halves(multiplier_0, b.w0);
      const BothWords product_1 = multiply_halves(multiplier_1, b.w2);
      b = {(product_1 >> half_bits) ^ b.w1 ^ BothWords{key.k0, key.k0}, product_1,
           (product_0 >> half_bits) ^ b.w3 ^ BothWords{key.k1, key.k1}, product_0};
    }
    index_ = index_ + words(both_count);
    return b;
  }

 private:
  struct Key {
    Words k0;
    Words k1;
  };
  BothWords stream_low_;
  BothWords stream_high_;
  BothWords index_;
  Key keys_[10];
};

// The 53 upper bits of two words as a number in [0, 1), exactly: the words become the lower digits of 2²⁰ and of ½.
[[gnu::always_inline]] inline BothReals unit_interval(BothWords high, BothWords low) noexcept {
  const BothReals upper = with_bits((high & words(lower_half)) | words(0x4130000000000000U));
  const BothReals lower = with_bits(((low << half_bits) >> 43) | words(0x3FE0000000000000U));
  return (upper - reals(0x1p20 + 0.5)) + lower;
}

// c₀ + c₁ z + c₂ z² + …, in pairs of terms (Estrin), which leaves less to wait for.
BothReals polynomial(const double (&c)[6], BothReals z) noexcept {
  const BothReals z2 = z * z;
  const auto term = [&](int i) { return reals(c[i]) + reals(c[i + 1]) * z; };
  return (term(0) + term(2) * z2) + term(4) * (z2 * z2);
}
BothReals polynomial(const double (&c)[7], BothReals z) noexcept {
  const BothReals z2 = z * z;
  const auto term = [&](int i) { return reals(c[i]) + reals(c[i + 1]) * z; };
  return (term(0) + term(2) * z2) + (term(4) + reals(c[6]) * z2) * (z2 * z2);
}

// ln t for t in [2⁻⁵³, 1]. t = 2ᵉ m, m in [√½, √2), m = 1 + f, s = f / (2 + f):
// ln m = 2 artanh s = f − s (f − z P(z)), z = s², P(z) = 2/3 + 2z/5 + …, fitted for z up to (√2 − 1)² / (√2 + 1)².
[[gnu::always_inline]] inline BothReals logarithm(BothReals t) noexcept {
  constexpr double p[]{0x1.5555555555558p-1, 0x1.99999999952e2p-2, 0x1.2492492df148dp-2, 0x1.c71c62e5800a1p-3,
                       0x1.7462b4ab2ef6bp-3, 0x1.39fe606542ddep-3, 0x1.2b584aae78a57p-3};
  constexpr double ln2_upper = 0x1.62e42fefa3800p-1;  // e ln2_upper is exact
  constexpr double ln2_lower = 0x1.ef35793c76730p-45;
  constexpr Word root_of_half = 0x3FE6A09E667F3BCDU;
  constexpr Word bias = 64;
  constexpr Word fraction = 0x000FFFFFFFFFFFFFU;
  const BothWords shifted = bits_of(t) - words(root_of_half - (bias << 52U));
  const BothReals e = with_bits((shifted >> 52) | words(0x4330000000000000U)) - reals(0x1p52 + double{bias});
  const BothReals f = with_bits((shifted & words(fraction)) + words(root_of_half)) - reals(1);
  const BothReals s = f / (reals(2) + f);
  const BothReals z = s * s;
  return e * reals(ln2_upper) + (f - (s * (f - z * polynomial(p, z)) - e * reals(ln2_lower)));
}

struct Circle {
  BothReals cosine;
  BothReals sine;
};

// cos a and sin a for a = 2π v rounded, v in [0, 1): a = q π/2 + r, |r| ≤ π/4;
// sin r = r + r z S(z), cos r = 1 − z/2 + z² C(z), z = r².
[[gnu::always_inline]] inline Circle circle(BothReals v) noexcept {
  constexpr double s[]{-0x1.5555555555555p-3, 0x1.1111111110bb1p-7,   -0x1.a01a019e8357dp-13,
                       0x1.71de37961e4c6p-19, -0x1.ae600a926c89ap-26, 0x1.5e0af186af739p-33};
  constexpr double c[]{0x1.5555555555555p-5,   -0x1.6c16c16c16966p-10, 0x1.a01a019f4e867p-16,
                       -0x1.27e4fa17a41b4p-22, 0x1.1eeb68b109173p-29,  -0x1.907d7aebd5e3dp-37};
  constexpr double quarter_0 = 0x1.921fb54442d18p+0;  // π/2 in two parts, of which q times the first is exact
  constexpr double quarter_1 = 0x1.1a62633145c07p-54;
  constexpr double to_integer = 0x1.8p52;
  const BothReals angle = reals(2 * std::numbers::pi) * v;
  const BothReals shifted = reals(4) * v + reals(to_integer);
  const BothWords quadrant = bits_of(shifted);  // its lowest bits
  const BothReals q = shifted - reals(to_integer);
  const BothReals r = (angle - q * reals(quarter_0)) - q * reals(quarter_1);
  const BothReals z = r * r;
  const BothReals sine = r + r * (z * polynomial(s, z));
  const BothReals cosine = (reals(1) - reals(0.5) * z) + z * z * polynomial(c, z);
  const BothWords is_odd = quadrant << 63;
  const BothWords sign_of_cosine = ((quadrant + words(1)) & words(2)) << 62;
  const BothWords sign_of_sine = (quadrant & words(2)) << 62;
  return {with_bits(bits_of(select(is_odd, sine, cosine)) ^ sign_of_cosine),
          with_bits(bits_of(select(is_odd, cosine, sine)) ^ sign_of_sine)};
}

// One vector after the other, where a copy of both would go through memory.
template <class Vector, class T>
void store(const Both<Vector>& x, T* out) noexcept {
  static_assert(sizeof(Vector) == lane_count * sizeof(T));
  std::memcpy(out, &x.first, sizeof(Vector));
  std::memcpy(out + lane_count, &x.second, sizeof(Vector));
}

BothReals load(const double* x) noexcept {
  BothReals result;
  std::memcpy(&result.first, x, sizeof(Reals));
  std::memcpy(&result.second, x + lane_count, sizeof(Reals));
  return result;
}

// out ← a₀ b₀ a₁ b₁ …
template <class Vector, class T>
void store_interleaved(Vector a, Vector b, T* out) noexcept {
  static_assert(sizeof(Vector) == lane_count * sizeof(T));
  const Vector first = interleaved_first(a, b);
  const Vector second = interleaved_second(a, b);
  std::memcpy(out, &first, sizeof(first));
  std::memcpy(out + lane_count, &second, sizeof(second));
}

void store_pairs(BothReals a, BothReals b, double* out) noexcept {
  store_interleaved(a.first, b.first, out);
  store_interleaved(a.second, b.second, out + 2 * lane_count);
}

void store_pairs(BothWords a, BothWords b, std::int64_t* out) noexcept {
  store_interleaved(a.first, b.first, out);
  store_interleaved(a.second, b.second, out + 2 * lane_count);
}

// Rounded to float.
void store_pairs(BothReals a, BothReals b, float* out) noexcept {
  const auto rounded = [](Reals x) { return __builtin_convertvector(x, Floats); };
  store_interleaved(rounded(a.first), rounded(b.first), out);
  store_interleaved(rounded(a.second), rounded(b.second), out + 2 * lane_count);
}

// f(blocks, T* of a pack), for all of them; the last ones by way of a copy.
template <class T, class F>
void for_each_pack(const RandomStretch& stretch, T* out, std::size_t count, F f) noexcept {
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
    const auto number = [=](BothReals u) { return smaller(reals(low) + reals(range) * u, reals(last)); };
    store_pairs(number(unit_interval(b.w0, b.w1)), number(unit_interval(b.w2, b.w3)), to);
  });
}

// In passes over a few packs at a time: of a short pass many are under way at once, where a long one would wait for its
// chain of operations.
void normal_reals(const RandomStretch& stretch, double mean, double deviation, double* out,
                  std::size_t count) noexcept {
  constexpr std::size_t most = 256;  // numbers at a time
  alignas(64) double radius[most / 2];
  alignas(64) double turn[most / 2];
  Philox philox{stretch};
  for (std::size_t i = 0; i < count; i += most) {
    const std::size_t left = count - i < most ? count - i : most;
    for (std::size_t j = 0; j < left; j += pack) {
      const Blocks b = philox.next();
      store(unit_interval(b.w0, b.w1), radius + j / 2);
      store(unit_interval(b.w2, b.w3), turn + j / 2);
    }
    for (std::size_t j = 0; j < left; j += pack) {
      const BothReals u = load(radius + j / 2);
      store(reals(deviation) * square_root(reals(-2) * logarithm(reals(1) - u)), radius + j / 2);
    }
    const auto finish = [&](std::size_t j, double* to) {
      const BothReals r = load(radius + j / 2);
      const auto [cosine, sine] = circle(load(turn + j / 2));
      store_pairs(reals(mean) + r * cosine, reals(mean) + r * sine, to);
    };
    std::size_t j = 0;
    for (; j + pack <= left; j += pack) {
      finish(j, out + i + j);
    }
    if (j < left) {
      double rest[pack];
      finish(j, rest);
      std::memcpy(out + i + j, rest, (left - j) * sizeof(double));
    }
  }
}

constexpr std::size_t single_lanes = both_count;

Singles load(const float* x) noexcept {
  Singles result;
  std::memcpy(&result, x, sizeof(result));
  return result;
}
HalfWords load(const HalfWord* x) noexcept {
  HalfWords result;
  std::memcpy(&result, x, sizeof(result));
  return result;
}
template <class Vector, class T>
void store_one(Vector x, T* out) noexcept {
  std::memcpy(out, &x, sizeof(x));
}

Singles singles(float number) noexcept {
  return Singles{} + number;
}
Singles with_bits(HalfWords x) noexcept {
  return reinterpret_cast<Singles>(x);
}
HalfWords bits_of(Singles x) noexcept {
  return reinterpret_cast<HalfWords>(x);
}
Singles converted(HalfWords x) noexcept {  // as signed numbers
  return __builtin_convertvector(reinterpret_cast<Integers>(x), Singles);
}

// √(−2 ln u), u = (w + ½) / 2³² rounded to float. As logarithm(), in float32: t = 2²⁴ u = 2ᵉ m.
[[gnu::always_inline]] inline Singles radius_of(HalfWords w) noexcept {
  constexpr HalfWord root_of_half = 0x3F3504F3U;
  constexpr HalfWord bias = 64;
  constexpr HalfWord fraction = 0x007FFFFFU;
  constexpr float ln2_upper = 0x1.62e4p-1F;  // e ln2_upper is exact
  constexpr float ln2_lower = 0x1.7f7d1cp-20F;
  const Singles t = converted(w >> 8) + (converted(w & 0xFFU) * singles(0x1p-8F) + singles(0x1p-9F));
  const HalfWords shifted = bits_of(t) - (root_of_half - (bias << 23U));
  const Singles e = converted(shifted >> 23) - singles(24 + static_cast<float>(bias));
  const Singles f = with_bits((shifted & fraction) + root_of_half) - singles(1);
  const Singles s = f / (singles(2) + f);
  const Singles z = s * s;
  const Singles p = (singles(0x1.555556p-1F) + singles(0x1.999a4ep-2F) * z) +
                    (singles(0x1.244228p-2F) + singles(0x1.e1bfcep-3F) * z) * (z * z);
  const Singles half_square = singles(0.5F) * f * f;
  const Singles inner = s * (half_square + z * p) + e * singles(ln2_lower);
  return square_root(singles(-2) * (e * singles(ln2_upper) + (f - (half_square - inner))));
}

struct Point {
  Singles x;
  Singles y;
};

// A point of the unit circle: the lower 30 bits of w are d, from −2²⁹ on, and a = (d + ½) / 2³⁰ · π/2; (±cos a, sin a)
// or (sin a, ±cos a) by the other two. sin and cos by the polynomials of Cephes' sinf (S. Moshier).
[[gnu::always_inline]] inline Point point_of(HalfWords w) noexcept {
  constexpr auto scale = static_cast<float>(std::numbers::pi * 0x1p-33);
  const Singles a = converted((w << 2) | 2U) * singles(scale);
  const Singles z = a * a;
  const Singles sine =
      a + a * (z * ((singles(-1.9515295891e-4F) * z + singles(8.3321608736e-3F)) * z + singles(-1.6666654611e-1F)));
  const Singles cosine = (singles(1) - singles(0.5F) * z) +
                         (z * z) * ((singles(2.443315711809948e-5F) * z + singles(-1.388731625493765e-3F)) * z +
                                    singles(4.166664568298827e-2F));
  const Singles turned = with_bits(bits_of(cosine) ^ (w & 0x80000000U));
  const HalfWords swap = w << 1;
  return {select(swap, sine, turned), select(swap, turned, sine)};
}

// In passes, as above. Four numbers from each block.
void normal_singles(const RandomStretch& stretch, double mean, double deviation, float* out,
                    std::size_t count) noexcept {
  constexpr std::size_t group = normal_group;
  constexpr std::size_t most = 4 * group;  // blocks at a time
  alignas(64) HalfWord drawn[4][most];
  alignas(64) float radius[2][most];
  float whole[4 * most];
  const auto limited = [](double x) {
    constexpr double largest = 0x1.fffffep127;
    return singles(static_cast<float>(x < largest ? x : largest));
  };
  const Singles centre = singles(static_cast<float>(mean));
  const Singles width = limited(deviation);
  Philox philox{stretch, true};
  for (std::size_t i = 0; i < count; i += 4 * most) {
    const std::size_t left = count - i < 4 * most ? count - i : 4 * most;
    const std::size_t blocks = (left + 4 * group - 1) / (4 * group) * group;
    for (std::size_t b = 0; b < blocks; b += both_count) {
      const Blocks next = philox.next();
      store_one(packed(next.w0.first, next.w0.second), drawn[0] + b);
      store_one(packed(next.w1.first, next.w1.second), drawn[1] + b);
      store_one(packed(next.w2.first, next.w2.second), drawn[2] + b);
      store_one(packed(next.w3.first, next.w3.second), drawn[3] + b);
    }
    for (std::size_t pair = 0; pair < 2; ++pair) {
      for (std::size_t b = 0; b < blocks; b += single_lanes) {
        store_one(width * radius_of(load(drawn[2 * pair] + b)), radius[pair] + b);
      }
    }
    float* const to = left < 4 * blocks ? whole : out + i;
    for (std::size_t pair = 0; pair < 2; ++pair) {
      for (std::size_t b = 0; b < blocks; b += single_lanes) {
        const Singles r = load(radius[pair] + b);
        const auto [x, y] = point_of(load(drawn[2 * pair + 1] + b));
        float* const place = to + b / group * (4 * group) + pair * (2 * group) + b % group;
        store_one(centre + r * x, place);
        store_one(centre + r * y, place + group);
      }
    }
    if (to == whole) {
      std::memcpy(out + i, whole, left * sizeof(float));
    }
  }
}

// 1 where the lane is all ones, 0 where it is 0.
void store_ones(BothWords a, BothWords b, double* out) noexcept {
  const BothWords one = bits_of(reals(1));
  store_pairs(with_bits(a & one), with_bits(b & one), out);
}
void store_ones(BothWords a, BothWords b, float* out) noexcept {
  const BothWords one = bits_of(reals(1));
  store_pairs(with_bits(a & one), with_bits(b & one), out);
}
void store_ones(BothWords a, BothWords b, std::int64_t* out) noexcept {
  store_pairs(a & words(1), b & words(1), out);
}
void store_ones(BothWords a, BothWords b, bool* out) noexcept {
  const BothWords pairs = (a & words(1)) | (b & words(0x100));
  for (std::size_t i = 0; i < both_count; ++i) {
    const auto pair = static_cast<std::uint16_t>(i < lane_count ? pairs.first[i] : pairs.second[i - lane_count]);
    std::memcpy(out + 2 * i, &pair, sizeof(pair));
  }
}

template <class T>
void bernoulli(const RandomStretch& stretch, double probability, T* out, std::size_t count) noexcept {
  for_each_pack(stretch, out, count, [=](const Blocks& b, T* to) {
    const BothReals p = reals(probability);
    store_ones(is_less(unit_interval(b.w0, b.w1), p), is_less(unit_interval(b.w2, b.w3), p), to);
  });
}

void first_words(const RandomStretch& stretch, std::uint64_t* out, std::size_t count) noexcept {
  Philox philox{stretch};
  const auto next = [&philox] {
    const Blocks b = philox.next();
    return (b.w0 << half_bits) | (b.w1 & words(lower_half));
  };
  std::size_t i = 0;
  for (; i + both_count <= count; i += both_count) {
    store(next(), out + i);
  }
  if (i < count) {
    Word rest[both_count];
    store(next(), rest);
    std::memcpy(out + i, rest, (count - i) * sizeof(Word));
  }
}

}  // namespace

const RandomKernels& random_kernels() noexcept {
  static constexpr RandomKernels kernels{
      .float32 = {.uniform = &uniform<float>, .normal = &normal_singles},
      .float64 = {.uniform = &uniform<double>, .normal = &normal_reals},
      .bernoulli_float32 = &bernoulli<float>,
      .bernoulli_float64 = &bernoulli<double>,
      .bernoulli_int64 = &bernoulli<std::int64_t>,
      .bernoulli_boolean = &bernoulli<bool>,
      .words = &first_words,
  };
  return kernels;
}

// NOLINTEND(performance-unnecessary-value-param)

}  // namespace xgrad::run::XGRAD_ISA
