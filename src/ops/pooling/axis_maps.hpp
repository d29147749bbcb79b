#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/operation.hpp"

#include "ops/pooling/window_rule.hpp"

namespace xgrad::ops {

/// A sparse matrix between two lengths of an axis: y_i = Σ w x_c over the pairs (c, w) of row i.
class AxisMap {
 public:
  explicit AxisMap(std::int64_t inputs) : inputs_{inputs} {}

  /// To the row that is being written, in the order of columns; weights of one column are added, a weight of 0 leaves
  /// no pair.
  void add(std::int64_t column, double weight);
  void end_row() { end_row_at(columns_.size()); }

  [[nodiscard]] std::int64_t inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::int64_t outputs() const noexcept { return static_cast<std::int64_t>(ends_.size()); }
  [[nodiscard]] std::int64_t pairs() const noexcept { return static_cast<std::int64_t>(columns_.size()); }
  [[nodiscard]] bool is_identity() const noexcept;
  [[nodiscard]] AxisMap transposed() const;

  /// (outer, inputs, inner) → (outer, outputs, inner).
  void apply(const double* x, std::int64_t outer, std::int64_t inner, double* y) const;

 private:
  /// Rows up to `end` that have as many pairs each.
  struct Run {
    std::size_t end;
    std::size_t pairs;
  };

  void end_row_at(std::size_t pair);
  // To and from single elements.
  void apply_runs(const double* x, double* y) const;
  template <class Count>
  void apply_run(std::size_t row, std::size_t last, Count pairs, const double* x, double* y) const;
  void apply_row(const double* x, std::size_t row, std::int64_t inner, double* y) const;
  [[nodiscard]] std::size_t begin(std::size_t row) const {
    return row == 0 ? 0 : static_cast<std::size_t>(ends_[row - 1]);
  }
  [[nodiscard]] std::size_t end(std::size_t row) const { return static_cast<std::size_t>(ends_[row]); }

  std::int64_t inputs_;
  std::vector<std::int64_t> ends_;  // per row: where its pairs end
  std::vector<Run> runs_;
  std::vector<std::int64_t> columns_;
  std::vector<double> weights_;
};

/// The base of operations that map each of the last axes by a matrix of its own. Sums are taken in float64.
class AxisMapsOperation : public Operation {
 public:
  [[nodiscard]] unsigned input_count() const noexcept final { return 1; }
  [[nodiscard]] bool may_throw() const noexcept final { return false; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const final;

 protected:
  /// Of the last axes of an input of this shape, outermost first.
  [[nodiscard]] virtual std::vector<AxisMap> maps(const Shape& input) const = 0;
};

}  // namespace xgrad::ops
