// sign(x) = [x > 0] − [x < 0], NaN for NaN        no gradient: the derivative is 0 wherever there is one
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

class SignOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sign"; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return ops::require_numeric(name(), inputs);
  }

  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& /*t*/) const override {
    return {};
  }

  template <class T>
  static T value(T x) noexcept {
    const T sign = static_cast<T>(x > 0) - static_cast<T>(x < 0);
    return x == x ? sign : x;  // NOLINT(misc-redundant-expression): false for NaN
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<SignOperation, std::int64_t, std::int64_t>()
                           : floating_tile_of<SignOperation>(output);
  }
};

}  // namespace

Tensor sign(const Tensor& x) {
  static const auto operation = std::make_shared<const SignOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
