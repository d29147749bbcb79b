// Labels as they are, or an error        no derivative
#include "ops/index/checked_labels.hpp"

#include <array>
#include <cstring>
#include <fmt/format.h>
#include <string>

#include "xgrad/error.hpp"

#include "ops/rules.hpp"

namespace xgrad::ops {

namespace {

class CheckedLabels final : public Operation {
 public:
  explicit CheckedLabels(const LabelRule& rule) : rule_{rule} {}

  [[nodiscard]] std::string_view name() const noexcept override { return rule_.loss; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"kind", static_cast<std::int64_t>(rule_.kind)},
            {"low", rule_.low},
            {"high", rule_.high},
            {"has_blank", rule_.blank.has_value()},
            {"blank", rule_.blank.value_or(0)}};
  }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    if (rule_.kind == LabelRule::Kind::sign) {
      static_cast<void>(require_floating(name(), inputs));
    } else {
      require_dtype(name(), inputs[0], int64);
    }
    return {inputs[0].shape(), inputs[0].dtype()};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const Shape& shape = inputs[0].shape;
    if (output.dtype == int64) {
      check_integers(inputs[0].as<std::int64_t>(), shape);
    } else if (output.dtype == float32) {
      check_signs(inputs[0].as<float>(), shape);
    } else {
      check_signs(inputs[0].as<double>(), shape);
    }
    std::memcpy(output.data, inputs[0].data, static_cast<std::size_t>(shape.size()) * size_of(output.dtype));
  }

 private:
  void check_integers(const std::int64_t* labels, const Shape& shape) const {
    static constexpr std::array what{"class index", "input length", "target length"};
    for (std::int64_t i = 0; i < shape.size(); ++i) {
      if (labels[i] == rule_.blank) {
        throw ValueError(fmt::format("[{}] class index {} at element {} of the target {} is the blank", name(),
                                     labels[i], i, to_string(shape)));
      }
      if (labels[i] < rule_.low || labels[i] > rule_.high) {
        const std::string expected = rule_.high < rule_.low ? std::string{"none, there are no classes"}
                                                            : fmt::format("{} to {}", rule_.low, rule_.high);
        throw ValueError(fmt::format("[{}] {} {} at element {} of {}; expected {}", name(),
                                     what[static_cast<std::size_t>(rule_.kind)], labels[i], i, to_string(shape),
                                     expected));
      }
    }
  }

  template <class T>
  void check_signs(const T* labels, const Shape& shape) const {
    for (std::int64_t i = 0; i < shape.size(); ++i) {
      if (!(labels[i] == T{1} || labels[i] == T{-1})) {
        throw ValueError(
            fmt::format("[{}] label {} at element {} of {}; expected -1 or 1", name(), labels[i], i, to_string(shape)));
      }
    }
  }

  LabelRule rule_;
};

}  // namespace

Tensor checked_labels(const Tensor& labels, const LabelRule& rule) {
  return apply(std::make_shared<const CheckedLabels>(rule), {labels});
}

bool is_label_check(const Operation& operation) noexcept {
  return dynamic_cast<const CheckedLabels*>(&operation) != nullptr;
}

}  // namespace xgrad::ops
