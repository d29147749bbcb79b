// 2ˣ        exp2′ = exp2 log 2
#include <numbers>

#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Exp2 {
  static constexpr std::string_view name = "exp2";
  static constexpr auto kernel = &run::VectorKernels::exp2;

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_mul(t, std::numbers::ln2 * call.output); }
};

}  // namespace

Tensor exp2(const Tensor& x) {
  return ops::apply_unary<Exp2>(x);
}

}  // namespace xgrad
