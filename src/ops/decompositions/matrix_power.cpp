// Aᵏ by repeated squaring; its derivative is that of the products.
#include "xgrad/creation.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/math.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/matrices.hpp"

namespace xgrad {

Tensor matrix_power(const Tensor& a, std::int64_t exponent) {
  static_cast<void>(ops::require_square("matrix_power", a));
  if (exponent == 0) {
    return a * 0.0 + eye(a.dim(-1), -1, a.dtype());
  }
  Tensor square = exponent < 0 ? inverse(a) : a;
  const auto bits = static_cast<std::uint64_t>(exponent);
  Tensor result;
  for (std::uint64_t left = exponent < 0 ? std::uint64_t{0} - bits : bits; left != 0; left /= 2) {
    if (left % 2 == 1) {
      result = result.defined() ? matmul(result, square) : square;
    }
    if (left > 1) {
      square = matmul(square, square);
    }
  }
  return result;
}

}  // namespace xgrad
