// put_rows: x, but rows[j] at indices[j]; of equal indices the last one counts.
// x̄ = g, but 0 at the indices; rows̄ = g at the indices, 0 for a row that a later one replaced.
#include "ops/index/put_rows.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/rows.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "run/reductions/gather.hpp"
#include "run/reductions/index_range.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

/// Indices, all of which name a row of `length`.
class RowIndicesOperation final : public Operation {
 public:
  explicit RowIndicesOperation(std::int64_t length) : length_{length} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "row_indices"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"length", length_}}; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    ops::require_dtype(name(), inputs[0], int64);
    return {inputs[0].shape(), int64};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const auto* indices = inputs[0].as<std::int64_t>();
    const std::int64_t count = output.shape.size();
    run::require_in_range("put_rows", indices, count, length_);
    std::copy_n(indices, count, output.as<std::int64_t>());
  }

 private:
  std::int64_t length_;
};

class PutRowsOperation final : public Operation {
 public:
  enum class Indices : bool { checked, in_range };
  explicit PutRowsOperation(Indices indices) : in_range_{indices == Indices::in_range} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "put_rows"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 3; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"in range", in_range_}}; }
  [[nodiscard]] bool may_throw() const noexcept override { return !in_range_; }
  // Over x. Rows that are as many as x's have its shape: put_back_rows() doesn't say in_range of those.
  [[nodiscard]] bool runs_in_place() const noexcept override { return in_range_; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& x = inputs[0];
    const Tensor& indices = inputs[1];
    const Tensor& rows = inputs[2];
    ops::require_dtype(name(), indices, int64);
    ops::require_dtype(name(), rows, x.dtype());
    if (x.rank() == 0) {
      throw ShapeError(fmt::format("[put_rows] into a scalar, {}; expected at least one axis", graph::label(x)));
    }
    if (indices.rank() != 1 || rows.shape() != x.shape().with(0, indices.shape()[0])) {
      throw ShapeError(fmt::format("[put_rows] {} at {} into {}; expected one index per row, and rows of that length",
                                   graph::label(rows), graph::label(indices), graph::label(x)));
    }
    return {x.shape(), x.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Tensor& indices = call.inputs[1];
    const Tensor& rows = call.inputs[2];
    std::vector<Tensor> result(3);
    if (call.wants(0)) {
      result[0] = put_rows(cotangent, indices, zeros_like(rows));
    }
    if (call.wants(2)) {
      const Tensor kept = is_last(call.inputs[0].shape()[0], indices);
      std::vector<std::int64_t> per_row(rows.rank(), 1);
      per_row[0] = indices.size();
      result[2] = where(reshape(kept, Shape{per_row}), take(cotangent, indices, 0), 0);
    }
    return result;
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return put_rows(tangents[0].defined() ? tangents[0] : zeros_like(call.inputs[0]), call.inputs[1],
                    tangents[2].defined() ? tangents[2] : zeros_like(call.inputs[2]));
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const run::AxisView view = run::view_along(output.shape, 0);
    const ConstArray& indices = inputs[1];
    if (!in_range_) {
      run::require_in_range(name(), indices.as<std::int64_t>(), indices.shape[0], view.length);
    }
    dispatch(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::put_rows(inputs[0].as<T>(), view.length, view.inner, indices.as<std::int64_t>(), indices.shape[0],
                    inputs[2].as<T>(), output.as<T>());
    });
  }

 private:
  // Per index whether it is the last of its value: the positions of all, put, are those of the last ones.
  static Tensor is_last(std::int64_t length, const Tensor& indices) {
    const Tensor positions = arange(0, static_cast<double>(indices.size()), 1, int64);
    return equal(take(put_rows(zeros({length}, int64), indices, positions), indices, 0), positions);
  }

  bool in_range_;
};

}  // namespace

Tensor put_rows(const Tensor& x, const Tensor& indices, const Tensor& rows) {
  return apply(std::make_shared<const PutRowsOperation>(PutRowsOperation::Indices::checked), {x, indices, rows});
}

Tensor ops::put_back_rows(const Tensor& x, const Tensor& indices, const Tensor& rows) {
  if (x.rank() == 0 || rows.shape() == x.shape()) {
    return put_rows(x, indices, rows);
  }
  const Tensor in_range = apply(std::make_shared<const RowIndicesOperation>(x.shape()[0]), {indices});
  return apply(std::make_shared<const PutRowsOperation>(PutRowsOperation::Indices::in_range), {x, in_range, rows});
}

}  // namespace xgrad
