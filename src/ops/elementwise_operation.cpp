#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "run/elementwise/tiles.hpp"

namespace xgrad {

namespace {

constexpr std::size_t max_inputs = 8;

}  // namespace

unsigned ElementwiseOperation::input_count() const noexcept {
  const unsigned count = Operation::input_count();
  return count == 0 ? 1 : count;
}

DType ElementwiseOperation::infer_dtype(std::span<const Tensor> inputs) const {
  return ops::require_floating(name(), inputs);
}

Signature ElementwiseOperation::infer(std::span<const Tensor> inputs) const {
  if (inputs.empty() || inputs.size() > max_inputs) {
    throw ValueError(
        fmt::format("[{}] an element-wise operation takes 1 to {} inputs, not {}", name(), max_inputs, inputs.size()));
  }
  const DType dtype = infer_dtype(inputs);
  Shape shape = inputs[0].shape();
  for (const Tensor& input : inputs.subspan(1)) {
    if (!broadcast(shape, input.shape(), shape)) {
      throw ShapeError(fmt::format("[{}] shapes don't broadcast: {}", name(), graph::label(inputs)));
    }
  }
  return {shape, dtype};
}

// The Jacobian is diagonal, so the cotangent of input i is g ⊙ ∂f/∂x_i, summed over the axes that were broadcast.
std::vector<Tensor> ElementwiseOperation::vjp(const Call& call, const Tensor& cotangent) const {
  std::vector<Tensor> result(call.inputs.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (call.wants(i)) {
      if (Tensor product = times_partial(call, i, cotangent); product.defined()) {
        result[i] = sum_to(product, call.inputs[i].shape());
      }
    }
  }
  return result;
}

// Σ_i ∂f/∂x_i ⊙ t_i, broadcast to the output.
Tensor ElementwiseOperation::jvp(const Call& call, std::span<const Tensor> tangents) const {
  Tensor total;
  for (std::size_t i = 0; i < tangents.size(); ++i) {
    if (tangents[i].defined()) {
      if (Tensor term = times_partial(call, i, tangents[i]); term.defined()) {
        total = total.defined() ? total + term : term;
      }
    }
  }
  return total.defined() ? broadcast_to(total, call.output.shape()) : total;
}

void ElementwiseOperation::evaluate(std::span<const ConstArray> inputs, const Array& output) const {
  std::array<DType, max_inputs> dtypes{};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    dtypes[i] = inputs[i].dtype;
  }
  run::run_tiles(*this, run::tile_of(*this, {dtypes.data(), inputs.size()}, output.dtype), inputs, output);
}

}  // namespace xgrad
