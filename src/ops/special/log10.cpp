// log₁₀ x        log10′ = 1 / (x log 10)
#include <numbers>

#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Log10 {
  static constexpr std::string_view name = "log10";
  static constexpr auto kernel = &run::VectorKernels::log10;

  static Tensor times_slope(const Call& call, const Tensor& t) {
    return chain_div(t * std::numbers::log10e, call.inputs[0]);
  }
};

}  // namespace

Tensor log10(const Tensor& x) {
  return ops::apply_unary<Log10>(x);
}

}  // namespace xgrad
