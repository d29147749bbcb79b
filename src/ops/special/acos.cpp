// acos x        acos′ = −1 / √(1 − x²), as −1 / √((1 − x) (1 + x)): no digits cancel near ±1
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Acos {
  static constexpr std::string_view name = "acos";
  static constexpr auto kernel = &run::VectorKernels::acos;

  static Tensor times_slope(const Call& call, const Tensor& t) {
    const Tensor& x = call.inputs[0];
    return -chain_mul(t, rsqrt((1.0 - x) * (1.0 + x)));
  }
};

}  // namespace

Tensor acos(const Tensor& x) {
  return ops::apply_unary<Acos>(x);
}

}  // namespace xgrad
