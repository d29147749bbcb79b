#include "run/scan.hpp"

#include <algorithm>

#include "run/folds.hpp"

namespace xgrad::run {

template <class T>
void cumulative_sum(const T* x, const AxisView& view, bool reverse, T* out) {
  if (view.length == 0) {
    return;
  }
  const std::int64_t step = reverse ? -view.inner : view.inner;
  const std::int64_t first = reverse ? (view.length - 1) * view.inner : 0;
  for (std::int64_t o = 0; o < view.outer; ++o, x += view.length * view.inner, out += view.length * view.inner) {
    std::copy_n(x + first, view.inner, out + first);
    std::int64_t previous = first;
    for (std::int64_t j = 1; j < view.length; ++j) {
      const std::int64_t current = previous + step;
      for (std::int64_t i = 0; i < view.inner; ++i) {
        out[current + i] = Sum<T>::combine(out[previous + i], x[current + i]);
      }
      previous = current;
    }
  }
}

template void cumulative_sum<float>(const float*, const AxisView&, bool, float*);
template void cumulative_sum<double>(const double*, const AxisView&, bool, double*);
template void cumulative_sum<std::int64_t>(const std::int64_t*, const AxisView&, bool, std::int64_t*);

}  // namespace xgrad::run
