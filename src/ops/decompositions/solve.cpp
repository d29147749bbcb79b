// X = A⁻¹ B        B̄ = A⁻ᵀ G, Ā = −B̄ Xᵀ
// X = A⁻ᵀ B        B̄ = A⁻¹ G, Ā = −X B̄ᵀ
#include "xgrad/solve.hpp"

#include <array>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/decompositions/lu.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "run/lapack/solves.hpp"

namespace xgrad {

namespace {

// Of A, its LU factors, and B.
class SolveOperation final : public ops::MatrixOperation {
 public:
  SolveOperation(bool transposed, bool vector) : transposed_{transposed}, vector_{vector} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "solve"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 3; }
  [[nodiscard]] ops::MatrixForm form() const noexcept override { return ops::MatrixForm::solution; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"transposed", transposed_}, {"vector", vector_}};
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {ops::solution_shape(name(), inputs[0], inputs[2], vector_), inputs[0].dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    const Tensor& x = call.output;
    const Tensor of_b = solved(!transposed_, vector_, call.inputs[0], call.inputs[1], g);
    std::vector<Tensor> result(3);
    if (call.wants(0)) {
      const Tensor product =
          transposed_ ? ops::times_transposed(x, of_b, vector_) : ops::times_transposed(of_b, x, vector_);
      result[0] = sum_to(-product, call.inputs[0].shape());
    }
    if (call.wants(2)) {
      result[2] = sum_to(of_b, call.inputs[2].shape());
    }
    return result;
  }

  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    const Tensor by_a = tangents[0].defined() ? -ops::times(tangents[0], transposed_, call.output, vector_) : Tensor{};
    const Tensor right = ops::add_defined(tangents[2], by_a);
    return right.defined() ? solved(transposed_, vector_, call.inputs[0], call.inputs[1], right) : Tensor{};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const Shape batch = batch_of(output.shape);
      const std::int64_t n = inputs[0].shape.back();
      const std::int64_t k = vector_ ? 1 : output.shape.back();
      run::lu_solve<T>(name(), transposed_, n, k, {inputs[1].as<T>(), ops::batch_of_matrices(inputs[1].shape)},
                       {inputs[2].as<T>(), batch_of(inputs[2].shape)}, batch, output.as<T>());
    });
  }

  static Tensor solved(bool transposed, bool vector, const Tensor& a, const Tensor& factors, const Tensor& b) {
    return apply(ops::shared_operation<SolveOperation>(transposed, vector), {a, factors, b});
  }

 private:
  [[nodiscard]] Shape batch_of(const Shape& shape) const {
    return vector_ ? shape.without(shape.rank() - 1) : ops::batch_of_matrices(shape);
  }

  bool transposed_;
  bool vector_;
};

}  // namespace

Tensor solve(const Tensor& a, const Tensor& b) {
  static_cast<void>(ops::require_square("solve", a));
  static_cast<void>(ops::require_floating("solve", std::array{a, ops::require_defined("solve", b)}));
  return SolveOperation::solved(false, b.rank() == 1, a, ops::lu_factors(a), b);
}

}  // namespace xgrad
