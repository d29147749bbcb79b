// sinh x        sinh′ = cosh
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Sinh {
  static constexpr std::string_view name = "sinh";
  static constexpr auto kernel = &run::VectorKernels::sinh;

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_mul(t, cosh(call.inputs[0])); }
};

}  // namespace

Tensor sinh(const Tensor& x) {
  return ops::apply_unary<Sinh>(x);
}

}  // namespace xgrad
