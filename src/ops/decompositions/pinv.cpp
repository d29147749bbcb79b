// P = A⁺        Ā = −Pᵀ G Pᵀ + (Gᵀ − A P Gᵀ) P Pᵀ + PᵀP (Gᵀ − Gᵀ P A), while the rank stays
// Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
// separate", 1973. No singular vectors are in it, so equal singular values do no harm.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/matrices.hpp"
#include "run/lapack/solves.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class PinvOperation final : public Operation {
 public:
  explicit PinvOperation(double rcond) : rcond_{rcond} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "pinv"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"rcond", rcond_}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& a = ops::require_matrix(name(), inputs[0]);
    return {ops::with_matrix(ops::batch_of_matrices(a.shape()), a.dim(-1), a.dim(-2)), a.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    const Tensor& a = call.inputs[0];
    const Tensor& p = call.output;
    const Tensor p_t = transpose(p);
    const Tensor g_t = transpose(g);
    const Tensor by_columns = matmul(g_t - matmul(a, matmul(p, g_t)), matmul(p, p_t));
    const Tensor by_rows = matmul(matmul(p_t, p), g_t - matmul(matmul(g_t, p), a));
    return {by_columns + by_rows - matmul(matmul(p_t, g), p_t)};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const Shape& shape = inputs[0].shape;
      run::pseudo_inverse(name(), ops::batch_of_matrices(shape), shape[shape.rank() - 2], shape.back(), rcond_,
                          inputs[0].as<T>(), output.as<T>());
    });
  }

 private:
  double rcond_;
};

}  // namespace

Tensor pinv(const Tensor& a, std::optional<double> rcond) {
  static_cast<void>(ops::require_matrix("pinv", a));
  if (rcond && !(*rcond >= 0 && std::isfinite(*rcond))) {
    throw ValueError(fmt::format("[pinv] rcond is {}; expected a finite number of 0 or more", *rcond));
  }
  const double epsilon = a.dtype() == float32 ? static_cast<double>(std::numeric_limits<float>::epsilon())
                                              : std::numeric_limits<double>::epsilon();
  const double usual = static_cast<double>(std::max(a.dim(-2), a.dim(-1))) * epsilon;
  return apply(std::make_shared<const PinvOperation>(rcond.value_or(usual)), {a});
}

}  // namespace xgrad
