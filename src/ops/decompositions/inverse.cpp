// Y = A⁻¹        Ā = −Yᵀ G Yᵀ
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/lu.hpp"
#include "run/lapack/solves.hpp"

namespace xgrad {

namespace {

class InverseOperation final : public ops::OfFactors<InverseOperation> {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "inverse"; }
  [[nodiscard]] ops::MatrixForm form() const noexcept override { return ops::MatrixForm::inverse; }
  [[nodiscard]] static Shape result(const Shape& a) { return a; }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    const Tensor y_t = transpose(call.output);
    return cotangents(call, -matmul(matmul(y_t, g), y_t));
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return -matmul(matmul(call.output, tangents[0]), call.output);
  }

  template <class T>
  void compute(const Shape& batch, std::int64_t n, const T* /*a*/, const T* factors, T* out) const {
    run::lu_inverse(name(), batch, n, factors, out);
  }
};

}  // namespace

const std::shared_ptr<const Operation>& ops::inverse_operation() {
  static const std::shared_ptr<const Operation> operation = std::make_shared<const InverseOperation>();
  return operation;
}

Tensor inverse(const Tensor& a) {
  return apply(ops::inverse_operation(), {ops::require_square("inverse", a), ops::lu_factors(a)});
}

}  // namespace xgrad
