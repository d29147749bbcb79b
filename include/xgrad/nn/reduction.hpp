#pragma once

#include <cstdint>

#include "xgrad/export.hpp"

namespace xgrad::nn {

/// What a loss makes of the losses of its samples: their mean, their sum, or the losses themselves. Each loss says what
/// its samples are: rows of features for most that the document has, single elements for most others.
///
/// With weights, one per sample, the losses are multiplied by them, and the mean is Σ w l / Σ w: a sample of weight 2
/// counts as two. A sample of weight 0 is left out, whatever its loss.
enum class Reduction : std::uint8_t { mean, sum, none };

}  // namespace xgrad::nn
