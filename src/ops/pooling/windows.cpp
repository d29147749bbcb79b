// windows: y[…, i, j] = x[…, s i + d j] along the last axes, padded beforehand; its adjoint adds what windows share.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/pooling.hpp"

#include "graph/node.hpp"
#include "ops/arrangement.hpp"
#include "ops/pooling/fold.hpp"
#include "ops/pooling/window_rule.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "run/strided_copy.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

using ops::Lengths;

/// Kernel, stride and dilation, of windows without padding.
struct Steps {
  Lengths kernel;
  Lengths stride;
  Lengths dilation;

  [[nodiscard]] std::size_t count() const noexcept { return kernel.size(); }
  friend bool operator==(const Steps&, const Steps&) = default;
};

std::vector<Attribute> attributes_of(const Steps& steps) {
  std::vector<Attribute> result{{"kernel", steps.kernel}};
  const Lengths ones(steps.count(), 1);
  if (steps.stride != ones) {
    result.emplace_back("stride", steps.stride);
  }
  if (steps.dilation != ones) {
    result.emplace_back("dilation", steps.dilation);
  }
  return result;
}

// The windows of an axis that is long enough.
std::int64_t windows_along(const Steps& steps, std::size_t axis, std::int64_t length) {
  return (length - steps.dilation[axis] * (steps.kernel[axis] - 1) - 1) / steps.stride[axis] + 1;
}

Tensor unfolded(const Tensor& x, const Steps& steps);
Tensor folded(const Tensor& g, const Steps& steps, const Lengths& size);

class WindowsOperation final : public Operation {
 public:
  explicit WindowsOperation(const Steps& steps) : steps_{steps} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "windows"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return attributes_of(steps_); }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] std::optional<Arrangement> arrangement(const Shape& input) const override {
    Arrangement result = ops::identity(input.rank());
    const std::size_t first = input.rank() - steps_.count();
    for (std::size_t axis = 0; axis < steps_.count(); ++axis) {
      result.axes[first + axis].step = steps_.stride[axis];
      result.axes.push_back({.input = first + axis, .step = steps_.dilation[axis]});
    }
    return result;
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Shape& x = inputs[0].shape();
    Lengths lengths = x.to_vector();
    const std::size_t first = x.rank() - steps_.count();
    for (std::size_t axis = 0; axis < steps_.count(); ++axis) {
      lengths[first + axis] = windows_along(steps_, axis, x[first + axis]);
    }
    lengths.insert(lengths.end(), steps_.kernel.begin(), steps_.kernel.end());
    return {Shape{lengths}, inputs[0].dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {folded(cotangent, steps_, ops::spatial_of(call.inputs[0].shape(), steps_.count()))};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return unfolded(tangents[0], steps_);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    const run::Steps from = run::steps_of(x.shape);
    run::StridedCopy copy{.from = x.data,
                          .to = output.data,
                          .rank = output.shape.rank(),
                          .from_steps = from,
                          .to_steps = run::steps_of(output.shape)};
    std::copy(output.shape.begin(), output.shape.end(), copy.lengths.begin());
    const std::size_t first = x.shape.rank() - steps_.count();
    for (std::size_t axis = 0; axis < steps_.count(); ++axis) {
      copy.from_steps[first + axis] = from[first + axis] * steps_.stride[axis];
      copy.from_steps[x.shape.rank() + axis] = from[first + axis] * steps_.dilation[axis];
    }
    run::strided_copy(x.dtype, copy);
  }

 private:
  Steps steps_;
};

class WindowsAdjointOperation final : public Operation {
 public:
  WindowsAdjointOperation(const Steps& steps, const Lengths& size) : steps_{steps}, size_{size} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "windows_adjoint"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    std::vector<Attribute> result = attributes_of(steps_);
    result.emplace_back("size", size_);
    return result;
  }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_numeric(name(), inputs);
    Lengths lengths = inputs[0].shape().to_vector();
    lengths.resize(lengths.size() - 2 * steps_.count());
    lengths.insert(lengths.end(), size_.begin(), size_.end());
    return {Shape{lengths}, dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& cotangent) const override {
    return {unfolded(cotangent, steps_)};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return folded(tangents[0], steps_, size_);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    ops::Fold fold;
    const std::size_t missing = ops::max_spatial - steps_.count();
    const auto set = [missing](ops::Fold::Axes& axes, const Lengths& lengths) {
      std::copy(lengths.begin(), lengths.end(), axes.begin() + static_cast<std::ptrdiff_t>(missing));
    };
    const Lengths both = ops::spatial_of(inputs[0].shape, 2 * steps_.count());
    set(fold.size, size_);
    set(fold.windows, {both.begin(), both.begin() + static_cast<std::ptrdiff_t>(steps_.count())});
    set(fold.kernel, steps_.kernel);
    set(fold.stride, steps_.stride);
    set(fold.dilation, steps_.dilation);
    dispatch_numeric(output.dtype, [&]<class T>(std::type_identity<T>) {
      ops::fold(inputs[0].as<T>(), ops::planes_of(output.shape, steps_.count()), fold, output.as<T>());
    });
  }

 private:
  Steps steps_;
  Lengths size_;
};

Tensor unfolded(const Tensor& x, const Steps& steps) {
  return apply(ops::shared_operation<WindowsOperation>(steps), {x});
}

Tensor folded(const Tensor& g, const Steps& steps, const Lengths& size) {
  return apply(ops::shared_operation<WindowsAdjointOperation>(steps, size), {g});
}

/// Options that were checked, but for what depends on x.
struct Options {
  Steps steps;
  Lengths padding;
};

Options checked(std::string_view operation, const WindowOptions& options) {
  ops::require_spatial(operation, "kernel", options.kernel, 1);
  const std::size_t count = options.kernel.size();
  const Lengths ones(count, 1);
  return {{options.kernel, ops::per_axis(operation, "stride", options.stride, count, ones, 1),
           ops::per_axis(operation, "dilation", options.dilation, count, ones, 1)},
          ops::per_axis(operation, "padding", options.padding, count, Lengths(count, 0), 0)};
}

// The lengths with their padding. Throws ShapeError if the kernel doesn't fit into them.
Lengths padded(std::string_view operation, const Options& options, const Lengths& lengths) {
  const auto& [kernel, stride, dilation] = options.steps;
  Lengths result;
  for (std::size_t axis = 0; axis < lengths.size(); ++axis) {
    std::int64_t reach = 0;
    std::int64_t length = 0;
    if (__builtin_mul_overflow(options.padding[axis], 2, &length) ||
        __builtin_add_overflow(length, lengths[axis], &length) ||
        __builtin_mul_overflow(kernel[axis] - 1, dilation[axis], &reach) || reach >= length) {
      throw ShapeError(
          fmt::format("[{}] found a kernel of ({}), with a dilation of ({}), for spatial axes ({}), with a padding of "
                      "({}); expected a kernel that isn't larger than the padded input",
                      operation, fmt::join(kernel, ", "), fmt::join(dilation, ", "), fmt::join(lengths, ", "),
                      fmt::join(options.padding, ", ")));
    }
    result.push_back(length);
  }
  return result;
}

bool has_padding(const Options& options) {
  return std::any_of(options.padding.begin(), options.padding.end(), [](std::int64_t width) { return width > 0; });
}

Tensor with_padding(const Tensor& x, const Options& options) {
  std::vector<std::pair<std::int64_t, std::int64_t>> widths(x.rank() - options.padding.size(), {0, 0});
  for (const std::int64_t width : options.padding) {
    widths.emplace_back(width, width);
  }
  return pad(x, widths);
}

}  // namespace

Tensor windows(const Tensor& x, const WindowOptions& options) {
  const Options given = checked("windows", options);
  const std::size_t count = given.steps.count();
  ops::require_rank("windows", x, count);
  if (x.rank() + count > Shape::max_rank) {
    throw ShapeError(fmt::format("[windows] found {} with {} spatial axes; expected a result of at most {} axes",
                                 graph::label(x), count, Shape::max_rank));
  }
  padded("windows", given, ops::spatial_of(x.shape(), count));
  return unfolded(has_padding(given) ? with_padding(x, given) : x, given.steps);
}

Tensor windows_adjoint(const Tensor& g, const std::vector<std::int64_t>& size, const WindowOptions& options) {
  const Options given = checked("windows_adjoint", options);
  const std::size_t count = given.steps.count();
  ops::require_rank("windows_adjoint", g, 2 * count);
  if (size.size() != count) {
    throw ValueError(fmt::format("[windows_adjoint] found a size of ({}); expected one number for each of {} axes",
                                 fmt::join(size, ", "), count));
  }
  ops::require_spatial("windows_adjoint", "size", size, 0);
  const Lengths whole = padded("windows_adjoint", given, size);
  Lengths expected;
  for (std::size_t axis = 0; axis < count; ++axis) {
    expected.push_back(windows_along(given.steps, axis, whole[axis]));
  }
  expected.insert(expected.end(), options.kernel.begin(), options.kernel.end());
  if (ops::spatial_of(g.shape(), 2 * count) != expected) {
    throw ShapeError(fmt::format("[windows_adjoint] found {}; expected (…, {}), the windows of (…, {})",
                                 graph::label(g), fmt::join(expected, ", "), fmt::join(size, ", ")));
  }
  Tensor x = folded(g, given.steps, whole);
  for (std::size_t axis = 0; axis < count; ++axis) {
    const std::int64_t start = given.padding[axis];
    x = slice(x, {start, start + size[axis]}, static_cast<std::int64_t>(axis) - static_cast<std::int64_t>(count));
  }
  return x;
}

}  // namespace xgrad
