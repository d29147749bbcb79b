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
  OneHotOperation(std::int64_t classes, DType dtype, bool of_target)
      : classes_{classes}, dtype_{dtype}, of_target_{of_target} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "one_hot"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::one_hot; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"classes", classes_}, {"dtype", static_cast<std::int64_t>(dtype_)}, {"of_target", of_target_}};
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
          fail(inputs[0].shape, output.shape, i, indices[i]);
        }
        out[indices[i]] = T{1};
      }
    });
  }

 private:
  [[noreturn]] void fail(const Shape& indices, const Shape& result, std::int64_t element, std::int64_t index) const {
    const std::string expected = classes_ == 0 ? "none, there are no classes" : fmt::format("0 to {}", classes_ - 1);
    throw ValueError(of_target_
                         ? fmt::format("[CrossEntropy] class index {} at element {} of the target {}, beside logits "
                                       "{}; expected {}",
                                       index, element, to_string(indices), to_string(result), expected)
                         : fmt::format("[one_hot] class index {} at element {} of {}; expected {}", index, element,
                                       to_string(indices), expected));
  }

  std::int64_t classes_;
  DType dtype_;
  bool of_target_;
};

}  // namespace

Tensor one_hot(const Tensor& indices, std::int64_t classes, DType dtype) {
  if (classes < 0) {
    throw ValueError(fmt::format("[one_hot] {} classes; expected 0 or more", classes));
  }
  return apply(std::make_shared<const OneHotOperation>(classes, dtype, false), {indices});
}

Tensor detail::one_hot_of_target(const Tensor& target, std::int64_t classes) {
  return apply(std::make_shared<const OneHotOperation>(classes, boolean, true), {target});
}

}  // namespace xgrad
