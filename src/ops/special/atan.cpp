// atan x        atan′ = 1 / (1 + x²)
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Atan {
  static constexpr std::string_view name = "atan";
  static constexpr auto kernel = &run::VectorKernels::atan;

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_div(t, 1.0 + square(call.inputs[0])); }
};

}  // namespace

Tensor atan(const Tensor& x) {
  return ops::apply_unary<Atan>(x);
}

}  // namespace xgrad
