// cosh x        cosh′ = sinh
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Cosh {
  static constexpr std::string_view name = "cosh";
  static constexpr auto kernel = &run::VectorKernels::cosh;

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_mul(t, sinh(call.inputs[0])); }
};

}  // namespace

Tensor cosh(const Tensor& x) {
  return ops::apply_unary<Cosh>(x);
}

}  // namespace xgrad
