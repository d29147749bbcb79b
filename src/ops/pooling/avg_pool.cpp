// avg_pool: the mean of each window        x̄ = Σ g / n over the windows that an element is in
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/pooling.hpp"

#include "graph/node.hpp"
#include "ops/pooling/axis_maps.hpp"
#include "ops/pooling/window_rule.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"

namespace xgrad {

namespace {

using ops::Lengths;
using ops::WindowRule;

/// What the mean and its adjoint share: both are 1/n per axis.
class Averaging : public ops::AxisMapsOperation {
 public:
  Averaging(const WindowRule& rule, bool count_include_pad) : rule_{rule}, count_include_pad_{count_include_pad} {}

 protected:
  [[nodiscard]] const WindowRule& rule() const noexcept { return rule_; }
  [[nodiscard]] bool count_include_pad() const noexcept { return count_include_pad_; }

  [[nodiscard]] std::vector<Attribute> rule_attributes() const {
    std::vector<Attribute> result = rule_.attributes();
    if (!count_include_pad_) {
      result.emplace_back("count_exclude_pad", true);
    }
    return result;
  }

  // Of the mean of windows of an x of this shape.
  [[nodiscard]] std::vector<ops::AxisMap> means(const Shape& x) const {
    std::vector<ops::AxisMap> result;
    for (const ops::Spans& spans : rule_.spans(x)) {
      ops::AxisMap map{spans.length};
      const std::size_t axis = result.size();
      for (std::size_t i = 0; i < spans.starts.size(); ++i) {
        const std::int64_t count = count_include_pad_ && !rule_.is_adaptive()
                                       ? rule_.padded_count(axis, spans.length, static_cast<std::int64_t>(i))
                                       : spans.counts[i];
        for (std::int64_t k = 0; k < spans.counts[i]; ++k) {
          map.add(spans.starts[i] + k, 1 / static_cast<double>(count));
        }
        map.end_row();
      }
      result.push_back(std::move(map));
    }
    return result;
  }

 private:
  WindowRule rule_;
  bool count_include_pad_;
};

Tensor average(const Tensor& x, const WindowRule& rule, bool count_include_pad);
Tensor average_adjoint(const Tensor& g, const WindowRule& rule, bool count_include_pad, const Lengths& size);

class AvgPoolOperation final : public Averaging {
 public:
  using Averaging::Averaging;

  [[nodiscard]] std::string_view name() const noexcept override {
    return rule().is_adaptive() ? "adaptive_avg_pool" : "avg_pool";
  }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return rule_attributes(); }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_floating(name(), inputs);
    return {ops::with_spatial(inputs[0].shape(), rule().sizes(name(), inputs[0])), dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {average_adjoint(cotangent, rule(), count_include_pad(),
                            ops::spatial_of(call.inputs[0].shape(), rule().count()))};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return average(tangents[0], rule(), count_include_pad());
  }

 private:
  [[nodiscard]] std::vector<ops::AxisMap> maps(const Shape& input) const override { return means(input); }
};

class AvgPoolAdjointOperation final : public Averaging {
 public:
  AvgPoolAdjointOperation(const WindowRule& rule, bool count_include_pad, Lengths size)
      : Averaging{rule, count_include_pad}, size_{std::move(size)} {}

  [[nodiscard]] std::string_view name() const noexcept override {
    return rule().is_adaptive() ? "adaptive_avg_pool_adjoint" : "avg_pool_adjoint";
  }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    std::vector<Attribute> result = rule_attributes();
    result.emplace_back(rule().is_adaptive() ? "of" : "size", size_);
    return result;
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {ops::with_spatial(inputs[0].shape(), size_), ops::require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& cotangent) const override {
    return {average(cotangent, rule(), count_include_pad())};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return average_adjoint(tangents[0], rule(), count_include_pad(), size_);
  }

 private:
  [[nodiscard]] std::vector<ops::AxisMap> maps(const Shape& /*input*/) const override {
    std::vector<ops::AxisMap> result;
    for (const ops::AxisMap& map : means(Shape{size_})) {
      result.push_back(map.transposed());
    }
    return result;
  }

  Lengths size_;
};

Tensor average(const Tensor& x, const WindowRule& rule, bool count_include_pad) {
  return apply(ops::shared_operation<AvgPoolOperation>(rule, count_include_pad), {x});
}

Tensor average_adjoint(const Tensor& g, const WindowRule& rule, bool count_include_pad, const Lengths& size) {
  return apply(ops::shared_operation<AvgPoolAdjointOperation>(rule, count_include_pad, size), {g});
}

}  // namespace

Tensor avg_pool(const Tensor& x, const AvgPoolOptions& options) {
  const WindowRule rule{"avg_pool", options.kernel, options.stride, options.padding, {}, options.ceil_mode};
  return average(x, rule, options.count_include_pad);
}

Tensor adaptive_avg_pool(const Tensor& x, const std::vector<std::int64_t>& size) {
  return average(x, WindowRule::adaptive("adaptive_avg_pool", size), true);
}

}  // namespace xgrad
