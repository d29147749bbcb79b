// What was looked up in a table, or repeated by a padding, and gradients on their way back to its rows.
#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <vector>

#include "xgrad/arrays.hpp"
#include "xgrad/convolution.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "check/diagnosis/attribute_of.hpp"
#include "check/diagnosis/layer_edits.hpp"
#include "graph/values.hpp"
#include "ops/convolution/windows.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Head;

/// How far an axis is padded by elements of its own, and by which rule.
struct Repeating {
  std::int64_t before = 0;
  std::int64_t after = 0;
  PaddingMode mode = PaddingMode::reflect;
};

constexpr std::array modes{PaddingMode::reflect, PaddingMode::replicate, PaddingMode::circular};

const char* adjective(PaddingMode mode) {
  switch (mode) {
    case PaddingMode::reflect:
      return "reflected";
    case PaddingMode::replicate:
      return "replicated";
    default:
      return "circular";
  }
}

std::int64_t source(std::int64_t i, std::int64_t length, PaddingMode mode) {
  switch (mode) {
    case PaddingMode::reflect:
      if (i < 0) {
        return -i;
      }
      return i >= length ? 2 * (length - 1) - i : i;
    case PaddingMode::replicate:
      return std::clamp<std::int64_t>(i, 0, length - 1);
    default:
      return (i % length + length) % length;
  }
}

// If the indices are a constant by which an axis of this length was padded.
std::optional<Repeating> repeating_of(Expr indices, std::int64_t length) {
  constexpr std::int64_t most = 1 << 16;
  if (indices->head != Head::symbol || indices->shape.rank() != 1 || !indices->node->has_value() ||
      indices->shape[0] <= length || indices->shape[0] > most || length < 1) {
    return std::nullopt;
  }
  std::vector<std::int64_t> values;
  values.reserve(static_cast<std::size_t>(indices->shape[0]));
  for (std::int64_t i = 0; i < indices->shape[0]; ++i) {
    values.push_back(static_cast<std::int64_t>(graph::element_of(*indices->node, i)));
  }
  const auto total = static_cast<std::int64_t>(values.size()) - length;
  for (std::int64_t before = 0; before <= total; ++before) {
    for (const PaddingMode mode : modes) {
      bool fits = true;
      for (std::size_t i = 0; fits && i < values.size(); ++i) {
        fits = values[i] == source(static_cast<std::int64_t>(i) - before, length, mode);
      }
      if (fits) {
        return Repeating{before, total - before, mode};
      }
    }
  }
  return std::nullopt;
}

// Back through a padding of one axis.
void add_repeated(Rewritings& to, const Repeating& repeating, std::int64_t axis) {
  const Expr g = to.here->arguments[0];
  const std::int64_t length = to.here->shape[static_cast<std::size_t>(axis)];
  to.add(to.written({g}, [&](std::span<const Tensor> x) { return section(x[0], axis, repeating.before, length); }),
         "what the padding repeats not added");
  ConvPadding::Widths widths(to.here->shape.rank(), {0, 0});
  widths[static_cast<std::size_t>(axis)] = {repeating.before, repeating.after};
  for (const PaddingMode mode : modes) {
    if (mode != repeating.mode) {
      to.add(to.written(
                 {g}, [&](std::span<const Tensor> x) { return ops::pad_adjoint(x[0], widths, to.here->shape, mode); }),
             fmt::format("{} elements in place of {} ones", adjective(mode), adjective(repeating.mode)));
    }
  }
}

// 1 for the last of equal indices into an axis of this length, else 0; of the indices' shape.
Tensor is_last(const Tensor& indices, std::int64_t length, DType dtype) {
  const Tensor flat = reshape(indices, {indices.size()});
  const Tensor position = arange(0, static_cast<double>(indices.size()), 1, int64);
  const Tensor last = scatter(broadcast_to(full({}, 0, int64), {length}), flat, position, 0);
  return reshape(cast(equal(take(last, flat, 0), position), dtype), indices.shape());
}

constexpr const char* not_divided = "the division by the number of a bag's rows left out";

// Rows that don't count are masked, and the mean of a bag's rows is divided by their number.
void add_factors(Rewritings& to) {
  const Expr g = to.here->arguments[0];
  const Expr indices = to.here->arguments[1];
  Expr product = g;
  std::vector<Shape> shapes;  // that the product is spread to, the last one first
  for (; product->head == Head::spread; product = product->arguments[0]) {
    shapes.push_back(product->shape);
  }
  if (product->head != Head::product) {
    return;
  }
  const auto add = [&](double number, const std::vector<Expr>& factors, const char* words) {
    Expr without = to.e.spread(to.e.product(number, factors), product->shape);
    for (auto shape = shapes.rbegin(); shape != shapes.rend(); ++shape) {
      without = to.e.spread(without, *shape);
    }
    to.add(to.e.call(to.here->operation, {without, indices}, to.here->shape, to.here->dtype), words);
  };
  for (std::size_t i = 0; i < product->arguments.size(); ++i) {
    const Expr factor = product->arguments[i];
    const bool is_mask = factor->head == Head::indicator;
    if (product->arguments.size() < 2 || (!is_mask && (factor->head != Head::power || factor->number != -1))) {
      continue;
    }
    std::vector<Expr> rest = product->arguments;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    add(product->number, rest, is_mask ? "the padding's rows not left out" : not_divided);
  }
  // Of bags that are all as long, the number is in front.
  if (!shapes.empty() && indices->shape.rank() == 2 && indices->shape[1] > 1) {
    const double number = product->number * static_cast<double>(indices->shape[1]);
    if (std::abs(std::abs(number) - 1) < 1e-12) {
      add(number, product->arguments, not_divided);
    }
  }
}

// What the rows of a table get, when indices repeat.
void add_rows(Rewritings& to, std::int64_t axis) {
  const Expr g = to.here->arguments[0];
  const Expr indices = to.here->arguments[1];
  const std::int64_t length = to.here->shape[static_cast<std::size_t>(axis)];
  const auto ones = [&](const Tensor& of) { return broadcast_to(full({}, 1, of.dtype()), of.shape()); };
  if (axis == 0) {
    to.add(to.written({g, indices},
                      [&](std::span<const Tensor> x) {
                        Tensor last = is_last(x[1], length, x[0].dtype());
                        for (std::size_t a = indices->shape.rank(); a < g->shape.rank(); ++a) {
                          last = expand_dims(last, -1);
                        }
                        return take_adjoint(x[0] * last, x[1], length, axis);
                      }),
           "repeated indices overwritten, not added up");
  }
  to.add(to.written({to.here, g, indices},
                    [&](std::span<const Tensor> x) {
                      return x[0] / maximum(take_adjoint(ones(x[1]), x[2], length, axis), 1.0);
                    }),
         "divided by how often an index occurs", Rank::common);
  for (const std::int64_t shift : {1, -1}) {
    to.add(to.written({to.here}, [&](std::span<const Tensor> x) { return roll(x[0], shift, axis); }),
           "indices off by one", Rank::common);
  }
  add_factors(to);
}

}  // namespace

void add_lookup_edits(Rewritings& to) {
  if (to.here->head != Head::call || to.here->arguments.size() != 2) {
    return;
  }
  const Operation& operation = *to.here->operation;
  const bool is_adjoint = operation.name() == "take_adjoint";
  if (!is_adjoint && operation.name() != "take") {
    return;
  }
  const std::int64_t axis = attribute_of<std::int64_t>(operation, "axis").value_or(0);
  const Expr x = to.here->arguments[0];
  const Expr table = is_adjoint ? to.here : x;
  if (axis < 0 || axis >= static_cast<std::int64_t>(table->shape.rank())) {
    return;
  }
  const std::int64_t length = table->shape[static_cast<std::size_t>(axis)];
  const auto repeating = repeating_of(to.here->arguments[1], length);
  if (is_adjoint && repeating) {
    add_repeated(to, *repeating, axis);
  } else if (is_adjoint) {
    add_rows(to, axis);
  } else if (repeating) {
    to.add(to.written({x},
                      [&](std::span<const Tensor> of) {
                        return section(of[0], axis, -repeating->before, length + repeating->before + repeating->after);
                      }),
           "zeros in place of what the padding repeats");
  }
}

}  // namespace xgrad::check::diagnosis
