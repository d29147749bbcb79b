// conv_transpose: the adjoint of a convolution, of the lengths that stride and output_padding ask for.
#include <array>
#include <fmt/format.h>

#include "xgrad/convolution.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/convolution/convolution.hpp"
#include "ops/convolution/windows.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

constexpr std::string_view name = "conv_transpose";

void require_fitting(const Tensor& x, const Tensor& w, std::int64_t groups, bool single) {
  const std::array inputs{x, w};
  static_cast<void>(ops::require_floating(name, inputs));
  const std::int64_t channels = x.dim(single ? 0 : 1);
  if (channels != w.dim(0)) {
    throw ShapeError(fmt::format("[{}] found {} input channels, and a weight for {}; expected equal numbers: {}", name,
                                 channels, w.dim(0), graph::label(inputs)));
  }
  if (channels % groups != 0) {
    throw ShapeError(fmt::format("[{}] found {} input channels for {} groups; expected a multiple: {}", name, channels,
                                 groups, graph::label(inputs)));
  }
}

std::int64_t output_length(const ops::Windows& windows, std::size_t a, std::int64_t in, std::int64_t kernel,
                           std::int64_t extra) {
  if (kernel < 1) {
    throw ShapeError(
        fmt::format("[{}] found a kernel of {} elements along spatial axis {}; expected some", name, kernel, a));
  }
  if (in < 1) {
    throw ShapeError(fmt::format("[{}] found no elements along spatial axis {}; expected one or more", name, a));
  }
  if (extra >= windows.stride[a]) {
    throw ValueError(
        fmt::format("[{}] output_padding {} with stride {} along spatial axis {}; expected less than the stride", name,
                    extra, windows.stride[a], a));
  }
  std::int64_t length = 0;
  if (__builtin_mul_overflow(in - 1, windows.stride[a], &length) ||
      __builtin_add_overflow(length, ops::span_of(name, kernel, windows.dilation[a]) + extra, &length)) {
    throw ShapeError(fmt::format("[{}] along spatial axis {} the result would be too long", name, a));
  }
  length -= windows.before[a] + windows.after[a];
  if (length < 0) {
    throw ShapeError(
        fmt::format("[{}] padding ({}, {}) along spatial axis {} leaves {} elements; expected no more "
                    "padding than there are",
                    name, windows.before[a], windows.after[a], a, length));
  }
  return length;
}

}  // namespace

Tensor conv_transpose(const Tensor& x, const Tensor& w, const ConvTransposeOptions& options) {
  static_cast<void>(ops::require_defined(name, x));
  if (ops::require_defined(name, w).rank() < 3 || w.rank() > ops::most_spatial_axes + 2) {
    throw ShapeError(
        fmt::format("[{}] found a weight {}; expected (in, out / groups, *kernel) with one to three "
                    "spatial axes",
                    name, graph::label(w)));
  }
  const auto kernel = ops::spatial(w.shape());
  const ops::Windows windows = ops::resolve_windows(name, kernel, options);
  const auto extra = ops::resolve_sizes(name, "output_padding", windows.rank, options.output_padding, 0);
  const bool single = x.rank() == windows.rank + 1;
  if (!single && x.rank() != windows.rank + 2) {
    throw ShapeError(
        fmt::format("[{}] found {} with {} spatial axes in the kernel; expected (N, C, *spatial) or (C, "
                    "*spatial) with as many",
                    name, graph::label(x), windows.rank));
  }
  require_fitting(x, w, windows.groups, single);
  const Tensor batch = single ? expand_dims(x, 0) : x;
  std::vector<std::int64_t> lengths;
  lengths.reserve(windows.rank);
  for (std::size_t a = 0; a < windows.rank; ++a) {
    lengths.push_back(output_length(windows, a, batch.shape()[a + 2], kernel[a], extra[a]));
  }
  const Tensor y = ops::convolution(run::ConvolutionPart::input, windows, lengths, w, batch);
  return single ? squeeze(y, {0}) : y;
}

}  // namespace xgrad
