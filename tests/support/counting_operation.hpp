#pragma once

#include <memory>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"

/// Operations of a user, which planning knows nothing about.
namespace xgrad::test {

/// x, and how often it was evaluated. No two are equal, so that none is run in another's place.
class CountingOperation final : public Operation {
 public:
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"number", number_}}; }
  [[nodiscard]] std::string_view name() const noexcept override { return "counting"; }
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    ++evaluations;
    for (std::int64_t i = 0; i < output.shape.size() * static_cast<std::int64_t>(size_of(output.dtype)); ++i) {
      static_cast<char*>(output.data)[i] = static_cast<const char*>(inputs[0].data)[i];
    }
  }

  mutable int evaluations = 0;

 private:
  static inline std::int64_t count = 0;
  std::int64_t number_ = ++count;
};

/// c · a · b, under a name that a built-in operation has.
class FalseProduct final : public ElementwiseOperation {
 public:
  explicit FalseProduct(double c) : c_{c} {}
  [[nodiscard]] std::string_view name() const noexcept override { return "mul"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"c", c_}}; }
  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& /*t*/) const override {
    return {};
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<FalseProduct, 2>(output);
  }
  template <class T>
  [[nodiscard]] T value(T a, T b) const {
    return static_cast<T>(c_) * a * b;
  }

 private:
  double c_;
};

}  // namespace xgrad::test
