#include "run/settings.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>

#include "xgrad/error.hpp"

namespace xgrad::run {

namespace {

constexpr std::array<std::string_view, 3> isa_names{"baseline", "avx2", "avx512"};

Isa widest() noexcept {
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (!has_avx2) {
    return Isa::baseline;
  }
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return has_avx512 ? Isa::avx512 : Isa::avx2;
}

// The place of the variable's value among the values it may have; `otherwise` if it isn't set.
std::size_t choice(const char* variable, std::span<const std::string_view> values, std::size_t otherwise) {
  const char* const set = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): read once, under a static's guard
  const std::string_view wish = set == nullptr ? "" : set;
  if (wish.empty()) {
    return otherwise;
  }
  const auto found = std::find(values.begin(), values.end(), wish);
  if (found == values.end()) {
    throw ValueError(fmt::format("[environment] {}={}: expected {}", variable, wish, fmt::join(values, " or ")));
  }
  return static_cast<std::size_t>(found - values.begin());
}

Isa wanted_isa() {
  const Isa machine = widest();
  const auto isa = static_cast<Isa>(choice("XGRAD_ISA", isa_names, static_cast<std::size_t>(machine)));
  if (isa > machine) {
    throw ValueError(
        fmt::format("[environment] XGRAD_ISA={}: this machine has {} at most", name_of(isa), name_of(machine)));
  }
  return isa;
}

Settings read() {
  constexpr std::array<std::string_view, 2> products{"plain", "measured"};
  constexpr std::array<std::string_view, 2> optimize{"0", "1"};
  return {.isa = wanted_isa(),
          .measure_products = choice("XGRAD_PRODUCTS", products, 1) == 1,
          .optimize = choice("XGRAD_OPTIMIZE", optimize, 1) == 1};
}

}  // namespace

std::string_view name_of(Isa isa) noexcept {
  return isa_names.at(static_cast<std::size_t>(isa));
}

const Settings& settings() {
  static const Settings read_once = read();
  return read_once;
}

}  // namespace xgrad::run
