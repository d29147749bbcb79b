#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "xgrad/shape.hpp"

namespace xgrad::run {

using Steps = std::array<std::int64_t, Shape::max_rank>;

/// Where the elements of an array are in memory: (i₀, i₁, …) at offset + Σ iₐ steps[a], counted in elements. A step may
/// be negative or 0.
struct Layout {
  std::int64_t offset = 0;
  Steps steps{};

  friend bool operator==(const Layout&, const Layout&) = default;
};

/// The steps of a contiguous row-major array.
[[nodiscard]] Steps steps_of(const Shape& shape) noexcept;

/// Whether the elements lie one after another, in row-major order; the offset may be any.
[[nodiscard]] bool is_dense(const Layout& layout, const Shape& shape) noexcept;

/// The same elements in row-major order under another shape of the same size; nothing if no steps give that.
[[nodiscard]] std::optional<Layout> reshaped(const Layout& layout, const Shape& from, const Shape& to) noexcept;

}  // namespace xgrad::run
