#include "cli/derive_layers/layer_call.hpp"

#include <algorithm>
#include <cstddef>

#include "xgrad/creation.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

namespace xgrad::cli {

Shape LayerInputs::of_samples(const Shape& shape, std::int64_t usual) const {
  return samples.value_or(usual) == 1 ? shape : batch(shape, usual);
}

Shape LayerInputs::batch(const Shape& shape, std::int64_t usual) const {
  std::vector<std::int64_t> lengths{samples.value_or(usual)};
  lengths.insert(lengths.end(), shape.begin(), shape.end());
  return Shape{lengths};
}

NamedTensor LayerInputs::variable(std::string_view name, const Shape& shape) {
  return variable(name, random.normal(shape, 0, 1, dtype));
}

NamedTensor LayerInputs::variable(std::string_view name, const Tensor& values) const {
  return {std::string{name}, xgrad::variable(values.eval())};
}

NamedTensor LayerInputs::data(std::string_view name, const Shape& shape) {
  return data(name, random.normal(shape, 0, 1, dtype));
}

NamedTensor LayerInputs::data(std::string_view name, const Tensor& values) const {
  return {std::string{name}, values.detach().eval()};
}

NamedTensor LayerInputs::classes(std::string_view name, const Shape& shape, std::int64_t count) const {
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<std::int64_t>(i) % count;
  }
  return {std::string{name}, from_vector(values, shape)};
}

NamedTensor LayerInputs::integers(std::string_view name, const Shape& shape, std::int64_t low, std::int64_t high) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.size()));
  for (std::int64_t& value : values) {
    value = low + static_cast<std::int64_t>(random.integer(static_cast<std::uint64_t>(high - low + 1)));
  }
  return {std::string{name}, from_vector(values, shape)};
}

NamedTensor LayerInputs::signs(std::string_view name, const Shape& shape) {
  return data(name, cast(integers(name, shape, 0, 1).tensor * 2.0 - 1.0, dtype));
}

NamedTensor LayerInputs::bits(std::string_view name, const Shape& shape) {
  const auto rows = static_cast<double>(shape.rank() < 2 ? 1 : shape[0]);
  NamedTensor drawn = data(name, cast(integers(name, shape, 0, 1).tensor, dtype));
  while (shape.rank() > 0 && sum(drawn.tensor).item() == rows) {
    drawn = data(name, cast(integers(name, shape, 0, 1).tensor, dtype));
  }
  return drawn;
}

NamedTensor LayerInputs::parameter(std::string_view name, const Parameter& parameter) {
  Parameter cell = parameter;
  cell.set(random.normal(parameter.shape(), 0, 1, parameter.dtype()).eval());
  return {std::string{name}, cell};
}

// "layers.0.self_attn.in_proj_weight" → "W_in", of the layer 0: W_in, numbered by the derivation where there are
// several.
std::string LayerInputs::textbook_name(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  std::string field = dot == std::string::npos ? path : path.substr(dot + 1);
  const std::string owner = dot == std::string::npos ? "" : path.substr(0, dot);
  const std::size_t owner_dot = owner.rfind('.');
  std::string last_owner = owner_dot == std::string::npos ? owner : owner.substr(owner_dot + 1);
  if (last_owner.starts_with("linear")) {
    last_owner.erase(0, 6);
  }
  const char* const of_memory = path.find("multihead_attn") == std::string::npos ? "" : "_m";
  const auto named = [&](const std::string& symbol, const std::string& below) {
    return (below.empty() ? symbol : symbol + "_" + below) + of_memory;
  };
  const bool is_norm = last_owner.starts_with("norm");
  if (is_norm) {
    return named(field == "weight" ? "γ" : "β", last_owner.substr(4));
  }
  if (field == "W" || field == "weight") {
    return named("W", last_owner == "out_proj" ? "out" : last_owner);
  }
  if (field == "b" || field == "bias") {
    return named("b", last_owner == "out_proj" ? "out" : last_owner);
  }
  if (const std::size_t proj = field.find("_proj_"); proj != std::string::npos) {
    return named(field.ends_with("bias") ? "b" : "W", field.substr(0, proj));  // in_proj_weight
  }
  if (field.starts_with("weight_")) {
    return "W_" + field.substr(7);
  }
  if (field.starts_with("bias_")) {
    return "b_" + field.substr(5);
  }
  return field;
}

}  // namespace xgrad::cli
