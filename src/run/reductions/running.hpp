#pragma once

#include <cstdint>

#include "run/reductions/axis_view.hpp"

/// What runs along an axis besides sums; see scan.hpp. `out` may be an input. Floating numbers are carried on in
/// double.
namespace xgrad::run {

/// out[o, j, i] ← Π x[o, k, i] over k ≤ j. T is float, double or std::int64_t, which wraps.
template <class T>
void cumulative_product(const T* x, const AxisView& view, T* out);

/// out[o, j, i] ← log Σ e^x[o, k, i] over k ≤ j, where no e^x over- or underflows. T is floating.
template <class T>
void cumulative_logsumexp(const T* x, const AxisView& view, T* out);

/// With e the sum of all e^x[o, k, i] over k ≤ j: out[o, j, i] ← e^x[o, j, i] / e, the share of the last one, or the
/// rest, right wherever these are normal numbers. At j = 0, 1 and 0; later NaN if e = 0. T is floating.
template <class T>
void shares_of_last(const T* x, const AxisView& view, T* out);
template <class T>
void shares_before_last(const T* x, const AxisView& view, T* out);

/// out[o, j, i] ← the index k ≤ j of the first largest or smallest x[o, k, i]; NaN counts as both. T is float, double
/// or std::int64_t.
template <class T>
void running_max(const T* x, const AxisView& view, std::int64_t* out);
template <class T>
void running_min(const T* x, const AxisView& view, std::int64_t* out);

/// out[o, j, i] ← b[o, j, i] + a[o, j, i] out[o, j − 1, i], or out[o, j + 1, i] in reverse; what is before the first
/// one is 0. A product in which what runs is 0 is 0, and so is one of a = 0 and an infinity. T is floating.
template <class T>
void linear_recurrence(const T* a, const T* b, const AxisView& view, bool reverse, T* out);

}  // namespace xgrad::run
