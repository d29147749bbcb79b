#pragma once

#include "xgrad/export.hpp"

namespace xgrad {

/// How many threads large matrix products and large element-wise passes may use; 1 unless set. Small work always runs
/// on one. Element-wise and reduction results don't depend on it; the last bits of matrix products do. Throws
/// ValueError outside [1, 256]. For the whole process; set it while nothing is evaluated.
XGRAD_API void set_threads(int count);
[[nodiscard]] XGRAD_API int threads() noexcept;

}  // namespace xgrad
