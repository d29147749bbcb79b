#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "xgrad/shape.hpp"

#include "check/layers/array.hpp"

/// One to three spatial axes as three, of which the first may have length 1.
namespace xgrad::check::manual {

/// Numbers per spatial axis in the last elements, `filler` before them; one number is for all `axes`. Throws ValueError
/// for another number of them, or one below `least`.
[[nodiscard]] Index<3> three_of(const char* function, const char* option, const std::vector<std::int64_t>& numbers,
                                std::size_t axes, std::int64_t filler, std::int64_t least);

/// The lengths of the last `axes` axes.
[[nodiscard]] Index<3> three_of(const Shape& shape, std::size_t axes);

/// `leading` axes, then these lengths without the fillers.
[[nodiscard]] Shape with_spatial(const std::vector<std::int64_t>& leading, const Index<3>& spatial, std::size_t axes);

}  // namespace xgrad::check::manual
