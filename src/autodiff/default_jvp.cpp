// A vjp is linear in its cotangent u: vjp(u)_i = J_iᵀ u. So Σ_i ⟨vjp(u)_i, t_i⟩ is linear in u too, and its gradient is
// Σ_i J_i t_i, the jvp.
#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

namespace xgrad {

Tensor Operation::jvp(const Call& call, std::span<const Tensor> tangents) const {
  const Tensor u = zeros_like(call.output);
  const std::vector<Tensor> cotangents = vjp(call, u);
  Tensor product;
  for (std::size_t i = 0; i < tangents.size(); ++i) {
    if (tangents[i].defined() && cotangents[i].defined()) {
      const Tensor term = sum(cotangents[i] * tangents[i]);
      product = product.defined() ? product + term : term;
    }
  }
  return product.defined() ? gradients(product, {u}, {.unconnected = Unconnected::zeros})[0] : Tensor{};
}

}  // namespace xgrad
