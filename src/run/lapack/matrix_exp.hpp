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

/// The derivative at A in the direction E: the upper right block of exp([A E; 0 A]). It is linear in E, which is
/// brought to the length 1 by a power of 2 first, since a long E would be rounded together with A. 0 for E = 0,
/// whatever A.
template <class T>
void matrix_exp_derivative(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, const T* e,
                           T* out);

}  // namespace xgrad::run
