// pad: constant elements around a tensor; its adjoint cuts them off.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/create/element.hpp"
#include "ops/rules.hpp"
#include "run/strided_copy.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

using Widths = std::vector<std::pair<std::int64_t, std::int64_t>>;

class PadOperation final : public Operation {
 public:
  PadOperation(Widths widths, double value) : widths_{std::move(widths)}, value_{value} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "pad"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    std::vector<std::int64_t> flat;
    for (const auto& [before, after] : widths_) {
      flat.insert(flat.end(), {before, after});
    }
    return {{"widths", std::move(flat)}, {"value", value_}};
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& x = inputs[0];
    if (widths_.size() != x.rank()) {
      throw ShapeError(
          fmt::format("[pad] {} pairs of widths for {}; expected one per axis", widths_.size(), graph::label(x)));
    }
    ops::require_representable(name(), value_, x.dtype());
    std::vector<std::int64_t> lengths = x.shape().to_vector();
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const auto [before, after] = widths_[i];
      if (before < 0 || after < 0) {
        throw ValueError(fmt::format("[pad] widths ({}, {}) at axis {} of {}; expected none negative", before, after, i,
                                     graph::label(x)));
      }
      if (__builtin_add_overflow(lengths[i], before, &lengths[i]) ||
          __builtin_add_overflow(lengths[i], after, &lengths[i])) {
        throw ShapeError(
            fmt::format("[pad] widths ({}, {}) at axis {} of {} are too large", before, after, i, graph::label(x)));
      }
    }
    return {Shape{lengths}, x.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    Tensor inside = cotangent;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      const std::int64_t start = widths_[i].first;
      inside = slice(inside, {start, start + call.inputs[0].shape()[i]}, static_cast<std::int64_t>(i));
    }
    return {inside};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return pad(tangents[0], widths_);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch(output.dtype, [&]<class T>(std::type_identity<T>) {
      std::fill_n(output.as<T>(), output.shape.size(), static_cast<T>(value_));
    });
    const Shape& shape = inputs[0].shape;
    run::StridedCopy copy{.from = inputs[0].data,
                          .rank = shape.rank(),
                          .from_steps = run::steps_of(shape),
                          .to_steps = run::steps_of(output.shape)};
    std::copy(shape.begin(), shape.end(), copy.lengths.begin());
    std::int64_t first = 0;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      first += widths_[i].first * copy.to_steps[i];
    }
    copy.to = run::offset(output.data, first, output.dtype);
    run::strided_copy(output.dtype, copy);
  }

 private:
  Widths widths_;
  double value_;
};

}  // namespace

Tensor pad(const Tensor& x, const Widths& widths, double value) {
  const bool nothing = widths.size() == ops::require_defined("pad", x).rank() &&
                       std::all_of(widths.begin(), widths.end(), [](const auto& width) {
                         return width == std::pair<std::int64_t, std::int64_t>{0, 0};
                       });
  return nothing ? x : apply(std::make_shared<const PadOperation>(widths, value), {x});
}

}  // namespace xgrad
