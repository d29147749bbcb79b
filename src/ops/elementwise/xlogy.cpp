// xlogy: a log b, and 0 where a = 0 and b = 0. A product that 0 absorbs an infinite logarithm in, and the logarithm.
#include <array>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

// a l, and 0 where a = 0 unless l is NaN        ∂a = l, ∂l = a
class LogProductOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "xlogy"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::log_product; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, "⊙", 2}; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    return chain_mul(t, call.inputs[1 - i]);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::log_product, output);
  }
};

}  // namespace

Tensor ops::product_with_log(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const LogProductOperation>();
  return apply(operation, {a, b});
}

Tensor xlogy(const Tensor& a, const Tensor& b) {
  const std::array both{ops::require_defined("xlogy", a), ops::require_defined("xlogy", b)};
  static_cast<void>(ops::require_floating("xlogy", both));
  Shape shape;
  if (!broadcast(a.shape(), b.shape(), shape)) {
    throw ShapeError(fmt::format("[xlogy] shapes don't broadcast: {}", graph::label(both)));
  }
  return ops::product_with_log(a, log(b));
}

}  // namespace xgrad
