#pragma once

#include <string>

#include "xgrad/shape.hpp"

#include "check/diagnosis/values.hpp"
#include "check/verdict/agreement.hpp"

namespace xgrad::check::diagnosis {

/// How a manual gradient that no edit explains differs from the derived one, in words.
[[nodiscard]] std::string difference_of(const Values& manual, const Values& derived, const Shape& shape,
                                        const Tolerance& tolerance);

}  // namespace xgrad::check::diagnosis
