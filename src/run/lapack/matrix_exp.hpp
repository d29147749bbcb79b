#pragma once

#include <cstdint>
#include <string_view>

#include "xgrad/shape.hpp"

namespace xgrad::run {

/// e^A of every matrix (n,n) of a batch, T being float or double: scaling and squaring with Padé approximants of degree
/// 3 to 13 (Higham, "The scaling and squaring method for the matrix exponential revisited", 2005). NaN for a matrix
/// with a NaN or an infinity, or whose norm overflows.
template <class T>
void matrix_exp(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, T* out);

}  // namespace xgrad::run
