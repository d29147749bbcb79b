// prod: Π x over axes. ∂/∂x_i is the product of the others, without a division: right with any number of zeros.
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/reduce/reduction.hpp"
#include "ops/rules.hpp"
#include "run/reductions/reduce.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

// Rows shifted by `distance` columns, towards the end or the front, with ones in the columns left; distance ≤ columns.
Tensor shifted(const Tensor& rows, std::int64_t distance, bool to_the_end) {
  const std::int64_t columns = rows.shape()[1];
  return to_the_end ? pad(slice(rows, {0, columns - distance}, 1), {{0, 0}, {distance, 0}}, 1)
                    : pad(slice(rows, {distance, columns}, 1), {{0, 0}, {0, distance}}, 1);
}

// Per element of a row the product of all before it, or of all after it: log₂ n doublings.
Tensor exclusive_products(const Tensor& rows, bool before) {
  Tensor products = shifted(rows, 1, before);
  for (std::int64_t reach = 1; reach < rows.shape()[1] - 1; reach *= 2) {
    products = products * shifted(products, reach, before);
  }
  return products;
}

class ProdOperation final : public ops::Reduction {
 public:
  using Reduction::Reduction;

  [[nodiscard]] std::string_view name() const noexcept override { return "prod"; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::prefix, "Π", 2}; }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Tensor& x = call.inputs[0];
    return {keep(cotangent, x.shape()) * product_of_others(x)};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return sum(tangents[0] * product_of_others(call.inputs[0]), signed_axes(), keep_dims());
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(
        x.dtype, [&]<class T>(std::type_identity<T>) { run::reduce_prod(x.as<T>(), x.shape, axes(), output.as<T>()); });
  }

 private:
  // Of x's shape: at each index the product of the other elements that are reduced together with it.
  [[nodiscard]] Tensor product_of_others(const Tensor& x) const {
    const std::int64_t count = ops::count_along(x.shape(), axes());
    if (count < 2 || x.size() == 0) {
      return broadcast_to(ops::scalar_beside(name(), 1, x), x.shape());
    }
    const std::vector<std::int64_t> order = ops::axes_moved_last(x.rank(), axes());
    const Tensor moved = permute(x, order);
    const Tensor rows = reshape(moved, Shape{x.size() / count, count});
    const Tensor others = reshape(exclusive_products(rows, true) * exclusive_products(rows, false), moved.shape());
    std::vector<std::int64_t> back(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      back[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
    }
    return permute(others, back);
  }
};

}  // namespace

Tensor prod(const Tensor& x, const Axes& axes, bool keep_dims) {
  return ops::reduce<ProdOperation>("prod", x, axes, keep_dims);
}

}  // namespace xgrad
