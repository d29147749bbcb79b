#pragma once

#include <algorithm>
#include <cblas.h>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "xgrad/shape.hpp"

#include "run/products/blas.hpp"
#include "run/threads.hpp"

namespace xgrad::run {

/// The axes before the last `inner`.
[[nodiscard]] Shape batch_of(const Shape& shape, std::size_t inner);

/// Which matrix of an operand belongs to a matrix of the result, whose batch axes the operand's broadcast to.
class BatchIndex {
 public:
  BatchIndex(const Shape& operand, const Shape& result);
  [[nodiscard]] std::int64_t operator()(std::int64_t index) const noexcept;

 private:
  Shape result_;
  Shape strides_;
  bool same_;
};

/// "" of a single matrix, else " in entry (2, 0) of the batch".
[[nodiscard]] std::string entry_text(std::int64_t index, const Shape& batch);

/// Throws ValueError if LAPACK's integers can't count the elements of such a matrix.
void require_countable(std::string_view operation, std::int64_t rows, std::int64_t columns);

template <class T>
[[nodiscard]] bool all_finite(const T* x, std::int64_t count) noexcept {
  return std::all_of(x, x + count, [](T each) { return std::isfinite(each); });
}

/// f(index) for every matrix of a batch, on several threads if the work, `cost` operations for each, is worth it;
/// OpenBLAS keeps to one thread for each. Of exceptions, the one of the first matrix that threw is rethrown.
template <class F>
void for_each_matrix(std::int64_t count, double cost, F f) {
  constexpr double enough = 2e5;
  const auto grain = static_cast<std::int64_t>(std::clamp(enough / std::max(cost, 1.0), 1.0, 1e9));
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    const OneBlasThread one_thread;
    for (std::int64_t i = begin; i < end; ++i) {
      f(i);
    }
  });
}

}  // namespace xgrad::run
