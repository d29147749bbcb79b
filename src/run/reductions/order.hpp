#pragma once

#include <cstddef>
#include <cstdint>

#include "xgrad/dtype.hpp"

#include "run/reductions/axis_view.hpp"

/// Where the elements along an axis go when they are sorted. T is float, double or std::int64_t.
namespace xgrad::run {

/// Where NaNs come in the order.
enum class Nans : std::uint8_t {
  last,
  first,
  everywhere,  ///< if there is one, the first of them is at every rank
};

/// The elements at the ranks `first`, first + 1, …, `count` of them. Equal ones are in the order of their indices.
struct Ranks {
  std::int64_t first = 0;
  std::int64_t count = 0;
  bool descending = false;
  Nans nans = Nans::last;
};

/// out[o, j, i] ← the index k of the x[o, k, i] at rank first + j. `view` is x's; `workspace` has
/// indices_at_ranks_bytes(), aligned to 64.
template <class T>
void indices_at_ranks(const T* x, const AxisView& view, const Ranks& ranks, std::int64_t* out, std::byte* workspace);
[[nodiscard]] std::size_t indices_at_ranks_bytes(DType dtype, const AxisView& view) noexcept;

}  // namespace xgrad::run
