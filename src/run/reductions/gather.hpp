#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "xgrad/dtype.hpp"

#include "run/reductions/axis_view.hpp"

/// Selecting along an axis by index. Indices in [−length, 0) count from the back; one out of range is a ValueError that
/// names `operation`. T is any element type for the selections; float, double or std::int64_t for their adjoints.
namespace xgrad::run {

/// Throws that error. To be asked before the first element is written, so that an error leaves the output alone; takes
/// no memory.
void require_in_range(std::string_view operation, const std::int64_t* indices, std::int64_t count, std::int64_t length);

/// out[o, j, i] ← x[o, indices[j], i], for `count` indices. `x` is the view of the array that is selected from.
template <class T>
void take(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices, std::int64_t count,
          T* out);
/// out ← 0, out[o, indices[j], i] += x[o, j, i]. `view` is out's; `workspace` has take_adjoint_bytes(), aligned to 64.
template <class T>
void take_adjoint(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices,
                  std::int64_t count, T* out, std::byte* workspace);
[[nodiscard]] std::size_t take_adjoint_bytes(DType dtype, const AxisView& view, std::int64_t count) noexcept;

/// out[o, j, i] ← x[o, indices[o, j, i], i], for j < count. `view` is x's.
template <class T>
void gather(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices,
            std::int64_t count, T* out);
/// out ← x, out[o, indices[o, j, i], i] ← updates[o, j, i], in the order of j. `view` is x's. They don't overlap.
template <class T>
void scatter(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices,
             const T* updates, std::int64_t count, T* out);
/// out ← 0, out[o, indices[o, j, i], i] += x[o, j, i]. `view` is out's; `workspace` has scatter_add_bytes(), aligned
/// to 64.
template <class T>
void scatter_add(std::string_view operation, const T* x, const AxisView& view, const std::int64_t* indices,
                 std::int64_t count, T* out, std::byte* workspace);
[[nodiscard]] std::size_t scatter_add_bytes(DType dtype, const AxisView& view, std::int64_t count) noexcept;

}  // namespace xgrad::run
