// Inverses, triangles and products of matrices, with mistakes.
#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "check/diagnosis/attribute_of.hpp"
#include "check/diagnosis/layer_edits.hpp"
#include "ops/decompositions/matrix_form.hpp"

namespace xgrad::check::diagnosis {

namespace {

using formulas::Head;
using ops::MatrixForm;

bool is_of(Expr x, MatrixForm form) {
  const auto* operation = x->head == Head::call ? ops::as_matrix_operation(*x->operation) : nullptr;
  return operation != nullptr && operation->form() == form;
}

void add_triangles(Rewritings& to) {
  const Expr x = to.here->arguments[0];
  const bool lower = attribute_of<bool>(*to.here->operation, "lower").value_or(true);
  const double diagonal = attribute_of<double>(*to.here->operation, "diagonal").value_or(1);
  const auto triangle = [&](bool of_lower, double with) {
    return to.e.call(ops::triangle_operation(of_lower, with), {x}, to.here->shape, to.here->dtype);
  };
  to.add(x, "the triangle not taken");
  to.add(triangle(!lower, diagonal), "the other triangle taken");
  if (diagonal != 1) {
    to.add(triangle(lower, 1), diagonal == 0 ? "the diagonal not left out" : "the diagonal not halved");
  }
}

// Factors of a product left out where that is a matrix of the same shape.
void add_matrix_factors(Rewritings& to) {
  const Expr a = to.here->arguments[0];
  const Expr b = to.here->arguments[1];
  if (a->shape.rank() != 2 || b->shape.rank() < 1) {
    return;
  }
  const auto words = [&](Expr factor, Expr other, const char* side) {
    const bool is_alone = other->head != Head::matmul;
    return is_alone ? fmt::format("the factor {} left out", to.text(factor))
                    : fmt::format("the factor {} {} {} left out", to.text(factor), side, to.text(other));
  };
  to.add(b, words(a, b, "before"), Rank::common);
  to.add(a, words(b, a, "behind"), Rank::common);
}

// x with all transpositions of its factors left out; adds how many these are.
Expr untransposed(formulas::Expressions& e, Expr x, std::size_t& count) {
  if (x->head == Head::transpose && x->arguments[0]->shape == x->shape) {
    ++count;
    return untransposed(e, x->arguments[0], count);
  }
  if (x->head != Head::matmul && x->head != Head::product) {
    return x;
  }
  std::vector<Expr> arguments(x->arguments.size());
  std::transform(x->arguments.begin(), x->arguments.end(), arguments.begin(),
                 [&](Expr argument) { return untransposed(e, argument, count); });
  return arguments == x->arguments ? x : e.rebuilt(x, arguments);
}

}  // namespace

void add_matrix_edits(Rewritings& to) {
  const Expr here = to.here;
  if (is_of(here, MatrixForm::triangle)) {
    add_triangles(to);
  } else if (is_of(here, MatrixForm::inverse)) {
    const Expr a = here->arguments[0];
    to.add(a, fmt::format("{} in place of {}", to.text(a), to.text(here)));
  } else if (here->head == Head::transpose && is_of(here->arguments[0], MatrixForm::inverse)) {
    const Expr a = here->arguments[0]->arguments[0];
    if (a->shape.rank() == 2) {
      const Expr determinant = to.e.call(ops::determinant_operation(), {a}, Shape{}, a->dtype);
      const Expr cofactors = to.e.product(determinant, here);
      to.add(cofactors,
             fmt::format("{} in place of {}: the determinant's derivative for that of its logarithm",
                         to.text(cofactors), to.text(here)),
             Rank::common);
    }
  } else if (here->head == Head::matmul) {
    add_matrix_factors(to);
    std::size_t count = 0;
    const Expr plain = untransposed(to.e, here, count);
    to.add(count > 1 ? plain : nullptr, "nothing transposed", Rank::common);
  } else if (here->head == Head::sum && here->arguments.size() == 2 && here->shape.rank() == 2 &&
             here->shape[0] == here->shape[1] && here->arguments[0]->shape == here->shape &&
             to.e.transpose(here->arguments[0]) == here->arguments[1]) {
    to.add(to.e.scaled(2, here->arguments[0]), "not made symmetric");
  }
}

}  // namespace xgrad::check::diagnosis
