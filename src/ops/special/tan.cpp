// tan x        tan′ = 1 + tan²
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Tan {
  static constexpr std::string_view name = "tan";
  static constexpr auto kernel = &run::VectorKernels::tan;

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_mul(t, 1.0 + square(call.output)); }
};

}  // namespace

Tensor tan(const Tensor& x) {
  return ops::apply_unary<Tan>(x);
}

}  // namespace xgrad
