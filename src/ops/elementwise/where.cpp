// c ? a : b        ∂a = [c], ∂b = [¬c], none for c; exactly 0 for the branch not taken, whatever its value
#include <bit>
#include <cstdint>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

class WhereOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "where"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::where; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    ops::require_dtype(name(), inputs[0], boolean);
    return ops::require_same(name(), inputs.subspan(1));
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    const Tensor& condition = call.inputs[0];
    switch (i) {
      case 1:
        return where(condition, t, 0.0);
      case 2:
        return where(condition, 0.0, t);
      default:
        return {};
    }
  }

  // On bits, which compilers turn into vector code; a bool is a byte, 0 or 1.
  template <class T, class Bits>
  static void select(const Operation& /*operation*/, const void* const* inputs, void* out, std::size_t count) {
    const auto* condition = static_cast<const std::uint8_t*>(inputs[0]);
    const T* a = static_cast<const T*>(inputs[1]);
    const T* b = static_cast<const T*>(inputs[2]);
    T* result = static_cast<T*>(out);
    for (std::size_t k = 0; k < count; ++k) {
      const Bits taken = static_cast<Bits>(Bits{0} - condition[k]);
      const Bits left = static_cast<Bits>(~taken);
      result[k] =
          std::bit_cast<T>(static_cast<Bits>((std::bit_cast<Bits>(a[k]) & taken) | (std::bit_cast<Bits>(b[k]) & left)));
    }
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    switch (output) {
      case DType::float32:
        return select<float, std::uint32_t>;
      case DType::float64:
        return select<double, std::uint64_t>;
      case DType::int64:
        return select<std::int64_t, std::uint64_t>;
      case DType::boolean:
        return select<bool, std::uint8_t>;
    }
    return nullptr;
  }
};

}  // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const WhereOperation>();
  return apply(operation, {condition, a, b});
}

Tensor where(const Tensor& condition, const Tensor& a, double b) {
  return where(condition, a, ops::scalar_beside("where", b, a));
}

Tensor where(const Tensor& condition, double a, const Tensor& b) {
  return where(condition, ops::scalar_beside("where", a, b), b);
}

}  // namespace xgrad
