#include "support/derivative_chain.hpp"

#include "xgrad/autodiff.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

namespace xgrad::test {

namespace {

constexpr int orders = 3;

// Σ_i Σ weights_i ⊙ terms_i.
Tensor weighted_sum(const Tensors& terms, const ManyValues& weights, DType dtype) {
  Tensor total;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Tensor part = sum(terms[i] * to_tensor(weights[i], dtype));
    total = total.defined() ? total + part : part;
  }
  return total;
}

}  // namespace

Tensors tensors(const ManyValues& values, DType dtype) {
  Tensors result;
  for (const Values& one_value : values) {
    result.push_back(to_tensor(one_value, dtype));
  }
  return result;
}

Tensors variables(const ManyValues& values, DType dtype) {
  Tensors result;
  for (const Values& one_value : values) {
    result.push_back(variable(to_tensor(one_value, dtype)));
  }
  return result;
}

DerivativeChain::DerivativeChain(const FormulaCase& tested) : case_{tested}, directions_(orders) {
  std::uint64_t seed = 1000;
  for (const Values& y : tested.formula(tested.inputs)) {
    weights_.push_back(uniform(y.shape, 0.5, 1.5, ++seed));
  }
  for (ManyValues& direction : directions_) {
    for (const Values& x : tested.inputs) {
      direction.push_back(uniform(x.shape, -1, 1, ++seed));
    }
  }
}

Tensor DerivativeChain::scalar(const Tensors& inputs, int order) const {
  const Tensors results = case_.call(inputs);
  Tensor f = weighted_sum(results, weights_, results[0].dtype());
  for (int k = 1; k <= order; ++k) {
    const Tensors slopes = gradients(f, inputs, {.cotangent = {}, .unconnected = Unconnected::zeros});
    f = weighted_sum(slopes, direction(k), inputs[0].dtype());
  }
  return f;
}

double DerivativeChain::value(const ManyValues& point, int order) const {
  return scalar(variables(point), order).item();
}

Tensors DerivativeChain::gradient(const ManyValues& point, int order, DType dtype) const {
  const Tensors inputs = variables(point, dtype);
  const Tensor f = scalar(inputs, order);
  return gradients(f, inputs, {.cotangent = {}, .unconnected = order == 0 ? Unconnected::error : Unconnected::zeros});
}

}  // namespace xgrad::test
