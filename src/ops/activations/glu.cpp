// a σ(b) of the two halves of x
#include <fmt/format.h>
#include <span>
#include <vector>

#include "xgrad/activations.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "graph/node.hpp"
#include "ops/activations/halves.hpp"
#include "ops/rules.hpp"

namespace xgrad {

std::pair<Tensor, Tensor> ops::halves(std::string_view operation, const Tensor& x, std::int64_t axis) {
  const auto normal = static_cast<std::int64_t>(require_axis(operation, x, axis));
  static_cast<void>(require_floating(operation, {&x, 1}));
  if (x.dim(normal) % 2 != 0) {
    throw ShapeError(fmt::format("[{}] found {}; expected an even number of elements along axis {}", operation,
                                 graph::label(x), axis));
  }
  const std::vector<Tensor> parts = split(x, 2, normal);
  return {parts[0], parts[1]};
}

Tensor glu(const Tensor& x, std::int64_t axis) {
  const auto [value, gate] = ops::halves("glu", x, axis);
  return value * sigmoid(gate);
}

}  // namespace xgrad
