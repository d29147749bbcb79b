#pragma once

#include "run/reductions/axis_view.hpp"

/// Normalised exponentials along an axis: with m the largest element and s = Σ e^(x−m), which is at least 1, nothing
/// overflows. An infinite m counts as equal to itself, x − m = 0: a single ∞ takes all, and a row of −∞ is uniform. A
/// NaN makes its row NaN. T is float or double. `out` may be x.
namespace xgrad::run {

/// e^(x−m) / s.
template <class T>
void softmax(const T* x, const AxisView& view, T* out);
/// x − m − log s.
template <class T>
void log_softmax(const T* x, const AxisView& view, T* out);
/// m + log s; `out` is (outer, inner). Of nothing: −∞.
template <class T>
void logsumexp(const T* x, const AxisView& view, T* out);

}  // namespace xgrad::run
