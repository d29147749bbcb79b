#include "xgrad/nn/initializers.hpp"

#include <cmath>
#include <fmt/format.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

namespace xgrad::nn::init {

namespace {

struct Fans {
  double in;
  double out;
};

// A weight is (out, in); a bias (out) counts as fed by one unit.
Fans fans(const Shape& shape, const char* name) {
  if (shape.rank() == 0 || shape.rank() > 2) {
    throw ShapeError(
        fmt::format("[{}] initialises weights (out, in) and biases (out), not {}", name, to_string(shape)));
  }
  return {shape.rank() == 2 ? static_cast<double>(shape[1]) : 1.0, static_cast<double>(shape[0])};
}

}  // namespace

Tensor zeros(const Shape& shape, DType dtype, Random& /*random*/) {
  return xgrad::zeros(shape, dtype);
}

Tensor standard_normal(const Shape& shape, DType dtype, Random& random) {
  return random.normal(shape, 0, 1, dtype);
}

Tensor glorot(const Shape& shape, DType dtype, Random& random) {
  const Fans f = fans(shape, "glorot");
  const double bound = std::sqrt(6 / (f.in + f.out));
  return random.uniform(shape, -bound, bound, dtype);
}

Tensor he(const Shape& shape, DType dtype, Random& random) {
  return random.normal(shape, 0, std::sqrt(2 / fans(shape, "he").in), dtype);
}

}  // namespace xgrad::nn::init
