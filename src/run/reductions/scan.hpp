#pragma once

#include "run/reductions/axis_view.hpp"

namespace xgrad::run {

/// out[o, j, i] ← Σ x[o, k, i] over k ≤ j, or over k ≥ j in reverse. T is float, double or std::int64_t, which wraps.
template <class T>
void cumulative_sum(const T* x, const AxisView& view, bool reverse, T* out);

}  // namespace xgrad::run
