#include "ops/convolution/windows.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/error.hpp"

#include "graph/node.hpp"

namespace xgrad::ops {

namespace {

constexpr std::int64_t most = std::int64_t{1} << 40;  // of a number in options; sums of a few don't overflow

void require_count(std::string_view operation, std::string_view what, std::size_t found, std::size_t rank) {
  if (found != rank) {
    throw ShapeError(fmt::format("[{}] {} numbers as {} of {} spatial axes; expected one number, or one per axis",
                                 operation, found, what, rank));
  }
}

void require_number(std::string_view operation, std::string_view what, std::int64_t found, std::int64_t least) {
  if (found < least || found > most) {
    throw ValueError(fmt::format("[{}] {} {}; expected {} or more{}", operation, what, found, least,
                                 found > most ? ", and not so large a number" : ""));
  }
}

void resolve_padding(std::string_view operation, const ConvPadding& padding, std::span<const std::int64_t> lengths,
                     Windows& windows) {
  const bool same = padding.rule() == ConvPadding::Rule::same;
  const bool single = padding.rule() == ConvPadding::Rule::single;
  if (!same && !single) {
    require_count(operation, "padding", padding.widths().size(), windows.rank);
  }
  for (std::size_t a = 0; a < windows.rank; ++a) {
    if (same) {
      if (windows.stride[a] != 1) {
        throw ValueError(fmt::format("[{}] padding \"same\" with a stride of {}; expected stride 1, or numbers",
                                     operation, windows.stride[a]));
      }
      const std::int64_t total = std::max<std::int64_t>(span_of(operation, lengths[a], windows.dilation[a]) - 1, 0);
      windows.before[a] = total / 2;
      windows.after[a] = total - total / 2;
    } else {
      std::tie(windows.before[a], windows.after[a]) = padding.widths()[single ? 0 : a];
    }
    require_number(operation, "padding", std::min(windows.before[a], windows.after[a]), 0);
    require_number(operation, "padding", std::max(windows.before[a], windows.after[a]), 0);
  }
}

Windows resolve(std::string_view operation, std::span<const std::int64_t> lengths, const ConvSizes& stride,
                const ConvPadding& padding, const ConvSizes& dilation, std::int64_t groups) {
  if (lengths.empty() || lengths.size() > most_spatial_axes) {
    throw ShapeError(
        fmt::format("[{}] a kernel with {} spatial axes; expected one to three", operation, lengths.size()));
  }
  Windows windows;
  windows.rank = lengths.size();
  windows.stride = resolve_sizes(operation, "stride", windows.rank, stride, 1);
  windows.dilation = resolve_sizes(operation, "dilation", windows.rank, dilation, 1);
  require_number(operation, "groups", groups, 1);
  windows.groups = groups;
  resolve_padding(operation, padding, lengths, windows);
  return windows;
}

}  // namespace

std::array<std::int64_t, most_spatial_axes> resolve_sizes(std::string_view operation, std::string_view what,
                                                          std::size_t rank, const ConvSizes& sizes,
                                                          std::int64_t least) {
  if (!sizes.is_single()) {
    require_count(operation, what, sizes.values().size(), rank);
  }
  std::array<std::int64_t, most_spatial_axes> result{least, least, least};
  for (std::size_t a = 0; a < rank; ++a) {
    result[a] = sizes.values()[sizes.is_single() ? 0 : a];
    require_number(operation, what, result[a], least);
  }
  return result;
}

std::int64_t span_of(std::string_view operation, std::int64_t kernel, std::int64_t dilation) {
  std::int64_t span = 0;
  if (__builtin_mul_overflow(kernel - 1, dilation, &span) || span > (most << 20U)) {
    throw ShapeError(
        fmt::format("[{}] a kernel of length {} with dilation {} is too large", operation, kernel, dilation));
  }
  return span + 1;
}

Windows resolve_windows(std::string_view operation, std::span<const std::int64_t> lengths, const ConvOptions& options) {
  return resolve(operation, lengths, options.stride, options.padding, options.dilation, options.groups);
}

Windows resolve_windows(std::string_view operation, std::span<const std::int64_t> lengths,
                        const ConvTransposeOptions& options) {
  if (options.padding.rule() == ConvPadding::Rule::same) {
    throw ValueError(fmt::format("[{}] padding \"same\"; expected numbers", operation));
  }
  return resolve(operation, lengths, options.stride, options.padding, options.dilation, options.groups);
}

std::vector<Attribute> Windows::attributes() const {
  const auto first = [this](const auto& values) {
    return std::vector<std::int64_t>(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank));
  };
  return {{"stride", first(stride)},
          {"before", first(before)},
          {"after", first(after)},
          {"dilation", first(dilation)},
          {"groups", groups}};
}

ConvPadding::Widths Windows::widths() const {
  ConvPadding::Widths result(rank + 2);
  for (std::size_t a = 0; a < rank; ++a) {
    result[a + 2] = {before[a], after[a]};
  }
  return result;
}

bool Windows::pads() const noexcept {
  const auto positive = [](std::int64_t width) { return width > 0; };
  return std::any_of(before.begin(), before.end(), positive) || std::any_of(after.begin(), after.end(), positive);
}

void Windows::drop_padding() noexcept {
  before = {};
  after = {};
}

Shape shape_of(std::int64_t first, std::int64_t second, std::span<const std::int64_t> spatial) {
  std::vector<std::int64_t> lengths{first, second};
  lengths.insert(lengths.end(), spatial.begin(), spatial.end());
  return Shape{lengths};
}

run::Convolution fitting(const Windows& windows, const ConvolutionLengths& lengths) noexcept {
  run::Convolution result{.batch = lengths.batch,
                          .groups = windows.groups,
                          .inputs = lengths.channels / windows.groups,
                          .outputs = lengths.outputs / windows.groups};
  for (std::size_t a = 0; a < windows.rank; ++a) {
    run::ConvolutionAxis& axis = result.axes[a + most_spatial_axes - windows.rank];
    axis = {.in = lengths.in[a],
            .kernel = lengths.kernel[a],
            .stride = windows.stride[a],
            .before = windows.before[a],
            .dilation = windows.dilation[a]};
    const std::int64_t padded = axis.in + axis.before + windows.after[a];
    axis.out = (padded - axis.dilation * (axis.kernel - 1) - 1) / axis.stride + 1;
  }
  return result;
}

run::Convolution fitted(std::string_view operation, std::span<const Tensor> inputs, const Windows& windows,
                        const ConvolutionLengths& lengths) {
  for (const auto& [what, count] : {std::pair{"input", lengths.channels}, std::pair{"output", lengths.outputs}}) {
    if (count % windows.groups != 0) {
      throw ShapeError(fmt::format("[{}] found {} {} channels for {} groups; expected a multiple: {}", operation, count,
                                   what, windows.groups, graph::label(inputs)));
    }
  }
  for (std::size_t a = 0; a < windows.rank; ++a) {
    if (lengths.kernel[a] < 1) {
      throw ShapeError(fmt::format("[{}] found a kernel ({}) without elements: {}", operation,
                                   fmt::join(lengths.kernel, ", "), graph::label(inputs)));
    }
    const std::int64_t span = span_of(operation, lengths.kernel[a], windows.dilation[a]);
    const std::int64_t padded = lengths.in[a] + windows.before[a] + windows.after[a];
    if (span > padded) {
      throw ShapeError(
          fmt::format("[{}] found a kernel that covers {} elements of {} along spatial axis {}, padding "
                      "included; expected no more than there are: {}",
                      operation, span, padded, a, graph::label(inputs)));
    }
  }
  return fitting(windows, lengths);
}

std::vector<std::int64_t> output_lengths(const run::Convolution& convolution, std::size_t rank) {
  std::vector<std::int64_t> result;
  for (std::size_t a = most_spatial_axes - rank; a < most_spatial_axes; ++a) {
    result.push_back(convolution.axes[a].out);
  }
  return result;
}

}  // namespace xgrad::ops
