// upsample: interpolation along the last axes, by a sparse matrix for each; its adjoint goes by their transposes.
#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/resample.hpp"

#include "graph/node.hpp"
#include "ops/pooling/axis_maps.hpp"
#include "ops/pooling/window_rule.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"

namespace xgrad {

namespace {

using ops::AxisMap;
using ops::Lengths;

/// What was asked for, of a tensor whose size is known.
struct Grid {
  Lengths size;               ///< of the result
  std::vector<double> scale;  ///< empty where it is the ratio of the lengths
  Interpolation mode = Interpolation::nearest;
  bool align_corners = false;

  [[nodiscard]] std::size_t count() const noexcept { return size.size(); }
  friend bool operator==(const Grid&, const Grid&) = default;
};

/// Where an element is taken: at `index` + `part`, 0 ≤ part < 1.
struct Site {
  std::int64_t index = 0;
  double part = 0;
};

// a / b exactly, for b > 0.
Site quotient(ops::Wide a, ops::Wide b) {
  ops::Wide whole = a / b;
  if (whole * b > a) {
    --whole;
  }
  return {static_cast<std::int64_t>(whole), static_cast<double>(a - whole * b) / static_cast<double>(b)};
}

Site whole_and_part(double x) {
  const double whole = std::floor(x);
  return {static_cast<std::int64_t>(whole), x - whole};
}

// Element i of `to` on the grid of `from` elements.
Site site(const Grid& grid, std::size_t axis, std::int64_t i, std::int64_t from) {
  const std::int64_t to = grid.size[axis];
  const auto wide = static_cast<ops::Wide>(i);
  const auto real = static_cast<double>(i);
  if (grid.align_corners) {
    return to == 1 ? Site{} : quotient(wide * (from - 1), to - 1);
  }
  if (grid.mode == Interpolation::nearest) {
    return grid.scale.empty() ? quotient(wide * from, to) : whole_and_part(real / grid.scale[axis]);
  }
  return grid.scale.empty() ? quotient((2 * wide + 1) * from - to, 2 * static_cast<ops::Wide>(to))
                            : whole_and_part((real + 0.5) / grid.scale[axis] - 0.5);
}

// The weights of the elements at −1, 0, 1 and 2, for one at t in [0, 1).
std::array<double, 4> cubic_weights(double t) {
  constexpr double a = -0.75;
  const auto near = [](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };       // of |x| ≤ 1
  const auto far = [](double x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };  // of 1 < |x| < 2
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

AxisMap map_of(const Grid& grid, std::size_t axis, std::int64_t from) {
  AxisMap map{from};
  const auto add = [&map, from](std::int64_t index, double weight) {
    map.add(std::clamp<std::int64_t>(index, 0, from - 1), weight);
  };
  for (std::int64_t i = 0; i < grid.size[axis]; ++i, map.end_row()) {
    const auto [index, part] = site(grid, axis, i, from);
    switch (grid.mode) {
      case Interpolation::nearest:
        add(index, 1);
        break;
      case Interpolation::linear:
        add(index, index < 0 || index >= from - 1 ? 1 : 1 - part);
        if (index >= 0 && index < from - 1) {
          add(index + 1, part);
        }
        break;
      case Interpolation::cubic: {
        const std::array<double, 4> weights = cubic_weights(part);
        for (std::size_t k = 0; k < weights.size(); ++k) {
          add(index - 1 + static_cast<std::int64_t>(k), weights[k]);
        }
        break;
      }
    }
  }
  return map;
}

std::vector<AxisMap> maps_of(const Grid& grid, const Lengths& from) {
  std::vector<AxisMap> result;
  result.reserve(grid.count());
  for (std::size_t axis = 0; axis < grid.count(); ++axis) {
    result.push_back(map_of(grid, axis, from[axis]));
  }
  return result;
}

std::vector<Attribute> attributes_of(const Grid& grid) {
  std::vector<Attribute> result{{"size", grid.size}};
  constexpr std::array<std::string_view, ops::max_spatial> scales{"scale_0", "scale_1", "scale_2"};
  for (std::size_t axis = 0; axis < grid.scale.size(); ++axis) {
    result.emplace_back(scales[axis], grid.scale[axis]);
  }
  if (grid.mode != Interpolation::nearest) {
    result.emplace_back(grid.mode == Interpolation::linear ? "linear" : "cubic", true);
  }
  if (grid.align_corners) {
    result.emplace_back("align_corners", true);
  }
  return result;
}

Tensor resampled(const Tensor& x, const Grid& grid);
Tensor resampled_adjoint(const Tensor& g, const Grid& grid, const Lengths& from);

class UpsampleOperation final : public ops::AxisMapsOperation {
 public:
  explicit UpsampleOperation(const Grid& grid) : grid_{grid} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "upsample"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return attributes_of(grid_); }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {ops::with_spatial(inputs[0].shape(), grid_.size), ops::require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {resampled_adjoint(cotangent, grid_, ops::spatial_of(call.inputs[0].shape(), grid_.count()))};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return resampled(tangents[0], grid_);
  }

 private:
  [[nodiscard]] std::vector<AxisMap> maps(const Shape& input) const override {
    return maps_of(grid_, ops::spatial_of(input, grid_.count()));
  }

  Grid grid_;
};

class UpsampleAdjointOperation final : public ops::AxisMapsOperation {
 public:
  UpsampleAdjointOperation(const Grid& grid, const Lengths& from) : grid_{grid}, from_{from} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "upsample_adjoint"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    std::vector<Attribute> result = attributes_of(grid_);
    result.emplace_back("from", from_);
    return result;
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {ops::with_spatial(inputs[0].shape(), from_), ops::require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& cotangent) const override {
    return {resampled(cotangent, grid_)};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return resampled_adjoint(tangents[0], grid_, from_);
  }

 private:
  [[nodiscard]] std::vector<AxisMap> maps(const Shape& /*input*/) const override {
    std::vector<AxisMap> result;
    for (const AxisMap& map : maps_of(grid_, from_)) {
      result.push_back(map.transposed());
    }
    return result;
  }

  Grid grid_;
  Lengths from_;
};

Tensor resampled(const Tensor& x, const Grid& grid) {
  return apply(ops::shared_operation<UpsampleOperation>(grid), {x});
}

Tensor resampled_adjoint(const Tensor& g, const Grid& grid, const Lengths& from) {
  return apply(ops::shared_operation<UpsampleAdjointOperation>(grid, from), {g});
}

// How many spatial axes there are. Throws ValueError unless the options fit with one another.
std::size_t checked_count(std::string_view operation, const UpsampleOptions& options) {
  if (options.size.empty() == options.scale.empty()) {
    throw ValueError(fmt::format("[{}] found {} sizes and {} scales; expected either, one for each spatial axis",
                                 operation, options.size.size(), options.scale.size()));
  }
  const std::size_t count = std::max(options.size.size(), options.scale.size());
  if (count > ops::max_spatial) {
    throw ValueError(fmt::format("[{}] found {} spatial axes; expected 1 to {}", operation, count, ops::max_spatial));
  }
  if (options.mode == Interpolation::cubic && count != 2) {
    throw ValueError(fmt::format("[{}] found cubic along {} axes; expected 2", operation, count));
  }
  if (options.mode == Interpolation::nearest && options.align_corners) {
    throw ValueError(fmt::format("[{}] found align_corners with nearest; expected linear or cubic", operation));
  }
  if (!options.size.empty()) {
    ops::require_spatial(operation, "size", options.size, 1);
  }
  for (const double scale : options.scale) {
    if (!(scale > 0) || !std::isfinite(scale)) {
      throw ValueError(fmt::format("[{}] found a scale of ({}); expected positive numbers", operation,
                                   fmt::join(options.scale, ", ")));
    }
  }
  return count;
}

// Of an x with such spatial axes. Throws ValueError.
Grid grid_of(std::string_view operation, const UpsampleOptions& options, const Lengths& from) {
  Grid grid{.size = options.size, .scale = options.scale, .mode = options.mode, .align_corners = options.align_corners};
  bool is_ratio = true;
  for (std::size_t axis = 0; axis < options.scale.size(); ++axis) {
    const double length = static_cast<double>(from[axis]) * options.scale[axis];
    if (!(length >= 1 && length < 0x1p53)) {
      throw ValueError(fmt::format("[{}] found a scale of ({}) for ({}); expected one that leaves an element",
                                   operation, fmt::join(options.scale, ", "), fmt::join(from, ", ")));
    }
    grid.size.push_back(static_cast<std::int64_t>(length));
    is_ratio = is_ratio && length == std::floor(length);
  }
  if (is_ratio || grid.align_corners) {
    grid.scale.clear();
  }
  return grid;
}

void require_elements(std::string_view operation, std::string_view what, const Lengths& from) {
  if (std::find(from.begin(), from.end(), 0) != from.end()) {
    throw ShapeError(
        fmt::format("[{}] found {} with an empty spatial axis; expected one element or more", operation, what));
  }
}

}  // namespace

Tensor upsample(const Tensor& x, const UpsampleOptions& options) {
  const std::size_t count = checked_count("upsample", options);
  ops::require_rank("upsample", x, count);
  const Lengths from = ops::spatial_of(x.shape(), count);
  require_elements("upsample", graph::label(x), from);
  return resampled(x, grid_of("upsample", options, from));
}

Tensor upsample_adjoint(const Tensor& g, const std::vector<std::int64_t>& size, const UpsampleOptions& options) {
  const std::size_t count = checked_count("upsample_adjoint", options);
  ops::require_rank("upsample_adjoint", g, count);
  if (size.size() != count) {
    throw ValueError(fmt::format("[upsample_adjoint] found a size of ({}); expected one number for each of {} axes",
                                 fmt::join(size, ", "), count));
  }
  ops::require_spatial("upsample_adjoint", "size", size, 1);
  const Grid grid = grid_of("upsample_adjoint", options, size);
  if (ops::spatial_of(g.shape(), count) != grid.size) {
    throw ShapeError(fmt::format("[upsample_adjoint] found {}; expected (…, {}), the result of (…, {})",
                                 graph::label(g), fmt::join(grid.size, ", "), fmt::join(size, ", ")));
  }
  return resampled_adjoint(g, grid, size);
}

}  // namespace xgrad
