#pragma once

#include <cstdint>
#include <string_view>

#include "xgrad/data.hpp"

namespace xgrad::data {

/// A dataset whose three tensors are evaluated and agree. Throws as data::dataset does, naming `operation`, for a
/// dataset put together by hand that isn't as Dataset says (labels aren't compared with targets).
[[nodiscard]] Dataset checked(const Dataset& dataset, std::string_view operation);

/// Throws DTypeError unless float32 or float64.
void require_floating(DType dtype, std::string_view operation);

/// data::split, with errors that name `operation`.
[[nodiscard]] TrainTest split(const Dataset& dataset, double test_fraction, std::uint64_t seed,
                              std::string_view operation);

}  // namespace xgrad::data
