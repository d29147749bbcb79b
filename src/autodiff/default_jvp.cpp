// A vjp is linear in its cotangent u: vjp(u)_i = J_iᵀ u. So Σ_i ⟨vjp(u)_i, t_i⟩ is linear in u too, and its gradient is
// Σ_i J_i t_i, the jvp.
#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "autodiff/reverse.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor Operation::jvp(const Call& call, std::span<const Tensor> tangents) const {
  const Tensor u = zeros_like(call.output);
  const std::vector<Tensor> cotangents = vjp(call, u);
  Tensor product;
  for (std::size_t i = 0; i < tangents.size(); ++i) {
    if (tangents[i].defined() && cotangents[i].defined()) {
      product = ops::add_defined(product, sum(cotangents[i] * tangents[i]));
    }
  }
  if (!product.defined()) {
    return product;
  }
  // Only the nodes just built depend on u: the history of the call's own tensors isn't searched.
  std::vector<Tensor> constants{call.inputs.begin(), call.inputs.end()};
  constants.insert(constants.end(), {call.output});
  constants.insert(constants.end(), tangents.begin(), tangents.end());
  std::erase_if(constants, [](const Tensor& tensor) { return !tensor.defined(); });
  const Tensor one = scalar(1, product.dtype());
  return autodiff::reverse({&product, 1}, {&u, 1}, {&one, 1}, constants)[0];
}

}  // namespace xgrad
