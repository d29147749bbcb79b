#pragma once

#include <vector>

#include "xgrad/operation.hpp"

#include "ops/decompositions/matrices.hpp"
#include "ops/decompositions/matrix_form.hpp"
#include "run/lapack/factors.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::ops {

/// The LU factors of a square matrix as one array (…, n+1, n), see run::lu. A constant to derivatives: those of solve,
/// inverse and the determinants are written with A, and take the factors along.
[[nodiscard]] Tensor lu_factors(const Tensor& a);

/// An operation on A (…, n, n) and its factors, which may be left out. Self::compute<T>(batch, n, a, factors, out) is
/// its kernel, Self::result(shape of A) the shape.
template <class Self>
class OfFactors : public MatrixOperation {
 public:
  [[nodiscard]] unsigned input_count() const noexcept final { return 0; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const final {
    const Tensor& a = require_square(name(), inputs[0]);
    return {Self::result(a.shape()), a.dtype()};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const final {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const ConstArray& a = inputs[0];
      const Shape batch = batch_of_matrices(a.shape);
      const std::int64_t n = a.shape.back();
      std::vector<T> own;
      if (inputs.size() == 1) {
        own.resize(static_cast<std::size_t>(batch.size() * (n + 1) * n));
        run::lu(name(), batch, n, a.as<T>(), own.data());
      }
      const T* factors = inputs.size() == 1 ? own.data() : inputs[1].as<T>();
      static_cast<const Self&>(*this).template compute<T>(batch, n, a.as<T>(), factors, output.as<T>());
    });
  }

 private:
  friend Self;
  OfFactors() = default;

  static Tensor factors_of(const Call& call) {
    return call.inputs.size() == 1 ? lu_factors(call.inputs[0]) : call.inputs[1];
  }
  /// One cotangent per input.
  static std::vector<Tensor> cotangents(const Call& call, Tensor of_a) {
    std::vector<Tensor> result(call.inputs.size());
    result[0] = std::move(of_a);
    return result;
  }
};

}  // namespace xgrad::ops
