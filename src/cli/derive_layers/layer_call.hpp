#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/nn/parameters.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

/// Layers, losses and functions called with small inputs, whose names are a textbook's.
namespace xgrad::cli {

/// What a layer is called with.
class LayerInputs {
 public:
  std::int64_t in;   ///< features or channels of the input
  std::int64_t out;  ///< those of the output, or of what is hidden, of layers that change them
  std::optional<std::int64_t> samples;
  DType dtype = float64;
  Random random;

  LayerInputs(std::int64_t in_width, std::int64_t out_width, std::optional<std::int64_t> count = std::nullopt,
              DType of = float64, std::uint64_t seed = 1)
      : in{in_width}, out{out_width}, samples{count}, dtype{of}, random{seed} {}

  /// (width) of one sample, (N, width) of several.
  [[nodiscard]] Shape row(std::int64_t width) const { return of_samples({width}, 1); }
  /// (…) of one sample, (N, …) of several; `usual` is their number if it isn't given.
  [[nodiscard]] Shape of_samples(const Shape& shape, std::int64_t usual) const;
  /// (N, …).
  [[nodiscard]] Shape batch(const Shape& shape, std::int64_t usual) const;

  /// From N(0, 1); differentiated by.
  [[nodiscard]] NamedTensor variable(std::string_view name, const Shape& shape);
  /// Of these values, evaluated here; differentiated by.
  [[nodiscard]] NamedTensor variable(std::string_view name, const Tensor& values) const;
  /// Not differentiated by: from N(0, 1), or of these values, evaluated here.
  [[nodiscard]] NamedTensor data(std::string_view name, const Shape& shape);
  [[nodiscard]] NamedTensor data(std::string_view name, const Tensor& values) const;
  /// 0, 1, …, `count` − 1, 0, …: int64.
  [[nodiscard]] NamedTensor classes(std::string_view name, const Shape& shape, std::int64_t count) const;
  /// From `low` to `high`: int64.
  [[nodiscard]] NamedTensor integers(std::string_view name, const Shape& shape, std::int64_t low, std::int64_t high);
  /// 1 and −1.
  [[nodiscard]] NamedTensor signs(std::string_view name, const Shape& shape);
  /// 1 and 0, which don't add up to 1 in every row: that would be class probabilities.
  [[nodiscard]] NamedTensor bits(std::string_view name, const Shape& shape);
  /// The parameter with another value, from N(0, 1): none is 0 or 1, as many are at first.
  [[nodiscard]] NamedTensor parameter(std::string_view name, const Parameter& parameter);
  /// All of a model, named by their fields: "weight_ih" is W_ih, "norm1.bias" is β_1.
  template <class M>
  [[nodiscard]] std::vector<NamedTensor> parameters(const M& model) {
    std::vector<NamedTensor> result;
    for (const NamedParameter& each : nn::parameters(model)) {
      result.push_back(parameter(textbook_name(each.name), each.parameter));
    }
    return result;
  }

  [[nodiscard]] static std::string textbook_name(const std::string& path);
};

/// A result, and all that goes into it.
struct LayerCall {
  std::vector<NamedTensor> xs;  ///< what is differentiated by
  NamedTensor result;           ///< with an empty name, the loss
  std::vector<NamedTensor> given = {};
};

struct LayerEntry {
  std::string_view name;
  std::string_view summary;  ///< what it computes
  LayerCall (*call)(LayerInputs& inputs);
};

/// A layer of one x, (in) or (N, in), without parameters.
template <class L>
LayerCall elementwise(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  return {{x}, {"a", L{}(x.tensor)}};
}

}  // namespace xgrad::cli
