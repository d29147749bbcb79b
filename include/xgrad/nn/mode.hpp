#pragma once

#include <cstdint>

#include "xgrad/export.hpp"

namespace xgrad::nn {

/// A field of layers that do another thing in inference than in training; see inference.hpp.
enum class Mode : std::uint8_t { training, inference };

/// Whether a class with parameters() of its own holds neither State nor Mode.
template <class T>
inline constexpr bool holds_no_states = false;

}  // namespace xgrad::nn
