// x.at({…}): Python's indexing. One slice per axis that isn't taken whole, and a reshape for the axes that come and go.
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/index/range.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

std::size_t count_of(std::initializer_list<Index> indices, Index::Kind kind) {
  return static_cast<std::size_t>(
      std::count_if(indices.begin(), indices.end(), [kind](const Index& index) { return index.kind() == kind; }));
}

ops::Range only(std::int64_t index, std::size_t axis, const Tensor& x) {
  const std::int64_t length = x.shape()[axis];
  if (index < -length || index >= length) {
    throw ShapeError(fmt::format("[at] index {} is out of range for axis {} of {}; expected {}", index, axis,
                                 graph::label(x),
                                 length == 0 ? "none: it is empty" : fmt::format("{} to {}", -length, length - 1)));
  }
  return {.start = index < 0 ? index + length : index, .step = 1, .count = 1};
}

struct Selection {
  ops::Range range;
  std::size_t axis;
  bool is_integer;
};

// x[i, j, …] is one element of the axis that is left when the first axes are merged: so it costs no row x[i].
Tensor with_one_axis_for_leading_integers(const Tensor& x, std::vector<Selection>& selections) {
  std::size_t count = 0;
  while (count < selections.size() && selections[count].is_integer && selections[count].axis == count) {
    ++count;
  }
  if (count < 2) {
    return x;
  }
  std::vector<std::int64_t> lengths = x.shape().to_vector();
  std::int64_t length = 1;
  std::int64_t position = 0;
  for (std::size_t axis = 0; axis < count; ++axis) {
    length *= lengths[axis];
    position = position * lengths[axis] + selections[axis].range.start;
  }
  const auto merged = static_cast<std::ptrdiff_t>(count) - 1;
  lengths.erase(lengths.begin(), lengths.begin() + merged);
  lengths.front() = length;
  selections.erase(selections.begin(), selections.begin() + merged);
  selections.front() = {{.start = position, .step = 1, .count = 1}, 0, true};
  for (std::size_t i = 1; i < selections.size(); ++i) {
    selections[i].axis -= count - 1;
  }
  return reshape(x, Shape{lengths});
}

// Of the axis.
double share(const Selection& selection, const Shape& shape) {
  const std::int64_t length = shape[selection.axis];
  return length == 0 ? 0 : static_cast<double>(selection.range.count) / static_cast<double>(length);
}

}  // namespace

Tensor Tensor::at(std::initializer_list<Index> indices) const {
  const std::size_t consumed = count_of(indices, Index::Kind::integer) + count_of(indices, Index::Kind::slice);
  if (consumed > ops::require_defined("at", *this).rank()) {
    throw ShapeError(fmt::format("[at] {} indices for {}; expected at most {}", consumed, graph::label(*this), rank()));
  }
  if (count_of(indices, Index::Kind::rest) > 1) {
    throw ShapeError(fmt::format("[at] more than one ellipsis for {}; expected at most one", graph::label(*this)));
  }
  std::vector<Selection> selections;
  std::vector<std::int64_t> lengths;
  std::size_t axis = 0;
  const auto keep_whole = [&](std::size_t count) {
    for (; count > 0; --count) {
      lengths.push_back(shape()[axis++]);
    }
  };
  for (const Index& index : indices) {
    switch (index.kind()) {
      case Index::Kind::integer:
        selections.push_back({only(index.integer(), axis, *this), axis, true});
        ++axis;
        break;
      case Index::Kind::slice: {
        const ops::Range range = ops::resolve("at", index.slice(), shape()[axis]);
        selections.push_back({range, axis, false});
        lengths.push_back(range.count);
        ++axis;
        break;
      }
      case Index::Kind::rest:
        keep_whole(rank() - consumed);
        break;
      case Index::Kind::new_axis:
        lengths.push_back(1);
        break;
    }
  }
  keep_whole(rank() - axis);
  Tensor selected = with_one_axis_for_leading_integers(*this, selections);
  // The selection that leaves least comes first: a part of a part costs no more than the first part.
  const Shape from = selected.shape();
  std::sort(selections.begin(), selections.end(), [&from](const Selection& a, const Selection& b) {
    return std::pair{share(a, from), a.axis} < std::pair{share(b, from), b.axis};
  });
  for (const Selection& selection : selections) {
    selected = ops::take_range(selected, selection.range, selection.axis);
  }
  return reshape(selected, Shape{lengths});
}

}  // namespace xgrad
