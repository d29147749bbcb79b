// C = A′ B′, A′ being A or Aᵀ, B′ being B or Bᵀ        ∂A′: G B′ᵀ, ∂B′: A′ᵀ G
// y = A′ x                                             ∂A′: g xᵀ,  ∂x: A′ᵀ g
// s = u · v                                            ∂u: g v,    ∂v: g u
// Transposes are flags of the product and are never carried out.
#include "run/products/matmul.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "graph/node.hpp"
#include "ops/forms/forms.hpp"
#include "ops/rules.hpp"
#include "ops/shape/permute.hpp"

namespace xgrad {

namespace {

Tensor product(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b);

class MatmulOperation final : public Operation {
 public:
  MatmulOperation(bool transpose_a, bool transpose_b) : transpose_a_{transpose_a}, transpose_b_{transpose_b} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "matmul"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::matmul; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, " ", 2}; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"transpose_a", transpose_a_}, {"transpose_b", transpose_b_}};
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_floating(name(), inputs);
    const Shape& a = inputs[0].shape();
    const Shape& b = inputs[1].shape();
    if (a.rank() == 0 || b.rank() == 0) {
      throw ShapeError(fmt::format("[matmul] of a scalar: {}; use *", graph::label(inputs)));
    }
    const std::int64_t a_inner = a.rank() == 1 ? a[0] : a[a.rank() - (transpose_a_ ? 2 : 1)];
    const std::int64_t b_inner = b.rank() == 1 ? b[0] : b[b.rank() - (transpose_b_ ? 1 : 2)];
    if (a_inner != b_inner) {
      throw ShapeError(fmt::format("[matmul] inner dimensions differ: {}{} has {}, {}{} has {}",
                                   graph::label(inputs[0]), transpose_a_ ? "ᵀ" : "", a_inner, graph::label(inputs[1]),
                                   transpose_b_ ? "ᵀ" : "", b_inner));
    }
    if (a.rank() == 1) {
      return {Shape{}, dtype};
    }
    const std::int64_t rows = a[a.rank() - (transpose_a_ ? 1 : 2)];
    if (b.rank() == 1) {
      return {a.without(a.rank() - 1).with(a.rank() - 2, rows), dtype};
    }
    Shape shape;
    if (!broadcast(batch(a), batch(b), shape)) {
      throw ShapeError(fmt::format("[matmul] batch axes don't broadcast: {}", graph::label(inputs)));
    }
    shape = shape.inserted(shape.rank(), rows);
    return {shape.inserted(shape.rank(), b[b.rank() - (transpose_b_ ? 2 : 1)]), dtype};
  }

  [[nodiscard]] StableForm stable_form(std::span<const Tensor> inputs) const override {
    const bool of_vectors = inputs[0].rank() == 1 && inputs[1].rank() == 1;
    return of_vectors ? ops::form_of_dot(inputs[0], inputs[1]) : StableForm{};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    const Tensor& a = call.inputs[0];
    const Tensor& b = call.inputs[1];
    std::vector<Tensor> result(2);
    if (call.wants(0)) {
      result[0] = left_cotangent(a, b, g);
    }
    if (call.wants(1)) {
      result[1] = right_cotangent(a, b, g);
    }
    return result;
  }

  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    const auto term = [&](const Tensor& a, const Tensor& b) { return product(a, transpose_a_, b, transpose_b_); };
    const Tensor first = tangents[0].defined() ? term(tangents[0], call.inputs[1]) : Tensor{};
    const Tensor second = tangents[1].defined() ? term(call.inputs[0], tangents[1]) : Tensor{};
    return ops::add_defined(first, second);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    if (output.dtype == float32) {
      run::matmul<float>(inputs[0], transpose_a_, inputs[1], transpose_b_, output);
    } else {
      run::matmul<double>(inputs[0], transpose_a_, inputs[1], transpose_b_, output);
    }
  }

 private:
  static Shape batch(const Shape& shape) { return Shape{std::span{shape.begin(), shape.rank() - 2}}; }

  static Tensor rows(const Tensor& x) {
    const std::int64_t columns = x.dim(-1);  // may be 0: then the shape doesn't say how many rows there are
    return reshape(x, {x.shape().without(x.rank() - 1).size(), columns});
  }

  [[nodiscard]] Tensor left_cotangent(const Tensor& a, const Tensor& b, const Tensor& g) const {
    if (a.rank() == 1) {
      return chain_mul(g, b);
    }
    if (b.rank() == 1) {
      return matrix_cotangent(a, b, g);
    }
    const Tensor full = transpose_a_ ? product(b, transpose_b_, g, true) : product(g, false, b, !transpose_b_);
    return sum_to(full, a.shape());
  }

  [[nodiscard]] Tensor right_cotangent(const Tensor& a, const Tensor& b, const Tensor& g) const {
    if (a.rank() == 1) {
      return chain_mul(g, a);
    }
    if (b.rank() == 1) {
      return vector_cotangent(a, b, g);
    }
    // One matrix for the whole batch: its samples are the rows of one tall matrix.
    const bool tall = b.rank() == 2 && a.rank() > 2 && !transpose_a_ && a.size() > 0;
    const Tensor left = tall ? rows(a) : a;
    const Tensor right = tall ? rows(g) : g;
    const Tensor full =
        transpose_b_ ? product(right, true, left, transpose_a_) : product(left, !transpose_a_, right, false);
    return sum_to(full, b.shape());
  }

  // g xᵀ, per matrix of the batch.
  [[nodiscard]] Tensor matrix_cotangent(const Tensor& a, const Tensor& x, const Tensor& g) const {
    if (a.rank() == 2) {
      return transpose_a_ ? outer(x, g) : outer(g, x);
    }
    return transpose_a_ ? expand_dims(x, -1) * expand_dims(g, -2) : expand_dims(g, -1) * x;
  }

  // A′ᵀ g, added up over the batch.
  [[nodiscard]] Tensor vector_cotangent(const Tensor& a, const Tensor& x, const Tensor& g) const {
    if (a.rank() == 2) {
      return product(a, !transpose_a_, g, false);
    }
    return sum_to(squeeze(product(a, !transpose_a_, expand_dims(g, -1), false), -1), x.shape());
  }

  bool transpose_a_;
  bool transpose_b_;
};

Tensor product(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b) {
  static const std::array operations{
      std::make_shared<const MatmulOperation>(false, false), std::make_shared<const MatmulOperation>(false, true),
      std::make_shared<const MatmulOperation>(true, false), std::make_shared<const MatmulOperation>(true, true)};
  return apply(operations[(transpose_a ? 2U : 0U) + (transpose_b ? 1U : 0U)], {a, b});
}

struct Operand {
  Tensor tensor;
  bool transposed = false;
};

// Sees through a pending transposition.
Operand without_transpose(const Tensor& x) {
  if (x.defined() && !x.evaluated()) {
    const auto* permute = dynamic_cast<const ops::PermuteOperation*>(x.node()->operation.get());
    if (permute != nullptr && permute->is_transposition()) {
      return {graph::handle(x.node()->inputs()[0]), true};
    }
  }
  return {x};
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  const Operand left = without_transpose(a);
  const Operand right = without_transpose(b);
  // x B is Bᵀ x: a vector is always the right operand.
  if (left.tensor.defined() && right.tensor.defined() && left.tensor.rank() == 1 && right.tensor.rank() > 1) {
    return product(right.tensor, !right.transposed, left.tensor, false);
  }
  return product(left.tensor, left.transposed, right.tensor, right.transposed);
}

Tensor dot(const Tensor& u, const Tensor& v) {
  const std::array inputs{ops::require_defined("dot", u), ops::require_defined("dot", v)};
  static_cast<void>(ops::require_floating("dot", inputs));
  if (u.rank() != 1 || v.rank() != 1 || u.size() != v.size()) {
    throw ShapeError(fmt::format("[dot] takes two vectors of equal length, not {}", graph::label(inputs)));
  }
  return product(u, false, v, false);
}

}  // namespace xgrad
