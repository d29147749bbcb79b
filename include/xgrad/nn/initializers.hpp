#pragma once

#include <cstdint>
#include <functional>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/random.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

/// Draws the first value of a parameter. A weight has shape (out, in) or, of a convolution, (out, in/groups, k…); a
/// bias (out).
using Initializer = std::function<Tensor(const Shape& shape, DType dtype, Random& random)>;

/// Fans: of a weight (out, in/groups, k…), fan_in = in/groups Π k and fan_out = out Π k; of a bias, which counts as fed
/// by one unit, 1 and out. What needs them throws ShapeError for a scalar. Options out of range are a ValueError when
/// the initialiser is made; a dtype that isn't floating is a DTypeError of the call.
namespace init {

[[nodiscard]] XGRAD_API Tensor zeros(const Shape& shape, DType dtype, Random& random);
/// N(0, 1), as in the document.
[[nodiscard]] XGRAD_API Tensor standard_normal(const Shape& shape, DType dtype, Random& random);
/// U(−r, r), r = √(6 / (fan_in + fan_out)). Glorot and Bengio, AISTATS 2010, equation 16.
[[nodiscard]] XGRAD_API Tensor glorot(const Shape& shape, DType dtype, Random& random);
/// N(0, 2 / fan_in). He et al., ICCV 2015, equation 10.
[[nodiscard]] XGRAD_API Tensor he(const Shape& shape, DType dtype, Random& random);

[[nodiscard]] XGRAD_API Initializer constant(double value);
/// U[low, high).
[[nodiscard]] XGRAD_API Initializer uniform(double low = 0, double high = 1);
/// N(mean, deviation²).
[[nodiscard]] XGRAD_API Initializer normal(double mean = 0, double deviation = 1);
/// N(mean, deviation²) under the condition that it lies in [low, high], which are values, not multiples of the
/// deviation. By the inverse of the distribution, also far out.
[[nodiscard]] XGRAD_API Initializer truncated_normal(double mean = 0, double deviation = 1, double low = -2,
                                                     double high = 2);

/// "Xavier": U(−r, r), r = gain √(6 / (fan_in + fan_out)), and N(0, gain² 2 / (fan_in + fan_out)). As glorot.
[[nodiscard]] XGRAD_API Initializer glorot_uniform(double gain = 1);
[[nodiscard]] XGRAD_API Initializer glorot_normal(double gain = 1);

/// What follows the layer.
enum class Nonlinearity : std::uint8_t { linear, sigmoid, tanh, relu, leaky_relu, selu };
/// By how much a weight's deviation makes up for it: 1, 1, 5/3, √2, √(2 / (1 + slope²)), 3/4; PyTorch's numbers.
[[nodiscard]] XGRAD_API double gain(Nonlinearity nonlinearity, double slope = 0.01);

struct HeOptions {
  enum class Fan : std::uint8_t { in, out };
  Fan fan = Fan::in;  ///< in keeps the size of values, out that of gradients
  Nonlinearity nonlinearity = Nonlinearity::relu;
  double slope = 0.01;  ///< of leaky_relu
};
/// "Kaiming": U(−r, r), r = gain √(3 / fan), and N(0, gain² / fan). As he.
[[nodiscard]] XGRAD_API Initializer he_uniform(const HeOptions& options = {});
[[nodiscard]] XGRAD_API Initializer he_normal(const HeOptions& options = {});

/// U(−r, r), r = √(3 / fan_in), and N(0, 1 / fan_in). LeCun et al., "Efficient BackProp", 1998, equation 16.
[[nodiscard]] XGRAD_API Tensor lecun_uniform(const Shape& shape, DType dtype, Random& random);
[[nodiscard]] XGRAD_API Tensor lecun_normal(const Shape& shape, DType dtype, Random& random);

/// Of a weight as a matrix (out, the rest), the shorter of rows and columns are orthogonal, with the gain as length,
/// uniformly distributed among all such. Saxe et al., ICLR 2014. Throws ShapeError for less than two axes. Evaluates.
[[nodiscard]] XGRAD_API Initializer orthogonal(double gain = 1);

/// gain on the diagonal of a matrix, else 0. Throws ShapeError for another rank.
[[nodiscard]] XGRAD_API Initializer identity(double gain = 1);
/// A convolution (out, in/groups, k…) that gives its input back, as far as there are channels: 1 in the middle of the
/// kernel from input i of a group to its output i. Throws ShapeError for less than three axes, and unless `groups`
/// divides out.
[[nodiscard]] XGRAD_API Initializer dirac(std::int64_t groups = 1);

}  // namespace init

}  // namespace xgrad::nn
