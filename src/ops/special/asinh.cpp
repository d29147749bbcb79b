// asinh x        asinh′ = 1 / √(1 + x²), where x² doesn't overflow
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Asinh {
  static constexpr std::string_view name = "asinh";
  static constexpr auto kernel = &run::VectorKernels::asinh;

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_div(t, hypot(call.inputs[0], 1.0)); }
};

}  // namespace

Tensor asinh(const Tensor& x) {
  return ops::apply_unary<Asinh>(x);
}

}  // namespace xgrad
