// y = W ⋆ x, a cross-correlation: y[n, o, p] = Σ_c,k x[n, c, p stride − before + k dilation] W[o, c, k]
//
//   output(W, x) = y        W̄ = weight(x, ȳ)      x̄ = input(W, ȳ)
//   input(W, g)  = x̄        W̄ = weight(x̄̄, g)      ḡ = output(W, x̄̄)
//   weight(x, g) = W̄        x̄ = input(W̄̄, g)       ḡ = output(W̄̄, x)
#include "ops/convolution/convolution.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "xgrad/convolution.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace ops {

namespace {

using Part = ConvolutionOperation::Part;

std::vector<std::int64_t> spatial_lengths(const Tensor& x) {
  const auto lengths = spatial(x.shape());
  return {lengths.begin(), lengths.end()};
}

}  // namespace

std::string_view ConvolutionOperation::name() const noexcept {
  constexpr std::array<std::string_view, 3> names{"conv", "conv_input", "conv_weight"};
  return names[static_cast<std::size_t>(part_)];
}

std::vector<Attribute> ConvolutionOperation::attributes() const {
  std::vector<Attribute> result = windows_.attributes();
  if (part_ != Part::output) {
    result.emplace_back(part_ == Part::input ? "spatial" : "kernel", lengths_);
  }
  return result;
}

ConvolutionLengths ConvolutionOperation::lengths_of(const Shape& first, const Shape& second) const {
  switch (part_) {
    case Part::output:
      return {second[0], second[1], first[0], spatial(second), spatial(first)};
    case Part::input:
      return {second[0], first[1] * windows_.groups, first[0], lengths_, spatial(first)};
    case Part::weight:
      break;
  }
  return {first[0], first[1], second[1], spatial(first), lengths_};
}

Signature ConvolutionOperation::infer(std::span<const Tensor> inputs) const {
  const DType dtype = require_floating(name(), inputs);
  const Shape& first = inputs[0].shape();
  const Shape& second = inputs[1].shape();
  if (first.rank() != windows_.rank + 2 || second.rank() != windows_.rank + 2) {
    throw ShapeError(fmt::format("[{}] found {}; expected {} spatial axes behind two others", name(),
                                 graph::label(inputs), windows_.rank));
  }
  const ConvolutionLengths lengths = lengths_of(first, second);
  const run::Convolution found = fitted(name(), inputs, windows_, lengths);
  if (part_ == Part::output) {
    if (first[1] != found.inputs) {
      throw ShapeError(
          fmt::format("[conv] found {} input channels in {} groups, and a weight for {} in each; expected "
                      "equal numbers: {}",
                      lengths.channels, windows_.groups, first[1], graph::label(inputs)));
    }
    return {shape_of(lengths.batch, lengths.outputs, output_lengths(found, windows_.rank)), dtype};
  }
  const Shape expected = shape_of(lengths.batch, lengths.outputs, output_lengths(found, windows_.rank));
  if (second != expected) {
    throw ShapeError(fmt::format("[{}] found {}; expected a cotangent {}", name(), graph::label(inputs),
                                 xgrad::to_string(expected)));
  }
  return {part_ == Part::input ? shape_of(lengths.batch, lengths.channels, lengths_)
                               : shape_of(lengths.outputs, found.inputs, lengths_),
          dtype};
}

std::vector<Tensor> ConvolutionOperation::vjp(const Call& call, const Tensor& cotangent) const {
  const Tensor& a = call.inputs[0];
  const Tensor& b = call.inputs[1];
  const auto make = [&](Part part, const Tensor& first, const Tensor& second,
                        const std::vector<std::int64_t>& lengths) {
    return convolution(part, windows_, lengths, first, second);
  };
  std::vector<Tensor> result(2);
  if (call.wants(0)) {
    switch (part_) {
      case Part::output:
        result[0] = make(Part::weight, b, cotangent, spatial_lengths(a));
        break;
      case Part::input:
        result[0] = make(Part::weight, cotangent, b, spatial_lengths(a));
        break;
      case Part::weight:
        result[0] = make(Part::input, cotangent, b, spatial_lengths(a));
        break;
    }
  }
  if (call.wants(1)) {
    switch (part_) {
      case Part::output:
        result[1] = make(Part::input, a, cotangent, spatial_lengths(b));
        break;
      case Part::input:
        result[1] = make(Part::output, a, cotangent, {});
        break;
      case Part::weight:
        result[1] = make(Part::output, cotangent, a, {});
        break;
    }
  }
  return result;
}

Tensor ConvolutionOperation::jvp(const Call& call, std::span<const Tensor> tangents) const {
  const auto term = [this](const Tensor& first, const Tensor& second) {
    return convolution(part_, windows_, lengths_, first, second);
  };
  const Tensor first = tangents[0].defined() ? term(tangents[0], call.inputs[1]) : Tensor{};
  const Tensor second = tangents[1].defined() ? term(call.inputs[0], tangents[1]) : Tensor{};
  return add_defined(first, second);
}

std::size_t ConvolutionOperation::workspace_bytes(std::span<const Signature> inputs, const Signature& output) const {
  return run::convolution_bytes(part_, fitting(windows_, lengths_of(inputs[0].shape, inputs[1].shape)), output.dtype);
}

void ConvolutionOperation::evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                                       const Array& output) const {
  const run::Convolution lengths = fitting(windows_, lengths_of(inputs[0].shape, inputs[1].shape));
  dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
    const T* a = inputs[0].as<T>();
    const T* b = inputs[1].as<T>();
    switch (part_) {
      case Part::output:
        return run::convolve(lengths, b, a, output.as<T>(), workspace.data());
      case Part::input:
        return run::convolve_input(lengths, b, a, output.as<T>(), workspace.data());
      case Part::weight:
        return run::convolve_weight(lengths, a, b, output.as<T>(), workspace.data());
    }
  });
}

Tensor convolution(Part part, const Windows& windows, const std::vector<std::int64_t>& lengths, const Tensor& first,
                   const Tensor& second) {
  return apply(shared_operation<ConvolutionOperation>(part, windows, lengths), {first, second});
}

const ConvolutionOperation* as_convolution(const Operation& operation) noexcept {
  return dynamic_cast<const ConvolutionOperation*>(&operation);
}

}  // namespace ops

namespace {

using ops::convolution;
using ops::Windows;
using Part = run::ConvolutionPart;
using Lengths = std::vector<std::int64_t>;

// Spatial axes of a weight.
std::span<const std::int64_t> kernel_of(std::string_view operation, const Tensor& w) {
  if (ops::require_defined(operation, w).rank() < 3 || w.rank() > ops::most_spatial_axes + 2) {
    throw ShapeError(
        fmt::format("[{}] found a weight {}; expected (out, in / groups, *kernel) with one to three "
                    "spatial axes",
                    operation, graph::label(w)));
  }
  return ops::spatial(w.shape());
}

// Whether there is no batch axis.
bool is_single(std::string_view operation, const Tensor& x, std::size_t rank) {
  const std::size_t found = ops::require_defined(operation, x).rank();
  if (found != rank + 1 && found != rank + 2) {
    throw ShapeError(
        fmt::format("[{}] found {} with {} spatial axes in the kernel; expected (N, C, *spatial) or (C, "
                    "*spatial) with as many",
                    operation, graph::label(x), rank));
  }
  return found == rank + 1;
}

Tensor as_batch(const Tensor& x, bool single) {
  return single ? expand_dims(x, 0) : x;
}

Tensor as_given(const Tensor& y, bool single) {
  return single ? squeeze(y, {0}) : y;
}

void require_rank(std::string_view operation, const char* what, std::size_t found, std::size_t rank) {
  if (found != rank) {
    throw ShapeError(fmt::format("[{}] found {} {} lengths for {} spatial axes; expected one per axis", operation,
                                 found, what, rank));
  }
}

void require_lengths(std::string_view operation, const char* what, const Lengths& lengths) {
  if (std::any_of(lengths.begin(), lengths.end(), [](std::int64_t length) { return length < 0; })) {
    throw ShapeError(
        fmt::format("[{}] found {} lengths ({}); expected none negative", operation, what, fmt::join(lengths, ", ")));
  }
}

// Windows without padding, if the mode asks for padding by another operation, and how much that is.
struct Padding {
  Windows windows;
  ConvPadding::Widths widths;
  bool is_apart = false;
};

Padding padding_of(const Windows& windows, PaddingMode mode) {
  Padding result{windows, windows.widths(), mode != PaddingMode::zeros && windows.pads()};
  if (result.is_apart) {
    result.windows.drop_padding();
  }
  return result;
}

}  // namespace

Tensor conv(const Tensor& x, const Tensor& w, const ConvOptions& options) {
  static_cast<void>(ops::require_defined("conv", x));
  const auto [windows, widths, pads] =
      padding_of(ops::resolve_windows("conv", kernel_of("conv", w), options), options.mode);
  const bool single = is_single("conv", x, windows.rank);
  const Tensor batch = as_batch(x, single);
  return as_given(convolution(Part::output, windows, {}, w, pads ? pad(batch, widths, options.mode) : batch), single);
}

Tensor conv_input(const Tensor& g, const Tensor& w, const Lengths& spatial, const ConvOptions& options) {
  static_cast<void>(ops::require_defined("conv_input", g));
  const auto [windows, widths, pads] =
      padding_of(ops::resolve_windows("conv_input", kernel_of("conv_input", w), options), options.mode);
  require_rank("conv_input", "input", spatial.size(), windows.rank);
  require_lengths("conv_input", "input", spatial);
  const bool single = is_single("conv_input", g, windows.rank);
  Lengths lengths = spatial;
  for (std::size_t a = 0; pads && a < lengths.size(); ++a) {
    lengths[a] += widths[a + 2].first + widths[a + 2].second;
  }
  Tensor x = convolution(Part::input, windows, lengths, w, as_batch(g, single));
  if (pads) {
    x = ops::pad_adjoint(x, widths, ops::shape_of(x.dim(0), x.dim(1), spatial), options.mode);
  }
  return as_given(x, single);
}

Tensor conv_weight(const Tensor& x, const Tensor& g, const Lengths& kernel, const ConvOptions& options) {
  static_cast<void>(ops::require_defined("conv_weight", x));
  static_cast<void>(ops::require_defined("conv_weight", g));
  require_lengths("conv_weight", "kernel", kernel);
  const auto [windows, widths, pads] = padding_of(ops::resolve_windows("conv_weight", kernel, options), options.mode);
  const bool single = is_single("conv_weight", x, windows.rank);
  if (is_single("conv_weight", g, windows.rank) != single) {
    throw ShapeError(fmt::format("[conv_weight] found {} and {}; expected both with a batch axis or both without",
                                 graph::label(x), graph::label(g)));
  }
  const Tensor batch = as_batch(x, single);
  return convolution(Part::weight, windows, kernel, pads ? pad(batch, widths, options.mode) : batch,
                     as_batch(g, single));
}

}  // namespace xgrad
