// X = T⁻¹ B        B̄ = T⁻ᵀ G, T̄ = the triangle of −B̄ Xᵀ
// X = T⁻ᵀ B        B̄ = T⁻¹ G, T̄ = the triangle of −X B̄ᵀ
// Without the diagonal if that counts as 1.
#include <array>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/matrices.hpp"
#include "ops/decompositions/matrix_form.hpp"
#include "ops/decompositions/triangular.hpp"
#include "ops/rules.hpp"
#include "run/lapack/solves.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class TriangularSolve final : public ops::MatrixOperation {
 public:
  TriangularSolve(const Triangular& which, bool vector, double tolerance)
      : which_{which}, vector_{vector}, tolerance_{tolerance} {}

  [[nodiscard]] std::string_view name() const noexcept override {
    return is_of_least_squares() ? "lstsq" : "triangular_solve";
  }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] ops::MatrixForm form() const noexcept override { return ops::MatrixForm::triangular; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"lower", which_.lower},
            {"transposed", which_.transposed},
            {"unit", which_.unit},
            {"vector", vector_},
            {"tolerance", tolerance_}};
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_floating(name(), inputs);
    return {ops::solution_shape(name(), ops::require_square(name(), inputs[0]), inputs[1], vector_), dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    const Tensor& x = call.output;
    const Tensor of_b = solved(!which_.transposed, call.inputs[0], g);
    std::vector<Tensor> result(2);
    if (call.wants(0)) {
      const Tensor product =
          which_.transposed ? ops::times_transposed(x, of_b, vector_) : ops::times_transposed(of_b, x, vector_);
      result[0] = triangle_of(sum_to(-product, call.inputs[0].shape()));
    }
    if (call.wants(1)) {
      result[1] = sum_to(of_b, call.inputs[1].shape());
    }
    return result;
  }

  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    const Tensor by_a = tangents[0].defined()
                            ? -ops::times(triangle_of(tangents[0]), which_.transposed, call.output, vector_)
                            : Tensor{};
    const Tensor right = ops::add_defined(tangents[1], by_a);
    return right.defined() ? solved(which_.transposed, call.inputs[0], right) : Tensor{};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const std::int64_t n = inputs[0].shape.back();
      const std::int64_t k = vector_ ? 1 : output.shape.back();
      run::triangular_solve<T>(
          name(), is_of_least_squares() ? "a matrix that hasn't full rank" : "a singular triangle",
          {.lower = which_.lower, .transposed = which_.transposed, .unit = which_.unit, .tolerance = tolerance_}, n, k,
          {inputs[0].as<T>(), ops::batch_of_matrices(inputs[0].shape)}, {inputs[1].as<T>(), batch_of(inputs[1].shape)},
          batch_of(output.shape), output.as<T>());
    });
  }

 private:
  [[nodiscard]] bool is_of_least_squares() const noexcept { return tolerance_ > 0; }
  [[nodiscard]] Shape batch_of(const Shape& shape) const {
    return vector_ ? shape.without(shape.rank() - 1) : ops::batch_of_matrices(shape);
  }
  [[nodiscard]] Tensor triangle_of(const Tensor& x) const {
    return ops::triangle(x, which_.lower, which_.unit ? 0 : 1);
  }
  [[nodiscard]] Tensor solved(bool transposed, const Tensor& a, const Tensor& b) const {
    const Triangular which{.lower = which_.lower, .transposed = transposed, .unit = which_.unit};
    return ops::triangular_solution(a, b, which, vector_, tolerance_);
  }

  Triangular which_;
  bool vector_;
  double tolerance_;
};

}  // namespace

Tensor ops::triangular_solution(const Tensor& a, const Tensor& b, const Triangular& which, bool vector,
                                double tolerance) {
  return apply(std::make_shared<const TriangularSolve>(which, vector, tolerance), {a, b});
}

Tensor triangular_solve(const Tensor& a, const Tensor& b, const Triangular& which) {
  const bool vector = ops::require_defined("triangular_solve", b).rank() == 1;
  return ops::triangular_solution(a, b, which, vector);
}

}  // namespace xgrad
