#include "planning/view_layout.hpp"

#include <fmt/format.h>
#include <string_view>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"

namespace xgrad::planning {

namespace {

// Of a result that isn't empty: that every axis of it runs along one of the input, and stays inside.
void require_inside(const Operation& operation, const Arrangement& arrangement, const Shape& input,
                    const Shape& result) {
  const auto refuse = [&](std::string_view what) {
    throw ValueError(
        fmt::format("[{}] arrangement() of {} to {} {}", operation.name(), to_string(input), to_string(result), what));
  };
  if (arrangement.starts.size() != input.rank() || arrangement.axes.size() != result.rank()) {
    refuse(fmt::format("has {} starts and {} axes; expected one per axis of the input and of the result",
                       arrangement.starts.size(), arrangement.axes.size()));
  }
  std::vector<std::int64_t> low = arrangement.starts;
  std::vector<std::int64_t> high = arrangement.starts;
  bool overflows = false;
  for (std::size_t i = 0; i < result.rank(); ++i) {
    const auto& [axis, step] = arrangement.axes[i];
    if (axis >= input.rank()) {
      refuse(fmt::format("runs along axis {}, which isn't there", axis));
    }
    std::int64_t& end = (step < 0 ? low : high)[axis];
    std::int64_t way = 0;
    overflows =
        overflows || __builtin_mul_overflow(step, result[i] - 1, &way) || __builtin_add_overflow(end, way, &end);
  }
  for (std::size_t axis = 0; axis < input.rank(); ++axis) {
    if (overflows || low[axis] < 0 || high[axis] >= input[axis]) {
      refuse("takes elements that aren't there");
    }
  }
}

}  // namespace

Source source(const graph::Order& order, std::size_t i, std::size_t input) {
  const std::uint32_t index = order.inputs(i)[input];
  return {index, order.node(index), order.is_leaf(index)};
}

bool is_alias(const graph::Node& node) {
  return node.operation->aliases_input();
}

run::Layout layout_in_input(const graph::Order& order, std::uint32_t node, const Views& views) {
  const graph::Node& result = *order.nodes[node];
  const Source input = source(order, node, 0);
  const Shape& shape = input.node->shape;
  if (result.shape.size() == 0) {
    return {0, run::steps_of(result.shape)};
  }
  const auto known = input.is_leaf ? views.end() : views.find(input.index);
  const run::Layout base = known == views.end() ? run::Layout{0, run::steps_of(shape)} : known->second;
  const Arrangement arrangement = result.operation->arrangement(shape).value_or(Arrangement{});
  require_inside(*result.operation, arrangement, shape, result.shape);
  run::Layout layout{base.offset, {}};
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    layout.offset += arrangement.starts[axis] * base.steps[axis];
  }
  for (std::size_t i = 0; i < result.shape.rank(); ++i) {
    layout.steps[i] = arrangement.axes[i].step * base.steps[arrangement.axes[i].input];
  }
  return layout;
}

}  // namespace xgrad::planning
