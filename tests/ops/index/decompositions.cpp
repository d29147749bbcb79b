// Factors of matrices, beside Gram and Schmidt, Jacobi and other plain loops in long double.
#include "xgrad/decompositions.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "support/op_case.hpp"
#include "support/plain_matrices.hpp"

namespace xgrad::test {

namespace {

using plain::Matrix;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// With eigenvalues and singular values that are apart: numbers of at most 0.4 beside 1, 2.5, 4, … on the diagonal.
Values separated(const Shape& shape, std::uint64_t seed) {
  const Values noise = uniform(shape, -0.4, 0.4, seed);
  return build(shape, [&](const Position& p) {
    const std::int64_t row = p[p.size() - 2];
    return noise(p) + (row == p.back() ? 1 + 1.5 * static_cast<double>(row) : 0);
  });
}

void decomposition(const std::string& operation, Kind kind, const Values& in,
                   const std::function<Tensors(const Tensor&)>& call,
                   const std::function<ManyValues(const Values&)>& formula) {
  FormulaCase& added = formula_case(
      operation, "of " + to_string(in.shape), kind, {in}, [=](const Tensors& inputs) { return call(inputs[0]); },
      [=](const ManyValues& inputs) { return formula(inputs[0]); });
  added.tolerance = 1e-13;
  added.float32_tolerance = 5e-6;
}

void refused(const std::string& operation, const std::function<Tensor(const Tensor&)>& call, bool square) {
  direct_call(operation, {{1, 1}}, [=](const Tensors& in) { return call(in[0]); });
  error_case(operation, "a vector", Fault::shape, [=] { return call(ones({2})); });
  error_case(operation, "a scalar", Fault::zero_rank, [=] { return call(scalar(1)); });
  if (square) {
    error_case(operation, "a matrix that isn't square", Fault::shape, [=] { return call(ones({2, 3})); });
  }
}

void extreme(const std::string& operation, const std::string& title, const std::function<Tensor(const Tensor&)>& f,
             const Values& in, const Values& expected) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        operation, title + ", " + std::string{to_string(dtype)}, Kind::extreme, [=] { return f(to_tensor(in, dtype)); },
        dtype, expected, dtype == float32 ? 1e-6 : 1e-14);
  }
}

Values matrix(const Shape& shape, std::vector<double> data) {
  return {shape, std::move(data)};
}

std::vector<Shape> squares() {
  return {{1, 1}, {2, 2}, {3, 3}, {2, 2, 2}};
}
std::vector<Shape> empty_squares() {
  return {{0, 0}, {0, 2, 2}, {2, 0, 0}};
}

const Registration choleskys{[] {
  const auto of_product = [](const Tensor& x) {
    return cholesky(matmul(x, transpose(x)) + eye(x.dim(-1), -1, x.dtype()));
  };
  const auto formula = [](const Values& x) {
    return ManyValues{plain::mapped(x, {x.shape.back(), x.shape.back()}, [](const Matrix& a) {
      return plain::cholesky(plain::combined(1, plain::product(a, plain::transposed(a)), 1, plain::identity(a.rows)));
    })};
  };
  const auto of_any = [](const Tensor& x) { return Tensors{cholesky(x)}; };
  const auto of_symmetric_part = [](const Values& x) {
    return ManyValues{plain::mapped(x, {x.shape.back(), x.shape.back()},
                                    [](const Matrix& a) { return plain::cholesky(plain::symmetric(a)); })};
  };
  for (const Shape& shape : squares()) {
    decomposition(
        "cholesky", Kind::plain, uniform(shape, -1, 1, 61), [=](const Tensor& x) { return Tensors{of_product(x)}; },
        formula);
    decomposition("cholesky", Kind::plain, separated(shape, 62), of_any, of_symmetric_part);
  }
  for (const Shape& shape : empty_squares()) {
    decomposition("cholesky", Kind::empty, separated(shape, 62), of_any, of_symmetric_part);
  }
  refused("cholesky", &cholesky, true);
  error_case("cholesky", "a negative eigenvalue", Fault::value, [] { return cholesky(tensor({{1, 2}, {2, 1}})); });
  error_case("cholesky", "zeros", Fault::value, [] { return cholesky(zeros({2, 2})); });
  extreme("cholesky", "large and tiny numbers, NaN, infinity", &cholesky,
          matrix({4, 2, 2}, {1e36, 0, 0, 1e-36, 4, nan, 2, 2, infinity, 0, 0, 1, 4, 2, 2, 5}),
          matrix({4, 2, 2}, {1e18, 0, 0, 1e-18, nan, nan, nan, nan, nan, nan, nan, nan, 2, 0, 1, 2}));
}};

const Registration qrs{[] {
  const auto call = [](const Tensor& x) {
    const auto [q, r] = qr(x);
    return Tensors{q, r};
  };
  const auto formula = [](const Values& x) {
    const std::int64_t m = x.shape[x.shape.rank() - 2];
    const std::int64_t n = x.shape.back();
    const std::int64_t k = std::min(m, n);
    return ManyValues{plain::mapped(x, {m, k}, [](const Matrix& a) { return plain::qr(a).first; }),
                      plain::mapped(x, {k, n}, [](const Matrix& a) { return plain::qr(a).second; })};
  };
  for (const Shape& shape :
       {Shape{1, 1}, Shape{3, 3}, Shape{3, 2}, Shape{4, 1}, Shape{2, 3}, Shape{1, 3}, Shape{2, 3, 2}, Shape{2, 2, 3}}) {
    decomposition("qr", Kind::plain, separated(shape, 65), call, formula);
  }
  decomposition("qr", Kind::plain, map(separated({3, 3}, 66), [](double x) { return -x; }), call, formula);
  for (const Shape& shape : {Shape{0, 0}, Shape{3, 0}, Shape{0, 3}, Shape{0, 3, 2}, Shape{0, 2, 3}, Shape{2, 3, 0}}) {
    decomposition("qr", Kind::empty, separated(shape, 65), call, formula);
  }
  const auto r_of = [](const Tensor& x) { return qr(x).R; };
  refused("qr", r_of, false);
  // Of equal columns R's last element is 0 but for rounding, and here exactly.
  extreme("qr", "large numbers, NaN", r_of, matrix({3, 2, 2}, {0, -1e30, -1e30, 0, nan, 0, 0, 1, 0, 0, 0, infinity}),
          matrix({3, 2, 2}, {1e30, 0, 0, 1e30, nan, nan, nan, nan, nan, nan, nan, nan}));
}};

const Registration eighs{[] {
  const auto call = [](const Tensor& x) {
    const auto [values, vectors] = eigh(x);
    return Tensors{values, vectors};
  };
  const auto values_of = [](const Values& x) {
    return plain::mapped(x, {x.shape.back()},
                         [](const Matrix& a) { return plain::row_of(plain::eigh(plain::symmetric(a)).first); });
  };
  const auto formula = [=](const Values& x) {
    return ManyValues{values_of(x), plain::mapped(x, {x.shape.back(), x.shape.back()}, [](const Matrix& a) {
                        return plain::eigh(plain::symmetric(a)).second;
                      })};
  };
  const auto alone = [](const Tensor& x) { return Tensors{eigvalsh(x)}; };
  const auto alone_formula = [=](const Values& x) { return ManyValues{values_of(x)}; };
  for (const Shape& shape : squares()) {
    decomposition("eigh", Kind::plain, separated(shape, 71), call, formula);
    decomposition("eigvalsh", Kind::plain, separated(shape, 71), alone, alone_formula);
  }
  for (const Shape& shape : empty_squares()) {
    decomposition("eigh", Kind::empty, separated(shape, 71), call, formula);
    decomposition("eigvalsh", Kind::empty, separated(shape, 71), alone, alone_formula);
  }
  const auto packed_values = [](const Tensor& x) { return eigh(x).values; };
  const Values several =
      matrix({5, 2, 2}, {1, 0, 0, 1, nan, 0, 0, 1, 0, infinity, 0, 0, 1e30, 0, 0, -1e30, 0, 2, 2, 0});
  const Values expected = matrix({5, 2}, {1, 1, nan, nan, nan, nan, -1e30, 1e30, -2, 2});
  for (const auto& [name, f] :
       {std::pair<std::string, std::function<Tensor(const Tensor&)>>{"eigh", packed_values}, {"eigvalsh", &eigvalsh}}) {
    refused(name, f, true);
    extreme(name, "equal, opposite, NaN, infinity", f, several, expected);
    // Σ wᵢ at 2 I: the gradient is V Vᵀ = I, whichever vectors were found.
    extreme(
        name, "gradient through equal values",
        [function = f](const Tensor& x) {
          return gradient_at(function, matrix({2, 2}, {2, 0, 0, 2}), x.dtype(), {1, 1});
        },
        scalar_of(0), matrix({2, 2}, {1, 0, 0, 1}));
  }
}};

const Registration svds{[] {
  const auto call = [](const Tensor& x) {
    const auto [u, s, v_t] = svd(x);
    return Tensors{u, s, v_t};
  };
  const auto rank = [](const Values& x) { return std::min(x.shape[x.shape.rank() - 2], x.shape.back()); };
  const auto values_of = [=](const Values& x) {
    return plain::mapped(x, {rank(x)}, [](const Matrix& a) { return plain::row_of(plain::svd(a).s); });
  };
  const auto formula = [=](const Values& x) {
    return ManyValues{
        plain::mapped(x, {x.shape[x.shape.rank() - 2], rank(x)}, [](const Matrix& a) { return plain::svd(a).u; }),
        values_of(x), plain::mapped(x, {rank(x), x.shape.back()}, [](const Matrix& a) { return plain::svd(a).vt; })};
  };
  const auto alone = [](const Tensor& x) { return Tensors{svdvals(x)}; };
  const auto alone_formula = [=](const Values& x) { return ManyValues{values_of(x)}; };
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 3}, Shape{3, 2}, Shape{2, 3}, Shape{3, 1}, Shape{2, 3, 2}}) {
    decomposition("svd", Kind::plain, separated(shape, 75), call, formula);
    decomposition("svdvals", Kind::plain, separated(shape, 75), alone, alone_formula);
  }
  for (const Shape& shape : {Shape{0, 0}, Shape{3, 0}, Shape{0, 3}, Shape{0, 3, 2}, Shape{2, 0, 3}}) {
    decomposition("svd", Kind::empty, separated(shape, 75), call, formula);
    decomposition("svdvals", Kind::empty, separated(shape, 75), alone, alone_formula);
  }
  const auto packed_values = [](const Tensor& x) { return svd(x).S; };
  const Values several =
      matrix({5, 2, 2}, {1, 0, 0, -1, nan, 0, 0, 1, 0, infinity, 0, 0, 1e30, 0, 0, 1e25, 0, 0, 0, 0});
  const Values expected = matrix({5, 2}, {1, 1, nan, nan, nan, nan, 1e30, 1e25, 0, 0});
  for (const auto& [name, f] :
       {std::pair<std::string, std::function<Tensor(const Tensor&)>>{"svd", packed_values}, {"svdvals", &svdvals}}) {
    refused(name, f, false);
    extreme(name, "equal, zeros, NaN, infinity", f, several, expected);
    // Σ sᵢ at diag(2, −2): the gradient is U Vᵀ = diag(1, −1), whichever vectors were found.
    extreme(
        name, "gradient through equal values",
        [function = f](const Tensor& x) {
          return gradient_at(function, matrix({2, 2}, {2, 0, 0, -2}), x.dtype(), {1, 1});
        },
        scalar_of(0), matrix({2, 2}, {1, 0, 0, -1}));
  }
}};

}  // namespace

}  // namespace xgrad::test
