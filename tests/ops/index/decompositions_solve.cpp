// Equations with matrices and functions of them, beside plain loops in long double; see support/plain_matrices.hpp.
#include <cmath>
#include <limits>
#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/solve.hpp"

#include "support/op_case.hpp"
#include "support/plain_matrices.hpp"

namespace xgrad::test {

namespace {

using plain::Matrix;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Far from singular: numbers of at most ½ beside 2, −1.5, 2.5, … on the diagonal.
Values regular(const Shape& shape, std::uint64_t seed) {
  const Values noise = uniform(shape, -0.5, 0.5, seed);
  return build(shape, [&](const Position& p) {
    const std::int64_t row = p[p.size() - 2];
    const double diagonal = row % 2 == 0 ? 2 + 0.25 * static_cast<double>(row) : -1.5;
    return noise(p) + (row == p.back() ? diagonal : 0);
  });
}

FormulaCase& with_tolerance(FormulaCase& added) {
  added.tolerance = 1e-13;
  added.float32_tolerance = 5e-6;
  return added;
}

// The shape of one solution.
Shape own_shape(const Values& a, const Values& b, bool vector) {
  const std::int64_t columns = a.shape.back();
  return vector ? Shape{columns} : Shape{columns, b.shape.back()};
}

Values for_both(const Values& a, const Values& b, const std::function<Matrix(const Matrix&, const Matrix&)>& f) {
  const bool vector = b.shape.rank() == 1;
  const Shape batch = common_shape(plain::batch_of(a), plain::batch_of(b, vector ? 1 : 2));
  return plain::for_batch(batch, own_shape(a, b, vector), [&](const Position& position) {
    return f(plain::entry(a, position), plain::entry(b, position, vector));
  });
}

using Call = std::function<Tensor(const Tensor&, const Tensor&)>;
using Formula = std::function<Matrix(const Matrix&, const Matrix&)>;

void solution(const std::string& operation, const std::string& title, Kind kind, const Values& a, const Shape& b,
              const Call& call, const Formula& formula) {
  with_tolerance(formula_case(operation, title + " " + to_string(a.shape) + to_string(b), kind,
                              {a, uniform(b, -2, 2, 21)}, one([=](const Tensors& in) { return call(in[0], in[1]); }),
                              one([=](const ManyValues& in) { return for_both(in[0], in[1], formula); })));
}

void equations(const std::string& operation, const std::string& title, const Call& call, const Formula& formula) {
  const auto each = [&](Kind kind, const Shape& a, const Shape& b) {
    solution(operation, title, kind, regular(a, 11), b, call, formula);
  };
  each(Kind::plain, {3, 3}, {3});
  each(Kind::plain, {3, 3}, {3, 2});
  each(Kind::plain, {1, 1}, {1});
  each(Kind::plain, {2, 2, 2}, {2, 2, 1});
  each(Kind::broadcast, {2, 2, 2}, {2});
  each(Kind::broadcast, {2, 2}, {3, 2, 2});
  each(Kind::broadcast, {2, 1, 2, 2}, {3, 2, 1});
  each(Kind::empty, {0, 0}, {0});
  each(Kind::empty, {0, 0}, {0, 2});
  each(Kind::empty, {2, 2}, {2, 0});
  each(Kind::empty, {0, 2, 2}, {2, 1});
  each(Kind::empty, {2, 0, 0}, {0, 1});
}

void wrong_equations(const std::string& operation, const Call& call) {
  direct_call(operation, {{1, 1}, {1}}, [=](const Tensors& in) { return call(in[0], in[1]); });
  error_case(operation, "2 rows beside 3", Fault::shape, [=] { return call(eye(3), ones({2, 1})); });
  error_case(operation, "a vector of 2 beside 3", Fault::shape, [=] { return call(eye(3), ones({2})); });
  error_case(operation, "batches of 2 and 3", Fault::shape, [=] {
    return call(broadcast_to(eye(2), {2, 2, 2}), ones({3, 2, 1}));
  });
  error_case(operation, "a vector for a matrix", Fault::shape, [=] { return call(ones({2}), ones({2})); });
  error_case(operation, "a scalar for a matrix", Fault::zero_rank, [=] { return call(scalar(1), ones({1})); });
  error_case(operation, "a scalar for the right side", Fault::zero_rank, [=] { return call(eye(1), scalar(1)); });
}

void extreme(const std::string& operation, const std::string& title, const std::function<Tensor(DType)>& call,
             const Values& expected) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        operation, title + ", " + std::string{to_string(dtype)}, Kind::extreme, [=] { return call(dtype); }, dtype,
        expected, dtype == float32 ? 1e-6 : 1e-14);
  }
}

void extreme(const std::string& operation, const std::string& title, const std::function<Tensor(const Tensor&)>& f,
             const Values& in, const Values& expected) {
  extreme(
      operation, title, [=](DType dtype) { return f(to_tensor(in, dtype)); }, expected);
}

Values matrix(const Shape& shape, std::vector<double> data) {
  return {shape, std::move(data)};
}

const Registration solutions{[] {
  const Call call = [](const Tensor& a, const Tensor& b) { return solve(a, b); };
  equations("solve", "A⁻¹ b", call, &plain::solved);
  equations(
      "solve", "A⁻ᵀ b, as the cotangent of b has it",
      [](const Tensor& a, const Tensor& b) { return solve(transpose(a), b); },
      [](const Matrix& a, const Matrix& b) { return plain::solved(plain::transposed(a), b); });
  wrong_equations("solve", call);
  error_case("solve", "a matrix that isn't square", Fault::shape, [] { return solve(ones({2, 3}), ones({2})); });
  error_case("solve", "a singular matrix", Fault::value, [] { return solve(ones({2, 2}), ones({2})); });
  extreme(
      "solve", "large and tiny numbers",
      [](DType dtype) {
        return solve(tensor({{0, 1e-30}, {1e30, 0}}, dtype), tensor({2e-30, 3e30}, dtype));
      },
      vector_of({3, 2}));
  extreme(
      "solve", "NaN and infinity in a matrix of a batch",
      [](DType dtype) {
        return solve(tensor({{{nan, 0}, {0, 1}}, {{infinity, 0}, {0, 1}}, {{2, 0}, {0, 4}}}, dtype),
                     tensor({1, 1}, dtype));
      },
      matrix({3, 2}, {nan, nan, nan, nan, 0.5, 0.25}));
  extreme(
      "solve", "NaN in one column",
      [](DType dtype) {
        return solve(tensor({{2, 1}, {1, 2}}, dtype), tensor({{nan, 3}, {0, 3}}, dtype));
      },
      matrix({2, 2}, {nan, 1, nan, 1}));
}};

const Registration triangular{[] {
  for (const bool lower : {false, true}) {
    for (const bool transposed : {false, true}) {
      for (const bool unit : {false, true}) {
        const Triangular which{.lower = lower, .transposed = transposed, .unit = unit};
        const std::string title = std::string{lower ? "lower" : "upper"} + (transposed ? " transposed" : "") +
                                  (unit ? " with a diagonal of 1" : "");
        const Call call = [=](const Tensor& a, const Tensor& b) { return triangular_solve(a, b, which); };
        const Formula formula = [=](const Matrix& a, const Matrix& b) {
          const Matrix triangle = plain::triangle(a, lower, unit);
          return plain::solved(transposed ? plain::transposed(triangle) : triangle, b);
        };
        equations("triangular_solve", title, call, formula);
      }
    }
  }
  wrong_equations("triangular_solve", [](const Tensor& a, const Tensor& b) { return triangular_solve(a, b); });
  error_case("triangular_solve", "a matrix that isn't square", Fault::shape, [] {
    return triangular_solve(ones({2, 3}), ones({2}));
  });
  error_case("triangular_solve", "a zero on the diagonal", Fault::value, [] {
    return triangular_solve(tensor({{1, 2}, {3, 0}}), ones({2}));
  });
  // What is beyond the triangle isn't read: NaN, and 0 on a diagonal that counts as 1.
  extreme(
      "triangular_solve", "NaN beyond the triangle",
      [](DType dtype) {
        return triangular_solve(tensor({{2, nan}, {1, 1e30}}, dtype), tensor({2, 1 + 3e30}, dtype), {.lower = true});
      },
      vector_of({1, 3}));
  extreme(
      "triangular_solve", "NaN on a diagonal that isn't read",
      [](DType dtype) {
        return triangular_solve(tensor({{nan, 2}, {nan, 0}}, dtype), tensor({7, 2}, dtype), {.unit = true});
      },
      vector_of({3, 2}));
  extreme(
      "triangular_solve", "NaN in the triangle",
      [](DType dtype) {
        return triangular_solve(tensor({{1, nan}, {0, 1}}, dtype), tensor({0, 0}, dtype));
      },
      vector_of({nan, nan}));
}};

// A function of one matrix, with one result of shape own(n).
FormulaCase& of_matrix(const std::string& operation, const std::string& title, Kind kind, const Values& in,
                       const std::function<Tensor(const Tensor&)>& call, const Shape& own,
                       const std::function<Matrix(const Matrix&)>& formula) {
  return with_tolerance(formula_case(operation, title + " " + to_string(in.shape), kind, {in},
                                     one([=](const Tensors& inputs) { return call(inputs[0]); }),
                                     one([=](const ManyValues& x) { return plain::mapped(x[0], own, formula); })));
}

void wrong_matrix(const std::string& operation, const std::function<Tensor(const Tensor&)>& call) {
  direct_call(operation, {{1, 1}}, [=](const Tensors& in) { return call(in[0]); });
  error_case(operation, "a vector", Fault::shape, [=] { return call(ones({2})); });
  error_case(operation, "a scalar", Fault::zero_rank, [=] { return call(scalar(1)); });
}

void of_square(const std::string& operation, const std::function<Tensor(const Tensor&)>& call, bool scalar,
               const std::function<Matrix(const Matrix&)>& formula) {
  const auto own = [&](std::int64_t n) { return scalar ? Shape{} : Shape{n, n}; };
  for (const Shape& shape : {Shape{1, 1}, Shape{2, 2}, Shape{3, 3}, Shape{2, 2, 2}}) {
    of_matrix(operation, "of", Kind::plain, regular(shape, 31), call, own(shape.back()), formula);
  }
  of_matrix(operation, "of none", Kind::empty, regular({0, 2, 2}, 31), call, own(2), formula);
  of_matrix(operation, "of no rows", Kind::empty, regular({0, 0}, 31), call, own(0), formula);
  of_matrix(operation, "of some without rows", Kind::empty, regular({2, 0, 0}, 31), call, own(0), formula);
  wrong_matrix(operation, call);
  error_case(operation, "a matrix that isn't square", Fault::shape, [=] { return call(ones({2, 3})); });
}

const Registration inverses{[] {
  of_square("inverse", &inverse, false, &plain::inverse);
  error_case("inverse", "a singular matrix", Fault::value, [] { return inverse(ones({2, 2})); });
  extreme("inverse", "NaN, and numbers far apart", &inverse,
          matrix({3, 2, 2}, {nan, 0, 0, 1, 0, infinity, 1, 0, 1e30, 0, 0, 1e-30}),
          matrix({3, 2, 2}, {nan, nan, nan, nan, nan, nan, nan, nan, 1e-30, 0, 0, 1e30}));
}};

Values at_power(const Values& x, std::int64_t exponent) {
  return plain::mapped(x, {x.shape.back(), x.shape.back()}, [=](const Matrix& a) {
    const Matrix base = exponent < 0 ? plain::inverse(a) : a;
    Matrix result = plain::identity(a.rows);
    for (std::int64_t k = 0; k < std::abs(exponent); ++k) {
      result = plain::product(result, base);
    }
    return result;
  });
}

const Registration powers{[] {
  for (const std::int64_t exponent : {1, 2, 3, 6, 7, -1, -2, 0}) {
    for (const Shape& shape : {Shape{2, 2}, Shape{2, 2, 2}}) {
      with_tolerance(formula_case("matrix_power", "to the " + std::to_string(exponent) + " of " + to_string(shape),
                                  Kind::plain, {map(regular(shape, 35), [](double x) { return 0.5 * x; })},
                                  one([=](const Tensors& in) { return matrix_power(in[0], exponent); }),
                                  one([=](const ManyValues& in) { return at_power(in[0], exponent); })));
    }
    with_tolerance(formula_case("matrix_power", "no rows", Kind::empty, {regular({2, 0, 0}, 35)},
                                one([=](const Tensors& in) { return matrix_power(in[0], exponent); }),
                                one([=](const ManyValues& in) { return at_power(in[0], exponent); })));
  }
  const auto cube = [](const Tensor& x) { return matrix_power(x, 3); };
  wrong_matrix("matrix_power", cube);
  error_case("matrix_power", "a matrix that isn't square", Fault::shape, [=] { return cube(ones({2, 3})); });
  extreme("matrix_power", "large numbers, NaN", cube, matrix({2, 2, 2}, {1e12, 0, 0, -1e-12, nan, 0, 0, 0}),
          matrix({2, 2, 2}, {1e36, 0, 0, -1e-36, nan, nan, nan, nan}));
  extreme(
      "matrix_power", "0 of a NaN", [](const Tensor& x) { return matrix_power(x, 0); }, matrix({1, 1}, {nan}),
      matrix({1, 1}, {nan}));
}};

const Registration determinants{[] {
  const auto determinant = [](const Matrix& a) { return plain::number(plain::determinant(a)); };
  const auto logarithm = [](const Matrix& a) { return plain::number(std::log(std::abs(plain::determinant(a)))); };
  const auto log_abs = [](const Tensor& a) { return slogdet(a).log_abs; };
  const auto log_square = [](const Tensor& a) { return logdet(matmul(a, a)); };
  of_square("det", &det, true, determinant);
  of_square("slogdet", log_abs, true, logarithm);
  wrong_matrix("logdet", &logdet);
  error_case("logdet", "a matrix that isn't square", Fault::shape, [] { return logdet(ones({2, 3})); });
  of_matrix("logdet", "of a square", Kind::plain, regular({3, 3}, 33), log_square, {},
            [](const Matrix& a) { return plain::number(2 * std::log(std::abs(plain::determinant(a)))); });
  of_matrix("logdet", "of squares", Kind::plain, regular({2, 2, 2}, 33), log_square, {},
            [](const Matrix& a) { return plain::number(2 * std::log(std::abs(plain::determinant(a)))); });
  of_matrix("logdet", "of no rows", Kind::empty, regular({2, 0, 0}, 33), &logdet, {}, logarithm);
  of_matrix("logdet", "of none", Kind::empty, regular({0, 2, 2}, 33), &logdet, {}, logarithm);

  // 1, singular by equal rows, by zeros, negative, beyond products of pivots, NaN, infinite.
  const Values several = matrix({7, 2, 2}, {1, 0, 0,       1, 1, 2,        1,   2, 0, 0, 0,        0, 0, 2,
                                            3, 0, 0x1p100, 0, 0, 0x1p-100, nan, 0, 0, 1, infinity, 0, 0, 1});
  extreme("det", "of singular, large and tiny, NaN", &det, several, vector_of({1, 0, 0, -6, 1, nan, nan}));
  extreme("slogdet", "of singular, large and tiny, NaN", log_abs, several,
          vector_of({0, -infinity, -infinity, std::log(6.0), 0, nan, nan}));
  extreme(
      "slogdet", "the sign of singular, large and tiny, NaN", [](const Tensor& a) { return slogdet(a).sign; }, several,
      vector_of({1, 0, 0, -1, 1, nan, nan}));
  extreme("logdet", "of singular, negative, large and tiny, NaN", &logdet, several,
          vector_of({0, -infinity, -infinity, nan, 0, nan, nan}));
  extreme("slogdet", "beyond the numbers", log_abs, matrix({3, 3}, {1e30, 0, 0, 0, 1e30, 0, 0, 0, -1e30}),
          scalar_of(90 * std::log(10.0)));
  // Cofactors by hand, of a matrix of rank 1.
  extreme(
      "det", "gradient at singular matrices",
      [](DType dtype) {
        return gradient_at([](const Tensor& a) { return det(a); }, matrix({2, 2}, {1, 2, 2, 4}), dtype);
      },
      matrix({2, 2}, {4, -2, -2, 1}));
}};

const Registration traces{[] {
  const auto sum = [](const Matrix& a) {
    long double total = 0;
    for (std::size_t i = 0; i < std::min(a.rows, a.columns); ++i) {
      total += a(i, i);
    }
    return plain::number(total);
  };
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 3}, Shape{2, 4}, Shape{4, 2}, Shape{2, 3, 2, 2}}) {
    of_matrix("trace", "of", Kind::plain, uniform(shape, -2, 2, 41), &trace, {}, sum);
  }
  for (const Shape& shape : {Shape{0, 0}, Shape{0, 2, 2}, Shape{2, 0, 3}, Shape{2, 3, 0}}) {
    of_matrix("trace", "of", Kind::empty, uniform(shape, -2, 2, 41), &trace, {}, sum);
  }
  wrong_matrix("trace", &trace);
  extreme("trace", "NaN, infinity, numbers that cancel", &trace,
          matrix({4, 2, 2}, {nan, 0, 0, 1, infinity, nan, nan, 1, 1e30, 0, 0, -1e30, infinity, 0, 0, -infinity}),
          vector_of({nan, infinity, 0, nan}));
}};

const Registration exponentials{[] {
  of_square("matrix_exp", &matrix_exp, false, &plain::exponential);
  for (const double size : {0.001, 0.1, 1.0, 3.0, 8.0}) {
    FormulaCase& added = of_matrix("matrix_exp", "of numbers up to " + std::to_string(size), Kind::plain,
                                   uniform({4, 4}, -size, size, 44), &matrix_exp, {4, 4}, &plain::exponential);
    added.derivatives = false;
    added.tolerance = 2e-13;
    added.float32_tolerance = 2e-5;
    added.floor = std::exp(2 * size);
  }
  extreme("matrix_exp", "diagonals, NaN, infinity", &matrix_exp,
          matrix({5, 2, 2}, {0, 0, 0, 0, -1e3, 0, 0, 0, nan, 0, 0, 0, infinity, 0, 0, 0, 0, 1e3, 0, 0}),
          matrix({5, 2, 2}, {1, 0, 0, 1, 0, 0, 0, 1, nan, nan, nan, nan, nan, nan, nan, nan, 1, 1e3, 0, 1}));
}};

Values pseudo_inverse(const Values& x) {
  const std::int64_t m = x.shape[x.shape.rank() - 2];
  const std::int64_t n = x.shape.back();
  return plain::mapped(x, {n, m}, [=](const Matrix& a) {
    const Matrix t = plain::transposed(a);
    return m >= n ? plain::solved(plain::product(t, a), t) : plain::product(t, plain::inverse(plain::product(a, t)));
  });
}

const Registration pseudo_inverses{[] {
  const auto call = [](const Tensor& x) { return pinv(x); };
  const auto add = [&](Kind kind, const Shape& shape) {
    with_tolerance(formula_case("pinv", "of " + to_string(shape), kind, {regular(shape, 51)},
                                one([=](const Tensors& in) { return call(in[0]); }),
                                one([](const ManyValues& in) { return pseudo_inverse(in[0]); })));
  };
  for (const Shape& shape : {Shape{1, 1}, Shape{2, 2}, Shape{3, 2}, Shape{2, 3}, Shape{2, 3, 2}}) {
    add(Kind::plain, shape);
  }
  for (const Shape& shape : {Shape{0, 0}, Shape{3, 0}, Shape{0, 3}, Shape{0, 3, 2}, Shape{2, 3, 0}}) {
    add(Kind::empty, shape);
  }
  wrong_matrix("pinv", call);
  error_case("pinv", "a negative rcond", Fault::value, [] { return pinv(eye(2), -1.0); });
  error_case("pinv", "rcond NaN", Fault::value, [] { return pinv(eye(2), nan); });
  extreme("pinv", "zeros, rank 1, NaN", call, matrix({3, 2, 2}, {0, 0, 0, 0, 1, 1, 1, 1, nan, 1, 1, 1}),
          matrix({3, 2, 2}, {0, 0, 0, 0, 0.25, 0.25, 0.25, 0.25, nan, nan, nan, nan}));
  extreme(
      "pinv", "a large rcond", [](const Tensor& x) { return pinv(x, 0.1); }, matrix({2, 2}, {2, 0, 0, 0.1}),
      matrix({2, 2}, {0.5, 0, 0, 0}));
}};

const Registration least_squares{[] {
  const Call call = [](const Tensor& a, const Tensor& b) { return lstsq(a, b); };
  const Formula tall = [](const Matrix& a, const Matrix& b) {
    const Matrix t = plain::transposed(a);
    return plain::solved(plain::product(t, a), plain::product(t, b));
  };
  const Formula wide = [](const Matrix& a, const Matrix& b) {
    const Matrix t = plain::transposed(a);
    return plain::product(t, plain::solved(plain::product(a, t), b));
  };
  const auto each = [&](Kind kind, const Shape& a, const Shape& b) {
    const bool is_tall = a[a.rank() - 2] >= a.back();
    solution("lstsq", is_tall ? "tall" : "wide", kind, regular(a, 55), b, call, is_tall ? tall : wide);
  };
  each(Kind::plain, {3, 2}, {3});
  each(Kind::plain, {3, 2}, {3, 2});
  each(Kind::plain, {2, 3}, {2});
  each(Kind::plain, {2, 3}, {2, 2});
  each(Kind::plain, {2, 3, 2}, {2, 3, 1});
  each(Kind::broadcast, {2, 3, 2}, {3});
  each(Kind::broadcast, {2, 2, 3}, {2});
  each(Kind::broadcast, {3, 2}, {2, 3, 1});
  each(Kind::empty, {3, 0}, {3});
  each(Kind::empty, {0, 3, 2}, {3});
  each(Kind::empty, {3, 2}, {3, 0});
  each(Kind::empty, {0, 2}, {0});
  wrong_equations("lstsq", call);
  error_case("lstsq", "columns that depend on each other", Fault::value, [] {
    return lstsq(tensor({{1, 2}, {2, 4}, {3, 6}}, float64), ones({3}, float64));
  });
  extreme(
      "lstsq", "NaN, numbers far apart",
      [](DType dtype) {
        return lstsq(tensor({{{nan, 0}, {0, 1}}, {{1e10, 0}, {0, 1e10}}}, dtype), tensor({2e10, 3e10}, dtype));
      },
      matrix({2, 2}, {nan, nan, 2, 3}));
}};

}  // namespace

}  // namespace xgrad::test
