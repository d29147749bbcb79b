#pragma once

#include <array>
#include <cstdint>

namespace xgrad::run {

/// Philox4x32-10: a counter and a key to four random words, by ten rounds. Salmon et al., "Parallel random numbers: as
/// easy as 1, 2, 3", SC 2011; the constants are the paper's.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                            std::array<std::uint32_t, 2> key) noexcept {
  constexpr std::uint64_t multiplier_0 = 0xD2511F53U;
  constexpr std::uint64_t multiplier_1 = 0xCD9E8D57U;
  constexpr std::uint32_t weyl_0 = 0x9E3779B9U;
  constexpr std::uint32_t weyl_1 = 0xBB67AE85U;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product_0 = multiplier_0 * counter[0];
    const std::uint64_t product_1 = multiplier_1 * counter[2];
    counter = {
        static_cast<std::uint32_t>(product_1 >> 32U) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product_1),
        static_cast<std::uint32_t>(product_0 >> 32U) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(product_0)};
    key[0] += weyl_0;
    key[1] += weyl_1;
  }
  return counter;
}

/// Block `index` of a stream of a seed.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox(std::uint64_t seed, std::uint64_t stream,
                                                            std::uint64_t index) noexcept {
  const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
  const auto high = [](std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32U); };
  return philox({low(index), high(index), low(stream), high(stream)}, {low(seed), high(seed)});
}

/// Two words of a block as a number in [0, 1) with 53 random bits; pair is 0 or 1.
[[nodiscard]] constexpr double unit_interval(const std::array<std::uint32_t, 4>& block, std::size_t pair) noexcept {
  const std::uint64_t word = (static_cast<std::uint64_t>(block[2 * pair]) << 32U) | block[2 * pair + 1];
  return static_cast<double>(word >> 11U) * 0x1p-53;
}

}  // namespace xgrad::run
