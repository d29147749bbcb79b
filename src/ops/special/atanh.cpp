// atanh x        atanh′ = 1 / (1 − x²), as 1 / ((1 − x) (1 + x)): no digits cancel near ±1
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Atanh {
  static constexpr std::string_view name = "atanh";
  static constexpr auto kernel = &run::VectorKernels::atanh;

  static Tensor times_slope(const Call& call, const Tensor& t) {
    const Tensor& x = call.inputs[0];
    return chain_div(t, (1.0 - x) * (1.0 + x));
  }
};

}  // namespace

Tensor atanh(const Tensor& x) {
  return ops::apply_unary<Atanh>(x);
}

}  // namespace xgrad
