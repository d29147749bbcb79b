// log₂ x        log2′ = 1 / (x log 2)
#include <numbers>

#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Log2 {
  static constexpr std::string_view name = "log2";
  static constexpr auto kernel = &run::VectorKernels::log2;

  static Tensor times_slope(const Call& call, const Tensor& t) {
    return chain_div(t * std::numbers::log2e, call.inputs[0]);
  }
};

}  // namespace

Tensor log2(const Tensor& x) {
  return ops::apply_unary<Log2>(x);
}

}  // namespace xgrad
