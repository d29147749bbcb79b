#include "ops/reduce/extremum.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

#include "graph/node.hpp"
#include "ops/elementwise/slopes.hpp"

namespace xgrad::ops {

Signature Extremum::infer(std::span<const Tensor> inputs) const {
  if (count_along(inputs[0].shape(), axes()) == 0) {
    throw ShapeError(
        fmt::format("[{}] of no elements, over an axis of length 0 of {}", name(), graph::label(inputs[0])));
  }
  return Reduction::infer(inputs);
}

Extremum::Ties Extremum::ties(const Call& call) const {
  const Tensor& x = call.inputs[0];
  Tensor mask = equal_slope(x, keep(call.output, x.shape()));
  Tensor count = sum(mask, signed_axes(), true);
  return {std::move(mask), std::move(count)};
}

std::vector<Tensor> Extremum::vjp(const Call& call, const Tensor& cotangent) const {
  const auto [mask, count] = ties(call);
  return {chain_mul(chain_div(keep(cotangent, call.inputs[0].shape()), count), mask)};
}

Tensor Extremum::jvp(const Call& call, std::span<const Tensor> tangents) const {
  const auto [mask, count] = ties(call);
  return sum(chain_mul(chain_div(tangents[0], count), mask), signed_axes(), keep_dims());
}

}  // namespace xgrad::ops
