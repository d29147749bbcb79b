#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "xgrad/check.hpp"

namespace xgrad::check {

/// The differences at given entries (flat indices) only.
[[nodiscard]] std::vector<NumericEntry> numeric_entries(const LossFunction& loss, const Parameter& parameter,
                                                        std::span<const std::int64_t> indices,
                                                        const NumericOptions& options);

}  // namespace xgrad::check
