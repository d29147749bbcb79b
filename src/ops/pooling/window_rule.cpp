#include "ops/pooling/window_rule.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <limits>
#include <numeric>

#include "xgrad/error.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad::ops {

namespace {

std::string text_of(const Lengths& numbers) {
  return fmt::format("({})", fmt::join(numbers, ", "));
}

// d (k − 1) + 1, or the largest number if that is none.
std::int64_t reach(std::int64_t kernel, std::int64_t dilation) {
  std::int64_t result = 0;
  const bool overflows =
      __builtin_mul_overflow(kernel - 1, dilation, &result) || __builtin_add_overflow(result, 1, &result);
  return overflows ? std::numeric_limits<std::int64_t>::max() : result;
}

void require_least(std::string_view operation, std::string_view what, const Lengths& given, std::int64_t least) {
  if (std::any_of(given.begin(), given.end(), [least](std::int64_t number) { return number < least; })) {
    throw ValueError(fmt::format("[{}] found a {} of {}; expected {} or more", operation, what, text_of(given), least));
  }
}

bool all_are(const Lengths& numbers, std::int64_t value) {
  return std::all_of(numbers.begin(), numbers.end(), [value](std::int64_t number) { return number == value; });
}

}  // namespace

Lengths per_axis(std::string_view operation, std::string_view what, const Lengths& given, std::size_t count,
                 const Lengths& fallback, std::int64_t least) {
  if (given.empty()) {
    return fallback;
  }
  if (given.size() != 1 && given.size() != count) {
    throw ValueError(fmt::format("[{}] found a {} of {}; expected one number, or one for each of {} spatial axes",
                                 operation, what, text_of(given), count));
  }
  require_least(operation, what, given, least);
  return given.size() == count ? given : Lengths(count, given[0]);
}

void require_spatial(std::string_view operation, std::string_view what, const Lengths& given, std::int64_t least) {
  if (given.empty() || given.size() > max_spatial) {
    throw ValueError(fmt::format("[{}] found a {} of {}; expected one number for each of 1 to {} spatial axes",
                                 operation, what, text_of(given), max_spatial));
  }
  require_least(operation, what, given, least);
}

void require_rank(std::string_view operation, const Tensor& x, std::size_t count) {
  if (require_defined(operation, x).rank() < count) {
    throw ShapeError(fmt::format("[{}] found {}; expected at least {} axes, the last {} spatial", operation,
                                 graph::label(x), count, count));
  }
}

WindowRule::WindowRule(std::string_view operation, const Lengths& kernel, const Lengths& stride, const Lengths& padding,
                       const Lengths& dilation, bool ceil_mode)
    : kernel_{kernel}, ceil_mode_{ceil_mode} {
  require_spatial(operation, "kernel", kernel, 1);
  stride_ = per_axis(operation, "stride", stride, count(), kernel, 1);
  padding_ = per_axis(operation, "padding", padding, count(), Lengths(count(), 0), 0);
  dilation_ = per_axis(operation, "dilation", dilation, count(), Lengths(count(), 1), 1);
  for (std::size_t axis = 0; axis < count(); ++axis) {
    if (padding_[axis] > kernel_[axis] / 2) {
      throw ValueError(fmt::format("[{}] found a padding of {} for a kernel of {}; expected at most half of the kernel",
                                   operation, text_of(padding_), text_of(kernel_)));
    }
  }
}

WindowRule WindowRule::adaptive(std::string_view operation, const Lengths& size) {
  require_spatial(operation, "size", size, 1);
  WindowRule result;
  result.kernel_ = size;
  result.padding_ = Lengths(size.size(), 0);
  result.adaptive_ = true;
  return result;
}

std::vector<Attribute> WindowRule::attributes() const {
  if (adaptive_) {
    return {{"size", kernel_}};
  }
  std::vector<Attribute> result{{"kernel", kernel_}};
  if (stride_ != kernel_) {
    result.emplace_back("stride", stride_);
  }
  if (!all_are(padding_, 0)) {
    result.emplace_back("padding", padding_);
  }
  if (!all_are(dilation_, 1)) {
    result.emplace_back("dilation", dilation_);
  }
  if (ceil_mode_) {
    result.emplace_back("ceil_mode", true);
  }
  return result;
}

std::int64_t WindowRule::size(std::size_t axis, std::int64_t length) const {
  const std::int64_t free = length + 2 * padding_[axis] - reach(kernel_[axis], dilation_[axis]);
  const std::int64_t stride = stride_[axis];
  if (!ceil_mode_) {
    return free / stride + 1;
  }
  const std::int64_t size = free / stride + (free % stride != 0 ? 1 : 0) + 1;
  return (size - 1) * stride >= length + padding_[axis] ? size - 1 : size;
}

Lengths WindowRule::sizes(std::string_view operation, const Tensor& x) const {
  require_rank(operation, x, count());
  const Lengths lengths = spatial_of(x.shape(), count());
  for (std::size_t axis = 0; axis < count(); ++axis) {
    if (lengths[axis] == 0) {
      throw ShapeError(fmt::format("[{}] found {}, with an empty spatial axis; expected one element or more", operation,
                                   graph::label(x)));
    }
    std::int64_t padded = 0;
    if (!adaptive_ &&
        (__builtin_mul_overflow(padding_[axis], 2, &padded) || __builtin_add_overflow(padded, lengths[axis], &padded) ||
         reach(kernel_[axis], dilation_[axis]) > padded)) {
      throw ShapeError(fmt::format(
          "[{}] found a kernel of {}, with a dilation of {}, for {}, with a padding of {}; expected a kernel "
          "that isn't larger than the padded input",
          operation, text_of(kernel_), text_of(dilation_), graph::label(x), text_of(padding_)));
    }
  }
  if (adaptive_) {
    return kernel_;
  }
  Lengths result;
  for (std::size_t axis = 0; axis < count(); ++axis) {
    result.push_back(size(axis, lengths[axis]));
  }
  if (all_are(dilation_, 1)) {
    return result;
  }
  for (const Spans& along : spans(x.shape())) {
    if (std::find(along.counts.begin(), along.counts.end(), 0) != along.counts.end()) {
      throw ShapeError(fmt::format("[{}] found windows of {} that have padding alone, by a dilation of {}", operation,
                                   graph::label(x), text_of(dilation_)));
    }
  }
  return result;
}

std::vector<Spans> WindowRule::spans(const Shape& x) const {
  const Lengths lengths = spatial_of(x, count());
  std::vector<Spans> result;
  for (std::size_t axis = 0; axis < count(); ++axis) {
    const std::int64_t length = lengths[axis];
    Spans spans{.length = length, .step = adaptive_ ? 1 : dilation_[axis]};
    const std::int64_t windows = adaptive_ ? kernel_[axis] : size(axis, length);
    for (std::int64_t i = 0; i < windows; ++i) {
      if (adaptive_) {
        const auto wide = static_cast<Wide>(length);
        const auto start = static_cast<std::int64_t>(i * wide / windows);
        const auto end = static_cast<std::int64_t>(((i + 1) * wide + windows - 1) / windows);
        spans.starts.push_back(start);
        spans.counts.push_back(end - start);
        continue;
      }
      // Those of i s − p + d j, 0 ≤ j < k, that are in [0, n).
      const std::int64_t start = i * stride_[axis] - padding_[axis];
      const std::int64_t skipped = start < 0 ? (-start + spans.step - 1) / spans.step : 0;
      const std::int64_t first = start + skipped * spans.step;
      const std::int64_t fitting = first < length ? (length - 1 - first) / spans.step + 1 : 0;
      spans.starts.push_back(first);
      spans.counts.push_back(std::clamp<std::int64_t>(kernel_[axis] - skipped, 0, fitting));
    }
    result.push_back(std::move(spans));
  }
  return result;
}

std::int64_t WindowRule::padded_count(std::size_t axis, std::int64_t length, std::int64_t window) const {
  const std::int64_t start = window * stride_[axis] - padding_[axis];
  return std::min(kernel_[axis], length + padding_[axis] - start);
}

std::int64_t WindowRule::overlap(const Shape& x) const {
  const Lengths lengths = spatial_of(x, count());
  constexpr std::int64_t most = 1 << 20;  // so that the product of all is a number
  std::int64_t result = 1;
  for (std::size_t axis = 0; axis < count(); ++axis) {
    // Windows that begin between two elements: at least a stride apart, or n / m, within the reach of one.
    const std::int64_t along =
        adaptive_ ? kernel_[axis] / lengths[axis] + 2
                  : std::min(kernel_[axis], (reach(kernel_[axis], dilation_[axis]) - 1) / stride_[axis] + 1);
    result *= std::min(along, most);
  }
  return result;
}

Shape with_spatial(const Shape& shape, const Lengths& lengths) {
  Lengths result = shape.to_vector();
  std::copy(lengths.begin(), lengths.end(), result.end() - static_cast<std::ptrdiff_t>(lengths.size()));
  return Shape{result};
}

Lengths spatial_of(const Shape& shape, std::size_t count) {
  return {shape.end() - count, shape.end()};
}

std::int64_t planes_of(const Shape& shape, std::size_t count) {
  return std::accumulate(shape.begin(), shape.end() - count, std::int64_t{1}, std::multiplies<>{});
}

std::int64_t planes_per_piece(std::int64_t cost) {
  constexpr std::int64_t enough = 200'000;  // a tenth of a millisecond or more
  return std::max<std::int64_t>(enough / std::max<std::int64_t>(cost, 1), 1);
}

}  // namespace xgrad::ops
