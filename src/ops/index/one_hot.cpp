// one_hot: 1 at the class index, else 0, along a new last axis. No gradient.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/operation.hpp"

#include "ops/rules.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class OneHotOperation final : public Operation {
 public:
  OneHotOperation(std::int64_t classes, DType dtype) : classes_{classes}, dtype_{dtype} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "one_hot"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"classes", classes_}, {"dtype", static_cast<std::int64_t>(dtype_)}};
  }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    ops::require_dtype(name(), inputs[0], int64);
    const Shape& shape = inputs[0].shape();
    return {shape.inserted(shape.rank(), classes_), dtype_};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const auto* indices = inputs[0].as<std::int64_t>();
    dispatch(output.dtype, [&]<class T>(std::type_identity<T>) {
      T* out = output.as<T>();
      std::fill_n(out, output.shape.size(), T{0});
      for (std::int64_t i = 0; i < inputs[0].shape.size(); ++i, out += classes_) {
        if (indices[i] < 0 || indices[i] >= classes_) {
          throw ValueError(fmt::format("[one_hot] class index {} at element {}; expected at least 0 and less than {}",
                                       indices[i], i, classes_));
        }
        out[indices[i]] = T{1};
      }
    });
  }

 private:
  std::int64_t classes_;
  DType dtype_;
};

}  // namespace

Tensor one_hot(const Tensor& indices, std::int64_t classes, DType dtype) {
  if (classes < 0) {
    throw ValueError(fmt::format("[one_hot] {} classes; expected 0 or more", classes));
  }
  return apply(std::make_shared<const OneHotOperation>(classes, dtype), {indices});
}

}  // namespace xgrad
