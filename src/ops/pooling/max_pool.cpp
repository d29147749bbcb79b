// max_pool: the largest element of each window        x̄ = g at that element, added up where windows share it
//
// The derivative picks by the index of the element, which is an operation of its own and has none. So every derivative
// beyond the first goes by the same indices.
#include "xgrad/operation.hpp"
#include "xgrad/pooling.hpp"

#include "ops/pooling/extremes.hpp"
#include "ops/pooling/selection.hpp"
#include "ops/pooling/window_rule.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

using ops::WindowRule;

/// The base of all three: the shape rule.
class WindowExtreme : public Operation {
 public:
  explicit WindowExtreme(const WindowRule& rule) : rule_{rule} {}

  [[nodiscard]] unsigned input_count() const noexcept final { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const final { return rule_.attributes(); }
  [[nodiscard]] bool may_throw() const noexcept final { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const final {
    const DType dtype = ops::require_numeric(name(), inputs);
    return {ops::with_spatial(inputs[0].shape(), rule_.sizes(name(), inputs[0])), result_dtype(dtype)};
  }

 protected:
  [[nodiscard]] virtual DType result_dtype(DType input) const noexcept = 0;

  [[nodiscard]] const WindowRule& rule() const noexcept { return rule_; }

  // f(elements, planes, windows)
  template <class F>
  void with_windows(const ConstArray& x, F f) const {
    const ops::PlaneWindows windows{rule_.spans(x.shape)};
    dispatch_numeric(x.dtype, [&]<class T>(std::type_identity<T>) {
      f(x.as<T>(), ops::planes_of(x.shape, rule_.count()), windows);
    });
  }

 private:
  WindowRule rule_;
};

/// Where the largest elements are. Marked: NaN as selection.hpp says, for derivatives.
template <bool Marked>
class MaxIndicesOperation final : public WindowExtreme {
 public:
  using WindowExtreme::WindowExtreme;

  [[nodiscard]] std::string_view name() const noexcept override { return Marked ? "argmax_pool" : "max_pool_indices"; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    with_windows(inputs[0], [&](const auto* x, std::int64_t planes, const ops::PlaneWindows& windows) {
      ops::largest_at(x, planes, windows, Marked, output.as<std::int64_t>());
    });
  }

 private:
  [[nodiscard]] DType result_dtype(DType /*input*/) const noexcept override { return int64; }
};

class MaxPoolOperation final : public WindowExtreme {
 public:
  using WindowExtreme::WindowExtreme;

  [[nodiscard]] std::string_view name() const noexcept override {
    return rule().is_adaptive() ? "adaptive_max_pool" : "max_pool";
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Tensor& x = call.inputs[0];
    return {ops::scatter(cotangent, indices(x), ops::spatial_of(x.shape(), rule().count()), is_wide(x))};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return ops::pick(tangents[0], indices(call.inputs[0]), rule().count(), is_wide(call.inputs[0]));
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    with_windows(inputs[0], [&]<class T>(const T* x, std::int64_t planes, const ops::PlaneWindows& windows) {
      ops::largest(x, planes, windows, output.as<T>());
    });
  }

 private:
  [[nodiscard]] DType result_dtype(DType input) const noexcept override { return input; }

  // Whether an element may be the largest of more windows than float32 adds up.
  [[nodiscard]] bool is_wide(const Tensor& x) const {
    constexpr std::int64_t few = 16;
    return x.dtype() == float32 && rule().overlap(x.shape()) > few;
  }

  [[nodiscard]] Tensor indices(const Tensor& x) const {
    return apply(ops::shared_operation<MaxIndicesOperation<true>>(rule()), {x});
  }
};

WindowRule rule_of(std::string_view operation, const PoolOptions& options) {
  return {operation, options.kernel, options.stride, options.padding, options.dilation, options.ceil_mode};
}

}  // namespace

Tensor max_pool(const Tensor& x, const PoolOptions& options) {
  return apply(ops::shared_operation<MaxPoolOperation>(rule_of("max_pool", options)), {x});
}

Tensor max_pool_indices(const Tensor& x, const PoolOptions& options) {
  return apply(ops::shared_operation<MaxIndicesOperation<false>>(rule_of("max_pool_indices", options)), {x});
}

Tensor adaptive_max_pool(const Tensor& x, const std::vector<std::int64_t>& size) {
  return apply(ops::shared_operation<MaxPoolOperation>(WindowRule::adaptive("adaptive_max_pool", size)), {x});
}

}  // namespace xgrad
