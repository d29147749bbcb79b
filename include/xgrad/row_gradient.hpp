#pragma once

#include <optional>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

/// A gradient that is zero but in some rows.
struct RowGradient {
  Tensor indices;  ///< (n), repeats are possible
  Tensor rows;     ///< (n, …): row j is the whole gradient at indices[j]
};

/// The gradient of a table as rows, where it is a sum over take(table, indices) along axis 0 and nothing else, and has
/// not been evaluated; nothing otherwise. Optimisers use it; the gradient itself then needn't come to exist.
[[nodiscard]] XGRAD_API std::optional<RowGradient> row_gradient(const Tensor& gradient);

}  // namespace xgrad
