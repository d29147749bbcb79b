#include "run/reductions/gather.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <type_traits>

#include "xgrad/error.hpp"

#include "run/reductions/indexed_sums.hpp"

namespace xgrad::run {

namespace {

[[noreturn]] void throw_out_of_range(std::string_view operation, std::int64_t index, std::int64_t length) {
  throw ValueError(fmt::format("[{}] index {} for an axis of length {}; expected {} to {}", operation, index, length,
                               -length, length - 1));
}

std::int64_t resolve(std::string_view operation, std::int64_t index, std::int64_t length) {
  if (index < -length || index >= length) [[unlikely]] {
    throw_out_of_range(operation, index, length);
  }
  return index < 0 ? index + length : index;
}

// int64 wraps, as everywhere.
template <class T>
void add(T& to, T from) noexcept {
  if constexpr (std::is_integral_v<T>) {
    to = static_cast<T>(static_cast<std::uint64_t>(to) + static_cast<std::uint64_t>(from));
  } else {
    to += from;
  }
}

using One = std::integral_constant<std::int64_t, 1>;

// f(element of the indexed array, element of the other one), for all of the latter. Indices are in range.
template <class F>
void for_each_indexed(const AxisView& view, const std::int64_t* indices, std::int64_t count, F f) {
  const auto [outer, length, inner] = view;
  std::int64_t k = 0;
  for (std::int64_t o = 0; o < outer; ++o) {
    const std::int64_t base = o * length * inner;
    if (inner == 1) {
      for (const std::int64_t end = k + count; k < end; ++k) {
        f(base + row_of(indices[k], length), k);
      }
      continue;
    }
    for (std::int64_t j = 0; j < count; ++j) {
      for (std::int64_t i = 0; i < inner; ++i, ++k) {
        f(base + row_of(indices[k], length) * inner + i, k);
      }
    }
  }
}

}  // namespace

void require_in_range(std::string_view operation, const std::int64_t* indices, std::int64_t count,
                      std::int64_t length) {
  // index + length and length − 1 − index are both at least 0. No comparison, so that the loop is vectorised.
  const auto shift = static_cast<std::uint64_t>(length);
  std::uint64_t signs = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::uint64_t>(indices[i]);
    signs |= (index + shift) | (shift - 1 - index);
  }
  if (signs >> 63U != 0) [[unlikely]] {
    std::for_each(indices, indices + count, [=](std::int64_t index) { resolve(operation, index, length); });
  }
}

template <class T>
void take(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices, std::int64_t count,
          T* out) {
  require_in_range(operation, indices, count, view.length);
  for (std::int64_t o = 0; o < view.outer; ++o, x += view.length * view.inner) {
    for (std::int64_t j = 0; j < count; ++j) {
      out = std::copy_n(x + row_of(indices[j], view.length) * view.inner, view.inner, out);
    }
  }
}

std::size_t take_adjoint_bytes(DType dtype, const AxisView& view, std::int64_t count) noexcept {
  return dtype == float32 ? indexed_sums_bytes(view.length, view.inner, count, count) : 0;
}

std::size_t scatter_add_bytes(DType dtype, const AxisView& view, std::int64_t count) noexcept {
  const std::int64_t sums = view.outer * view.length * view.inner;
  // NOLINTNEXTLINE(readability-suspicious-call-argument): at most `count` terms meet in a sum
  return dtype == float32 ? indexed_sums_bytes(sums, 1, view.outer * count * view.inner, count) : 0;
}

template <class T>
void take_adjoint(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices,
                  std::int64_t count, T* out, [[maybe_unused]] std::byte* workspace) {
  require_in_range(operation, indices, count, view.length);
  for (std::int64_t o = 0; o < view.outer; ++o, out += view.length * view.inner) {
    if constexpr (std::is_same_v<T, float>) {
      if (view.inner == 1) {
        add_indexed(out, view.length, One{}, count, count, workspace,
                    [x, indices, count, length = view.length](auto f) {
                      for (std::int64_t j = 0; j < count; ++j) {
                        f(row_of(indices[j], length), x + j);
                      }
                    });
      } else {
        add_indexed_rows(out, view.length, view.inner, indices, count, x, workspace);
      }
      x += count * view.inner;
    } else {
      std::fill_n(out, view.length * view.inner, T{0});
      for (std::int64_t j = 0; j < count; ++j, x += view.inner) {
        T* to = out + row_of(indices[j], view.length) * view.inner;
        for (std::int64_t i = 0; i < view.inner; ++i) {
          add(to[i], x[i]);
        }
      }
    }
  }
}

template <class T>
void gather(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices,
            std::int64_t count, T* out) {
  require_in_range(operation, indices, view.outer * count * view.inner, view.length);
  for_each_indexed(view, indices, count, [=](std::int64_t from, std::int64_t k) { out[k] = x[from]; });
}

template <class T>
void scatter(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices,
             const T* updates, std::int64_t count, T* out) {
  require_in_range(operation, indices, view.outer * count * view.inner, view.length);
  std::copy_n(x, view.outer * view.length * view.inner, out);
  for_each_indexed(view, indices, count, [=](std::int64_t to, std::int64_t k) { out[to] = updates[k]; });
}

template <class T>
void scatter_add(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices,
                 std::int64_t count, T* out, [[maybe_unused]] std::byte* workspace) {
  const std::int64_t terms = view.outer * count * view.inner;
  require_in_range(operation, indices, terms, view.length);
  const std::int64_t sums = view.outer * view.length * view.inner;
  if constexpr (std::is_same_v<T, float>) {
    // NOLINTNEXTLINE(readability-suspicious-call-argument): at most `count` terms meet in a sum
    add_indexed(out, sums, One{}, terms, count, workspace, [&](auto f) {
      for_each_indexed(view, indices, count, [&](std::int64_t to, std::int64_t k) { f(to, x + k); });
    });
  } else {
    std::fill_n(out, sums, T{0});
    for_each_indexed(view, indices, count, [=](std::int64_t to, std::int64_t k) { add(out[to], x[k]); });
  }
}

// clang-format off
// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define XGRAD_SELECTION(T) /* NOLINT(cppcoreguidelines-macro-usage) */                                                 \
  template void take<T>(std::string_view, const T*, const AxisView&, const std::int64_t*, std::int64_t, T*);           \
  template void gather<T>(std::string_view, const T*, const AxisView&, const std::int64_t*, std::int64_t, T*);         \
  template void scatter<T>(std::string_view, const T*, const AxisView&, const std::int64_t*, const T*, std::int64_t, T*)
#define XGRAD_ACCUMULATION(T) /* NOLINT(cppcoreguidelines-macro-usage) */                                              \
  template void take_adjoint<T>(std::string_view, const T*, const AxisView&, const std::int64_t*, std::int64_t, T*,    \
                                std::byte*);                                                                           \
  template void scatter_add<T>(std::string_view, const T*, const AxisView&, const std::int64_t*, std::int64_t, T*,     \
                               std::byte*)
// NOLINTEND(bugprone-macro-parentheses)
// clang-format on
XGRAD_SELECTION(float);
XGRAD_SELECTION(double);
XGRAD_SELECTION(std::int64_t);
XGRAD_SELECTION(bool);
XGRAD_ACCUMULATION(float);
XGRAD_ACCUMULATION(double);
XGRAD_ACCUMULATION(std::int64_t);
#undef XGRAD_SELECTION
#undef XGRAD_ACCUMULATION

}  // namespace xgrad::run
