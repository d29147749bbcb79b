// acosh x        acosh′ = 1 / √(x² − 1), as 1 / (√(x − 1) √(x + 1)): nothing cancels near 1, and nothing overflows
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Acosh {
  static constexpr std::string_view name = "acosh";
  static constexpr auto kernel = &run::VectorKernels::acosh;

  static Tensor times_slope(const Call& call, const Tensor& t) {
    const Tensor& x = call.inputs[0];
    return chain_div(t, sqrt(x - 1.0) * sqrt(x + 1.0));
  }
};

}  // namespace

Tensor acosh(const Tensor& x) {
  return ops::apply_unary<Acosh>(x);
}

}  // namespace xgrad
