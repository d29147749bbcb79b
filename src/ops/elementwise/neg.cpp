// −x        ∂x = −1

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class NegOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "neg"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::neg; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::prefix, "−", 3}; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return ops::require_numeric(name(), inputs);
  }

  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    return -t;
  }

  static std::int64_t value(std::int64_t x) noexcept { return ops::wrapping_sub(0, x); }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<NegOperation, std::int64_t, std::int64_t>()
                           : run::vector_tile(&run::VectorKernels::neg, output);
  }
};

}  // namespace

Tensor neg(const Tensor& x) {
  static const auto operation = std::make_shared<const NegOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
