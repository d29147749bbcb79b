// Slopes of other functions of a family, halves of a gated unit, and sums over samples and positions.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <vector>

#include "xgrad/activations.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "check/diagnosis/attribute_of.hpp"
#include "check/diagnosis/layer_edits.hpp"
#include "graph/node.hpp"
#include "ops/primitives.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Head;
using ops::OperationPointer;

// The operation of this call.
OperationPointer operation_of(const Tensor& call) {
  return call.node()->operation;
}

// Functions that are taken for one another, with their usual constants.
std::vector<std::vector<OperationPointer>> families() {
  const Tensor x = full({1}, 1, float32);
  return {{operation_of(gelu(x)), operation_of(gelu_tanh(x)), operation_of(silu(x))},
          {operation_of(elu(x)), operation_of(selu(x)), operation_of(celu(x)), ops::relu_operation()},
          {operation_of(leaky_relu(x)), ops::relu_operation()},
          {operation_of(relu6(x)), operation_of(hardtanh(x)), ops::relu_operation()},
          {operation_of(hardswish(x)), operation_of(silu(x)), operation_of(hardsigmoid(x))},
          {operation_of(mish(x)), operation_of(silu(x))}};
}

void add_slopes(Rewritings& to) {
  static const std::vector<std::vector<OperationPointer>> all = families();
  const std::string_view name = to.here->operation->name();
  const Expr z = to.here->arguments[0];
  for (const std::vector<OperationPointer>& family : all) {
    if (std::none_of(family.begin(), family.end(), [&](const OperationPointer& f) { return f->name() == name; })) {
      continue;
    }
    for (const OperationPointer& other : family) {
      if (other->name() != name || other->attributes() != to.here->operation->attributes()) {
        const Expr slope = to.e.function(other, z, to.here->shape, true);
        to.add(slope, fmt::format("{} in place of {}", to.text(slope), to.text(to.here)));
      }
    }
  }
  // 1 on one side and a number on the other.
  if (const auto slope = attribute_of<double>(*to.here->operation, "slope")) {
    const Expr both = to.e.number(1 + *slope, to.here->shape, to.here->dtype);
    to.add(to.e.spread(to.e.sum(both, to.e.scaled(-1, to.here)), to.here->shape), "the two sides exchanged");
  }
}

// prelu's slope by its parameter.
void add_slopes_with_parameters(Rewritings& to) {
  const Expr z = to.here->arguments[0];
  const Expr other = to.e.function(ops::relu_operation(), z, z->shape, true);
  to.add(other, fmt::format("{} in place of {}", to.text(other), to.text(to.here)));
  const Expr one = to.e.number(1, to.here->shape, to.here->dtype);
  const Expr both = to.e.sum(one, to.here->arguments[1]);
  to.add(both->shape == to.here->shape || to.here->arguments[1]->shape.rank() <= 1
             ? to.e.spread(to.e.sum(both, to.e.scaled(-1, to.here)), to.here->shape)
             : nullptr,
         "the two sides exchanged", Rank::common);
}

bool is_placed(Expr x) {
  return x->head == Head::call && x->operation->name() == "slice_adjoint";
}

// What lies in the halves of an axis, as gated units split it.
void add_halves(Rewritings& to) {
  const Expr here = to.here;
  if (here->arguments.size() != 2 || !std::all_of(here->arguments.begin(), here->arguments.end(), is_placed)) {
    return;
  }
  const auto axis = attribute_of<std::int64_t>(*here->arguments[0]->operation, "axis");
  const auto of_other = attribute_of<std::int64_t>(*here->arguments[1]->operation, "axis");
  if (!axis || axis != of_other || *axis < 0) {
    return;
  }
  const std::int64_t length = here->shape[static_cast<std::size_t>(*axis)];
  const Shape& first = here->arguments[0]->arguments[0]->shape;
  if (first != here->arguments[1]->arguments[0]->shape || 2 * first[static_cast<std::size_t>(*axis)] != length) {
    return;
  }
  to.add(to.written({here},
                    [&](std::span<const Tensor> x) {
                      return concatenate(
                          {section(x[0], *axis, length / 2, length / 2), section(x[0], *axis, 0, length / 2)}, *axis);
                    }),
         "the halves exchanged");
}

// Sums over more than one axis: samples and positions.
void add_sums(Rewritings& to) {
  const Expr here = to.here;
  const Expr x = here->arguments[0];
  if (here->axes.size() < 2) {
    return;
  }
  const auto rank = static_cast<std::int64_t>(x->shape.rank());
  const double count =
      static_cast<double>(x->shape.size()) / static_cast<double>(std::max<std::int64_t>(here->shape.size(), 1));
  to.add(to.e.scaled(1 / count, here), "the mean in place of the sum");
  for (std::int64_t out = 0; out < rank; ++out) {
    // All axes but one, as the bias of a channel has them.
    std::vector<std::int64_t> axes;
    for (std::int64_t axis = 0; axis < rank; ++axis) {
      if (axis != out) {
        axes.push_back(axis);
      }
    }
    if (axes.size() == here->axes.size() && axes != here->axes) {
      const Expr other = to.e.reduce(x, axes, here->keeps_axes);
      to.add(other, fmt::format("{} in place of {}", to.text(other), to.text(here)));
    }
  }
  if (here->axes.front() == 0 && x->shape[0] > 1) {
    for (const bool last : {true, false}) {
      const std::int64_t at = last ? x->shape[0] - 1 : 0;
      const Expr one = to.written({x}, [&](std::span<const Tensor> of) { return section(of[0], 0, at, 1); });
      to.add(one == nullptr ? nullptr : to.e.reduce(one, here->axes, here->keeps_axes),
             fmt::format("only the {} sample taken", last ? "last" : "first"), last ? Rank::usual : Rank::rare);
    }
  }
}

}  // namespace

void add_unit_edits(Rewritings& to) {
  if (to.here->head == Head::function && to.here->primed) {
    add_slopes(to);
  } else if (to.here->head == Head::call && to.here->operation->name() == "prelu_slope" &&
             to.here->arguments.size() == 2) {
    add_slopes_with_parameters(to);
  } else if (to.here->head == Head::sum) {
    add_halves(to);
  } else if (to.here->head == Head::reduce) {
    add_sums(to);
  }
}

}  // namespace xgrad::check::diagnosis
