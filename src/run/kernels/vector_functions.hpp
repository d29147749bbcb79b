#pragma once

#include "run/kernels/activation_functions.hpp"   // IWYU pragma: export
#include "run/kernels/arithmetic_functions.hpp"   // IWYU pragma: export
#include "run/kernels/circular_functions.hpp"     // IWYU pragma: export
#include "run/kernels/elementary_functions.hpp"   // IWYU pragma: export
#include "run/kernels/exponential_functions.hpp"  // IWYU pragma: export

/// The functions of the vector kernels, on batches. NaN in gives NaN out in all of them. Their accuracy is stated in
/// vector_kernels.hpp; where xsimd's functions miss it, they are corrected here.
