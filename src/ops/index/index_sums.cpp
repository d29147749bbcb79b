// index_sums: row j is Σ x[k] over all k whose index is that of j. The matrix of what is added to what is symmetric.
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/rows.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "run/reductions/axis_view.hpp"
#include "run/reductions/row_sums.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class IndexSumsOperation final : public WorkspaceOperation {
 public:
  explicit IndexSumsOperation(std::int64_t length) : length_{length} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "index_sums"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"length", length_}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_numeric(name(), inputs.first(1));
    ops::require_dtype(name(), inputs[1], int64);
    const Shape& x = inputs[0].shape();
    const Shape& indices = inputs[1].shape();
    if (x.rank() == 0 || indices.rank() != 1 || x[0] != indices[0]) {
      throw ShapeError(fmt::format("[index_sums] {} by indices {}; expected one index per row", graph::label(inputs[0]),
                                   graph::label(inputs[1])));
    }
    return {x, dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? index_sums(cotangent, call.inputs[1], length_) : Tensor{}, Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? index_sums(tangents[0], call.inputs[1], length_) : Tensor{};
  }

  [[nodiscard]] std::size_t workspace_bytes(std::span<const Signature> /*inputs*/,
                                            const Signature& output) const override {
    return run::row_sums_bytes(output.dtype, output.shape[0], width(output.shape));
  }
  void evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                   const Array& output) const override {
    dispatch_numeric(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::row_sums(name(), inputs[0].as<T>(), inputs[1].as<std::int64_t>(), length_,
                    {.count = output.shape[0], .width = width(output.shape)}, output.as<T>(), workspace.data());
    });
  }

 private:
  static std::int64_t width(const Shape& shape) { return run::view_along(shape, 0).inner; }

  std::int64_t length_;
};

}  // namespace

Tensor index_sums(const Tensor& x, const Tensor& indices, std::int64_t length) {
  if (length < 0) {
    throw ShapeError(fmt::format("[index_sums] a length of {}; expected 0 or more", length));
  }
  return apply(std::make_shared<const IndexSumsOperation>(length), {x, indices});
}

}  // namespace xgrad
