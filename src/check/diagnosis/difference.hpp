#pragma once

#include <string>

#include "xgrad/shape.hpp"

#include "check/diagnosis/values.hpp"
#include "check/verdict/agreement.hpp"

namespace xgrad::check::diagnosis {

/// How two gradients that nothing explains differ, in words.
[[nodiscard]] std::string difference_of(const Values& manual, const Values& derived, const Shape& shape,
                                        const Tolerance& tolerance);

}  // namespace xgrad::check::diagnosis
