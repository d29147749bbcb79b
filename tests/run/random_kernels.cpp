#include "run/kernels/random_kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <functional>
#include <memory>
#include <numbers>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "xgrad/random.hpp"
#include "xgrad/threads.hpp"

#include "run/philox.hpp"

namespace xg = xgrad;
using xg::run::RandomKernels;
using xg::run::RandomStretch;
using Values = std::vector<double>;

namespace {

struct InstructionSet {
  std::string name;
  const RandomKernels& kernels;
};

/// Those that this machine can run.
std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets{{"baseline", xg::run::baseline::random_kernels()}};
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2) {
    sets.push_back({"avx2", xg::run::avx2::random_kernels()});
  }
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    sets.push_back({"avx512", xg::run::avx512::random_kernels()});
  }
  return sets;
}

/// What `fill` makes of `count` elements of T, and whether it left alone what is behind them.
template <class T>
Values made(std::size_t count, const std::function<void(T*)>& fill) {
  const std::size_t guarded = count + 8;
  const auto out = std::make_unique<T[]>(guarded);  // NOLINT(modernize-avoid-c-arrays): of bool too
  std::fill_n(out.get(), guarded, T{1});
  fill(out.get());
  CHECK(std::all_of(out.get() + count, out.get() + guarded, [](T x) { return x == T{1}; }));
  Values result(count);
  std::transform(out.get(), out.get() + count, result.begin(), [](T x) { return static_cast<double>(x); });
  return result;
}

constexpr double probability = 0.3;

struct Kernel {
  const char* name;
  Values (*numbers)(const RandomKernels& kernels, const RandomStretch& stretch, std::size_t count);
  std::uint64_t blocks = 1;  // that belong together
  std::size_t from_these = 2;
};

const std::vector<Kernel> all_kernels{
    {"uniform float32",
     [](const RandomKernels& k, const RandomStretch& s, std::size_t n) {
       return made<float>(n, [&](float* out) { k.float32.uniform(s, -1, 3, 2 - 0x1p-23, out, n); });
     }},
    {"uniform float64",
     [](const RandomKernels& k, const RandomStretch& s, std::size_t n) {
       return made<double>(n, [&](double* out) { k.float64.uniform(s, -1, 3, 2 - 0x1p-52, out, n); });
     }},
    {"normal float32",
     [](const RandomKernels& k, const RandomStretch& s, std::size_t n) {
       return made<float>(n, [&](float* out) { k.float32.normal(s, 0, 1, out, n); });
     },
     xg::run::normal_group, 4 * xg::run::normal_group},
    {"normal float64",
     [](const RandomKernels& k, const RandomStretch& s, std::size_t n) {
       return made<double>(n, [&](double* out) { k.float64.normal(s, 0, 1, out, n); });
     }},
    {"bernoulli float32",
     [](const RandomKernels& k, const RandomStretch& s, std::size_t n) {
       return made<float>(n, [&](float* out) { k.bernoulli_float32(s, probability, out, n); });
     }},
    {"bernoulli float64",
     [](const RandomKernels& k, const RandomStretch& s, std::size_t n) {
       return made<double>(n, [&](double* out) { k.bernoulli_float64(s, probability, out, n); });
     }},
    {"bernoulli int64",
     [](const RandomKernels& k, const RandomStretch& s, std::size_t n) {
       return made<std::int64_t>(n, [&](std::int64_t* out) { k.bernoulli_int64(s, probability, out, n); });
     }},
    {"bernoulli bool",
     [](const RandomKernels& k, const RandomStretch& s, std::size_t n) {
       return made<bool>(n, [&](bool* out) { k.bernoulli_boolean(s, probability, out, n); });
     }},
};

/// u and v of the blocks of a stretch, by the scalar generator that the published answers hold for.
Values unit_intervals(const RandomStretch& stretch, std::size_t count) {
  Values result;
  for (std::uint64_t i = stretch.first; result.size() < count; ++i) {
    const auto block = xg::run::philox(stretch.seed, stretch.stream, i);
    result.push_back(xg::run::unit_interval(block, 0));
    result.push_back(xg::run::unit_interval(block, 1));
  }
  result.resize(count);
  return result;
}

// Words of 64 bits in every part, and a block index that carries into its upper word.
const std::vector<RandomStretch> stretches{{0, 0, 0},
                                           {7, 3, 5},
                                           {0x9E3779B97F4A7C15U, 0xD1B54A32D192ED03U, 0xFFFFFFFDU},
                                           {~std::uint64_t{0}, ~std::uint64_t{0}, 0x123456789ABCDEFU}};

}  // namespace

TEST_CASE("random kernels: every instruction set gives the same bits, whatever the length and where a stretch begins") {
  const auto sets = instruction_sets();
  for (const Kernel& kernel : all_kernels) {
    CAPTURE(kernel.name);
    for (const RandomStretch& stretch : stretches) {
      const std::size_t many = 50 + 7 * kernel.from_these;
      const Values expected = kernel.numbers(xg::run::baseline::random_kernels(), stretch, many);
      for (const InstructionSet& set : sets) {
        CAPTURE(set.name);
        REQUIRE(kernel.numbers(set.kernels, stretch, many) == expected);
        for (std::size_t count = 0; count <= 50; ++count) {
          for (const std::uint64_t skipped : {0U, 1U, 7U}) {
            const RandomStretch later{stretch.seed, stretch.stream, stretch.first + skipped * kernel.blocks};
            const auto first = expected.begin() + static_cast<std::ptrdiff_t>(kernel.from_these * skipped);
            REQUIRE(kernel.numbers(set.kernels, later, count) ==
                    Values(first, first + static_cast<std::ptrdiff_t>(count)));
          }
        }
      }
    }
  }
}

TEST_CASE("random kernels: words, uniform and bernoulli numbers are what the scalar generator gives, to the bit") {
  constexpr std::size_t count = 4001;
  for (const InstructionSet& set : instruction_sets()) {
    CAPTURE(set.name);
    for (const RandomStretch& stretch : stretches) {
      const Values u = unit_intervals(stretch, count);
      std::array<std::vector<double>, 8> found;
      for (std::size_t i = 0; i < all_kernels.size(); ++i) {
        found[i] = all_kernels[i].numbers(set.kernels, stretch, count);
      }
      for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(found[0][i] == std::min(static_cast<double>(static_cast<float>(-1 + 3 * u[i])), 2 - 0x1p-23));
        REQUIRE(found[1][i] == -1 + 3 * u[i]);
        for (std::size_t j = 4; j < 8; ++j) {
          REQUIRE(found[j][i] == (u[i] < probability ? 1 : 0));
        }
      }
      std::vector<std::uint64_t> words(37);
      set.kernels.words(stretch, words.data(), words.size());
      for (std::size_t i = 0; i < words.size(); ++i) {
        const auto block = xg::run::philox(stretch.seed, stretch.stream, stretch.first + i);
        REQUIRE(words[i] == ((static_cast<std::uint64_t>(block[0]) << 32U) | block[1]));
      }
    }
  }
}

// r cos a and r sin a with r = √(−2 ln(1 − u)) and a = 2πv rounded to double, in extended precision.
TEST_CASE("random kernels: normal numbers of float64 are Box and Muller's to 4 ulp") {
  constexpr std::size_t count = 200'000;
  const RandomStretch stretch{11, 5, 0};
  const Values u = unit_intervals(stretch, count);
  const RandomKernels& kernels = xg::run::baseline::random_kernels();
  std::vector<double> doubles(count);
  kernels.float64.normal(stretch, 0, 1, doubles.data(), count);
  double worst = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t pair = i - i % 2;
    const long double radius = std::sqrt(-2 * std::log(static_cast<long double>(1 - u[pair])));
    const long double angle = 2 * std::numbers::pi * u[pair + 1];
    const long double exact = radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
    const double ulp = std::ldexp(1.0, std::ilogb(exact) - 52);
    worst = std::max(worst, static_cast<double>(std::abs(static_cast<long double>(doubles[i]) - exact)) / ulp);
  }
  CHECK(worst < 4);
}

// u = (w₀ + ½) / 2³² rounded to float32, a = (d + ½) / 2³⁰ · π/2 with d in the lower 30 bits of w₁; the rest exactly.
TEST_CASE("random kernels: normal numbers of float32 are Box and Muller's to 8 ulp of the radius, four from a block") {
  constexpr std::size_t group = xg::run::normal_group;
  constexpr std::size_t blocks = 4096 * group;
  const RandomStretch stretch{11, 5, 3};
  std::vector<float> found(4 * blocks);
  xg::run::baseline::random_kernels().float32.normal(stretch, 0, 1, found.data(), found.size());
  long double worst = 0;
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto block = xg::run::philox(stretch.seed, stretch.stream, stretch.first + i);
    for (const std::size_t pair : {0U, 1U}) {
      const auto u = static_cast<float>((static_cast<double>(block[2 * pair]) + 0.5) * 0x1p-32);
      const std::uint32_t w = block[2 * pair + 1];
      const auto d = static_cast<std::int64_t>(w & 0x3FFFFFFFU) - ((w & 0x20000000U) != 0 ? 0x40000000 : 0);
      const long double radius = std::sqrt(-2 * std::log(static_cast<long double>(u)));
      const long double angle = (static_cast<long double>(d) + 0.5L) * 0x1p-31L * std::numbers::pi_v<long double>;
      long double x = radius * std::cos(angle) * ((w & 0x80000000U) != 0 ? -1 : 1);
      long double y = radius * std::sin(angle);
      if ((w & 0x40000000U) != 0) {
        std::swap(x, y);
      }
      const std::size_t at = i / group * (4 * group) + pair * (2 * group) + i % group;
      const long double error = std::max(std::abs(static_cast<long double>(found[at]) - x),
                                         std::abs(static_cast<long double>(found[at + group]) - y));
      worst = std::max(worst, error / std::ldexp(1.0L, std::ilogb(radius) - 23));
    }
  }
  CHECK(static_cast<double>(worst) < 8);
}

TEST_CASE("random kernels: mean and deviation scale a normal number") {
  const RandomStretch stretch{1, 2, 0};
  const RandomKernels& kernels = xg::run::baseline::random_kernels();
  std::vector<double> plain(100);
  std::vector<double> scaled(100);
  std::vector<double> constant(100);
  kernels.float64.normal(stretch, 0, 1, plain.data(), 100);
  kernels.float64.normal(stretch, 5, 0.25, scaled.data(), 100);
  kernels.float64.normal(stretch, 5, 0, constant.data(), 100);
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(scaled[i] == 5 + 0.25 * plain[i]);  // a power of two, so nothing rounds but the sum
    CHECK(constant[i] == 5);
  }
}

TEST_CASE("random: draws don't depend on the number of threads") {
  const auto draw = [](int threads) {
    xg::set_threads(threads);
    xg::Random random{3};
    const std::int64_t count = 700'001;
    const auto result = std::tuple{random.normal({count}).to_vector<float>(),
                                   random.uniform({count}, 0, 1, xg::float64).to_vector<double>(),
                                   random.bernoulli({count}, probability).to_vector<bool>()};
    xg::set_threads(1);
    return result;
  };
  const auto expected = draw(1);
  for (const int threads : {2, 3, 7}) {
    CHECK(draw(threads) == expected);
  }
}

// Fisher and Yates from the back; a number below the bound from the upper half of word times bound (Lemire), a word
// from each block.
TEST_CASE("random: a permutation is Fisher and Yates' with the words of its stream") {
  constexpr std::uint64_t seed = 21;
  xg::Random random{seed};
  std::uint64_t stream = 0;
  for (const std::int64_t count : {0, 1, 2, 3, 63, 64, 65, 66, 127, 128, 129, 130, 1000, 20'000}) {
    std::vector<std::int64_t> expected(static_cast<std::size_t>(count));
    std::iota(expected.begin(), expected.end(), std::int64_t{0});
    std::uint64_t index = 0;
    for (std::size_t left = expected.size(); left > 1; --left) {
      const auto block = xg::run::philox(seed, stream, index++);
      const std::uint64_t word = (static_cast<std::uint64_t>(block[0]) << 32U) | block[1];
      const auto other = static_cast<std::size_t>((static_cast<__uint128_t>(word) * left) >> 64U);
      std::swap(expected[left - 1], expected[other]);
    }
    ++stream;
    CHECK(random.permutation(count) == expected);
  }
}
