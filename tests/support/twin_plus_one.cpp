#include "xgrad/operation.hpp"

#include "support/twin_operations.hpp"

namespace xgrad::test {

namespace {

class Twin final : public ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "twin"; }
  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& /*t*/) const override {
    return {};
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<Twin>(output);
  }
  template <class T>
  [[nodiscard]] T value(T x) const {
    return x + 1;
  }
};

}  // namespace

Tensor twin_plus_one(const Tensor& x) {
  return apply(std::make_shared<Twin>(), {x});
}

}  // namespace xgrad::test
