// Functions of a matrix A, which is symmetric and positive definite, so that all of them are defined.
#include <array>

#include "xgrad/creation.hpp"
#include "xgrad/decompositions.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/solve.hpp"

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

constexpr std::int64_t size = 3;

Tensor positive_definite(LayerInputs& inputs) {
  const Tensor b = inputs.random.normal({size, size}, 0, 1, inputs.dtype).eval();
  return matmul(b, transpose(b)) + eye(size, size, inputs.dtype);
}

template <Tensor (*Function)(const Tensor&)>
LayerCall of_matrix(LayerInputs& inputs, std::string_view result) {
  const NamedTensor a = inputs.variable("A", positive_definite(inputs));
  return {{a}, {std::string{result}, Function(a.tensor)}};
}

LayerCall solution(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("A", positive_definite(inputs));
  const NamedTensor b = inputs.variable("b", {size});
  return {{a, b}, {"x", solve(a.tensor, b.tensor)}};
}

LayerCall triangular_solution(LayerInputs& inputs) {
  const NamedTensor l = inputs.variable("L", cholesky(positive_definite(inputs)));
  const NamedTensor b = inputs.variable("b", {size});
  return {{l, b}, {"x", triangular_solve(l.tensor, b.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"inverse", "A⁻¹", [](LayerInputs& inputs) { return of_matrix<inverse>(inputs, "B"); }},
    LayerEntry{"solve", "A⁻¹ b", solution},
    LayerEntry{"triangular_solve", "L⁻¹ b, of the lower triangle", triangular_solution},
    LayerEntry{"det", "|A|", [](LayerInputs& inputs) { return of_matrix<det>(inputs, "d"); }},
    LayerEntry{"logdet", "log |A|", [](LayerInputs& inputs) { return of_matrix<logdet>(inputs, "s"); }},
    LayerEntry{"cholesky", "L with L Lᵀ = A", [](LayerInputs& inputs) { return of_matrix<cholesky>(inputs, "L"); }},
    LayerEntry{"trace", "Σ aᵢᵢ", [](LayerInputs& inputs) { return of_matrix<trace>(inputs, "s"); }},
    LayerEntry{"matrix_exp", "e^A", [](LayerInputs& inputs) { return of_matrix<matrix_exp>(inputs, "B"); }}};

}  // namespace

std::span<const LayerEntry> matrix_entries() {
  return entries;
}

}  // namespace xgrad::cli
