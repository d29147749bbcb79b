#include "ops/pooling/axis_maps.hpp"

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <utility>

#include "run/threads.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::ops {

namespace {

using Lengths = std::vector<std::int64_t>;

std::int64_t product(Lengths::const_iterator begin, Lengths::const_iterator end) {
  return std::accumulate(begin, end, std::int64_t{1}, std::multiplies<>{});
}

/// The axes that are mapped, in an order in which rows get fewer before they get more, and what that takes.
struct Passes {
  const std::vector<AxisMap>& maps;
  std::vector<std::size_t> order;
  Lengths inputs;
  std::int64_t largest = 0;  ///< elements of a plane, before, between or after passes
  std::int64_t cost = 0;

  explicit Passes(const std::vector<AxisMap>& given) : maps{given} {
    for (std::size_t axis = 0; axis < maps.size(); ++axis) {
      inputs.push_back(maps[axis].inputs());
      if (!maps[axis].is_identity()) {
        order.push_back(axis);
      }
    }
    // Rows are what the last axis is mapped in, element by element, which costs most.
    const auto grows = [&](std::size_t axis) { return maps[axis].outputs() > maps[axis].inputs(); };
    if (std::any_of(order.begin(), order.end(), grows)) {
      std::reverse(order.begin(), order.end());
    }
    Lengths lengths = inputs;
    largest = product(lengths.begin(), lengths.end());
    cost = largest;
    for (const std::size_t axis : order) {
      lengths[axis] = maps[axis].pairs();
      cost += product(lengths.begin(), lengths.end());
      lengths[axis] = maps[axis].outputs();
      largest = std::max(largest, product(lengths.begin(), lengths.end()));
    }
  }

  /// x, which has a plane, is where the result is then; y is memory for one.
  void run(std::vector<double>& x, std::vector<double>& y) const {
    Lengths lengths = inputs;
    for (const std::size_t axis : order) {
      const auto at = lengths.cbegin() + static_cast<std::ptrdiff_t>(axis);
      maps[axis].apply(x.data(), product(lengths.cbegin(), at), product(at + 1, lengths.cend()), y.data());
      lengths[axis] = maps[axis].outputs();
      std::swap(x, y);
    }
  }
};

template <class T>
void map_planes(const T* x, std::int64_t planes, const Passes& passes, std::int64_t inputs, std::int64_t outputs,
                T* y) {
  run::parallel_for(planes, planes_per_piece(passes.cost), [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> plane(static_cast<std::size_t>(passes.largest));
    std::vector<double> other(plane.size());
    for (std::int64_t i = begin; i < end; ++i) {
      std::copy_n(x + i * inputs, inputs, plane.begin());
      passes.run(plane, other);
      std::transform(plane.begin(), plane.begin() + outputs, y + i * outputs,
                     [](double value) { return static_cast<T>(value); });
    }
  });
}

}  // namespace

void AxisMap::add(std::int64_t column, double weight) {
  if (weight == 0) {
    return;
  }
  if (pairs() > (ends_.empty() ? 0 : ends_.back()) && columns_.back() == column) {
    weights_.back() += weight;
    return;
  }
  columns_.push_back(column);
  weights_.push_back(weight);
}

bool AxisMap::is_identity() const noexcept {
  if (inputs_ != outputs() || pairs() != inputs_) {
    return false;
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (end(i) != i + 1 || columns_[i] != static_cast<std::int64_t>(i) || weights_[i] != 1) {
      return false;
    }
  }
  return true;
}

AxisMap AxisMap::transposed() const {
  AxisMap result{outputs()};
  std::vector<std::size_t> next(static_cast<std::size_t>(inputs_) + 1);  // counts, then where a row's next pair goes
  for (const std::int64_t column : columns_) {
    ++next[static_cast<std::size_t>(column) + 1];
  }
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::for_each(next.begin() + 1, next.end(), [&result](std::size_t end) { result.end_row_at(end); });
  result.columns_.resize(columns_.size());
  result.weights_.resize(columns_.size());
  for (std::size_t row = 0; row < ends_.size(); ++row) {
    for (std::size_t k = begin(row); k < end(row); ++k) {
      const std::size_t to = next[static_cast<std::size_t>(columns_[k])]++;
      result.columns_[to] = static_cast<std::int64_t>(row);
      result.weights_[to] = weights_[k];
    }
  }
  return result;
}

void AxisMap::end_row_at(std::size_t pair) {
  const std::size_t pairs = pair - (ends_.empty() ? 0 : end(ends_.size() - 1));
  ends_.push_back(static_cast<std::int64_t>(pair));
  if (runs_.empty() || runs_.back().pairs != pairs) {
    runs_.push_back({0, pairs});
  }
  runs_.back().end = ends_.size();
}

void AxisMap::apply(const double* x, std::int64_t outer, std::int64_t inner, double* y) const {
  for (std::int64_t o = 0; o < outer; ++o, x += inputs_ * inner, y += outputs() * inner) {
    if (inner == 1) {
      apply_runs(x, y);
      continue;
    }
    for (std::size_t row = 0; row < ends_.size(); ++row) {
      apply_row(x, row, inner, y + static_cast<std::int64_t>(row) * inner);
    }
  }
}

void AxisMap::apply_runs(const double* x, double* y) const {
  std::size_t row = 0;
  for (const auto& [last, pairs] : runs_) {
    if (pairs == 0) {
      std::fill(y + row, y + last, 0.0);
    } else if (pairs == 1) {
      apply_run(row, last, std::integral_constant<std::size_t, 1>{}, x, y);
    } else if (pairs == 2) {
      apply_run(row, last, std::integral_constant<std::size_t, 2>{}, x, y);
    } else {
      apply_run(row, last, pairs, x, y);
    }
    row = last;
  }
}

template <class Count>
void AxisMap::apply_run(std::size_t row, std::size_t last, Count pairs, const double* x, double* y) const {
  const std::int64_t* columns = columns_.data() + begin(row);
  const double* weights = weights_.data() + begin(row);
  for (; row < last; ++row, columns += pairs, weights += pairs) {
    double sum = weights[0] * x[columns[0]];
    for (std::size_t k = 1; k < pairs; ++k) {
      sum += weights[k] * x[columns[k]];
    }
    y[row] = sum;
  }
}

void AxisMap::apply_row(const double* x, std::size_t row, std::int64_t inner, double* y) const {
  const std::size_t first = begin(row);
  if (first == end(row)) {
    std::fill_n(y, inner, 0.0);
    return;
  }
  for (std::size_t k = first; k < end(row); ++k) {
    const double* from = x + columns_[k] * inner;
    const double weight = weights_[k];
    if (k == first) {
      for (std::int64_t i = 0; i < inner; ++i) {
        y[i] = weight * from[i];
      }
      continue;
    }
    for (std::int64_t i = 0; i < inner; ++i) {
      y[i] += weight * from[i];
    }
  }
}

void AxisMapsOperation::evaluate(std::span<const ConstArray> inputs, const Array& output) const {
  const ConstArray& x = inputs[0];
  if (output.shape.size() == 0) {
    return;
  }
  const std::vector<AxisMap> axes = maps(x.shape);
  const Passes passes{axes};
  const std::int64_t planes = planes_of(x.shape, axes.size());
  dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
    map_planes(x.as<T>(), planes, passes, x.shape.size() / planes, output.shape.size() / planes, output.as<T>());
  });
}

}  // namespace xgrad::ops
