#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "xgrad/shape.hpp"

/// Arrays less their mean and divided by their deviation, along axes; float and double.
namespace xgrad::run {

/// A contiguous array seen as (outer, rows, columns, run), row-major: normalised over rows and runs together, for each
/// of outer × columns.
struct NormalizedView {
  std::int64_t outer = 1;
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::int64_t run = 1;
};

/// Along these axes (sorted); none if they are further apart than that.
[[nodiscard]] std::optional<NormalizedView> normalized_view(const Shape& shape, std::span<const std::size_t> axes);

struct Normalization {
  bool centred;  ///< whether the mean is subtracted; without, the deviation is √(mean x² + ε)
  double epsilon;
};

/// The sums are added up in double, those of the squares over x less its rounded mean, and corrected for what that
/// rounding left over (Chan, Golub and LeVeque, The American Statistician 37, 1983). Right as long as x is finite,
/// though its sum or squares overflow. The same bits for any number of threads.
///
/// out ← (x − μ) / √(σ² + ε). `out` may be x.
template <class T>
void normalize(const T* x, const NormalizedView& view, const Normalization& normalization, T* out);
/// √(σ² + ε); `out` is (outer, columns). Of nothing: NaN.
template <class T>
void deviation(const T* x, const NormalizedView& view, const Normalization& normalization, T* out);

/// What normalize's derivative makes of g: out ← (g − mean(g) − mean(g ⊙ n) n) / d over the same elements, without
/// mean(g) unless `centred`; d is (outer, columns). Where g, or what it is divided, is 0, so is its share, whatever n
/// and d are. The means are added up in double. `out` may be g or n. The same bits for any number of threads.
template <class T>
void normalize_adjoint(const T* g, const T* n, const T* d, const NormalizedView& view, bool centred, T* out);

/// out ← Σ g ⊙ n over the same elements, added up in double; where g is 0, so is the product, whatever n is. `out` is
/// (outer, columns). The same bits for any number of threads.
template <class T>
void sum_of_products(const T* g, const T* n, const NormalizedView& view, T* out);

}  // namespace xgrad::run
