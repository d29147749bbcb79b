// Norms and the standard deviation beside their definitions.
#include "xgrad/norms.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"

#include "support/op_case.hpp"
#include "support/plain_matrices.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Of = std::function<Tensor(const Tensor&, const Axes&, bool)>;
using Fold = std::function<double(std::span<const double>)>;

// No two of equal size, none near 0.
Values separated(const Shape& shape) {
  Values result = counting(shape);
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    result.data[i] = (i % 2 == 0 ? 0.1 : -0.1) * static_cast<double>((i * 7 + 3) % 29 + 3);
  }
  return result;
}

void reduction(const std::string& name, const std::string& title, const Of& call, const Fold& f) {
  const auto add = [&](const std::string& what, Kind kind, const Values& x, const std::vector<std::int64_t>& axes,
                       bool keep_dims = false) {
    FormulaCase& added = formula_case(name, title + what, kind, {x},
                                      one([=](const Tensors& in) { return call(in[0], Axes{axes}, keep_dims); }),
                                      one([=](const ManyValues& in) { return fold(in[0], axes, keep_dims, f); }));
    added.derivatives = x.data.size() < 100;
    added.tolerance = 1e-13;
    added.float32_tolerance = 3e-6;
  };
  const Values cube = separated({2, 3, 3});
  add("everything", Kind::plain, cube, {});
  add("everything, keep_dims", Kind::plain, cube, {}, true);
  add("first axis", Kind::plain, cube, {0});
  add("middle axis, negative, keep_dims", Kind::plain, cube, {-2}, true);
  add("outer axes, unsorted", Kind::plain, cube, {-1, 0});
  add("long rows", Kind::plain, uniform({3, 2003}, 1, 2, 91), {1});
  add("zero rank", Kind::zero_rank, scalar_of(-1.5), {});
  add("empty result", Kind::empty, {Shape{0, 3}, {}}, {1});
}

void refusals(const std::string& name, const Of& call) {
  direct_call(name, {{2, 3}}, [=](const Tensors& in) { return call(in[0], 0, false); });
  error_case(name, "axis 2 of a matrix", Fault::shape, [=] { return call(ones({2, 3}), 2, false); });
  error_case(name, "an axis named twice", Fault::shape, [=] { return call(ones({2, 3}), {1, -1}, false); });
}

Of p_norm_of(double p) {
  return [p](const Tensor& x, const Axes& axes, bool keep_dims) { return p_norm(x, p, axes, keep_dims); };
}

Fold sum_of_powers(double p) {
  return [p](std::span<const double> x) {
    double total = 0;
    for (const double value : x) {
      total += std::pow(std::abs(value), p);
    }
    return std::pow(total, 1 / p);
  };
}

double largest_of(std::span<const double> x) {
  double result = 0;
  for (const double value : x) {
    result = std::max(result, std::abs(value));
  }
  return result;
}

double smallest_of(std::span<const double> x) {
  double result = infinity;
  for (const double value : x) {
    result = std::min(result, std::abs(value));
  }
  return result;
}

void exact(const std::string& name, const std::string& title, Kind kind, const std::function<Tensor(DType)>& call,
           const Values& expected) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, title + ", " + std::string{to_string(dtype)}, kind, [=] { return call(dtype); }, dtype, expected,
        dtype == float32 ? 2e-6 : 1e-14);
  }
}

const Registration vector_norms{[] {
  for (const double p : {1.0, 1.5, 2.0, 3.0, 7.25}) {
    reduction("p_norm", "p " + std::to_string(p) + ", ", p_norm_of(p), sum_of_powers(p));
  }
  reduction("p_norm", "p inf, ", p_norm_of(infinity), largest_of);
  reduction("p_norm", "p -inf, ", p_norm_of(-infinity), smallest_of);
  refusals("p_norm", p_norm_of(3));
  for (const double p : {0.0, 0.5, -1.0, nan}) {
    error_case("p_norm", "p is " + std::to_string(p), Fault::value, [p] { return p_norm(ones({3}), p); });
  }
  for (const double p : {infinity, -infinity}) {
    error_case("p_norm", "the extremum of nothing", Fault::empty, [p] { return p_norm(zeros({2, 0}), p, 1); });
  }
  for (const double p : {1.0, 2.0, 3.0}) {
    exact(
        "p_norm", "of nothing", Kind::empty,
        [=](DType dtype) {
          return p_norm(zeros({2, 0}, dtype), p, 1);
        },
        vector_of({0, 0}));
  }
}};

const Registration extreme_norms{[] {
  for (const double p : {1.0, 1.5, 2.0, 3.0, infinity, -infinity}) {
    const std::string title = "p " + std::to_string(p);
    exact(
        "p_norm", title + ", gradient at 0", Kind::extreme,
        [=](DType dtype) {
          return gradient_at([=](const Tensor& x) { return p_norm(x, p); }, vector_of({0, 0, -0.0}), dtype);
        },
        vector_of({0, 0, 0}));
    exact(
        "p_norm", title + ", NaN and infinity", Kind::extreme,
        [=](DType dtype) {
          return p_norm(to_tensor({Shape{3, 2}, {nan, 1, infinity, nan, -infinity, -infinity}}, dtype), p, 1);
        },
        vector_of({nan, nan, infinity}));
  }
  // (27 + 64)^(1/3) and (8 + 1)^(1/3) in other units.
  const double third_root_of_91 = 4.4979414452754150;
  exact(
      "p_norm", "powers that would overflow or underflow", Kind::extreme,
      [](DType dtype) {
        return p_norm(to_tensor({Shape{3, 2}, {3e30, -4e30, 3e-30, 4e-30, 4e25, 3e-30}}, dtype), 3, 1);
      },
      vector_of({third_root_of_91 * 1e30, third_root_of_91 * 1e-30, 4e25}));
  // x²/y²
  exact(
      "p_norm", "a gradient whose powers would overflow", Kind::extreme,
      [](DType dtype) {
        return gradient_at([](const Tensor& x) { return p_norm(x, 3); }, vector_of({3e30, -4e30, 0}), dtype);
      },
      vector_of({9 / (third_root_of_91 * third_root_of_91), -16 / (third_root_of_91 * third_root_of_91), 0}));
  exact(
      "p_norm", "ties share the gradient", Kind::plain,
      [](DType dtype) {
        return gradient_at([](const Tensor& x) { return p_norm(x, infinity); }, vector_of({2, 1, -2}), dtype);
      },
      vector_of({0.5, 0, -0.5}));
  exact("p_norm", "a cotangent of 0 stays 0", Kind::extreme,
        [](DType dtype) {
          return gradient_at([](const Tensor& x) { return p_norm(x, 3, 1); }, {Shape{2, 2}, {infinity, 1, 0, -2}},
                             dtype, {0, 1});
        },
        {Shape{2, 2}, {0, 0, 0, -1}});
}};

// One number per matrix.
void matrix_cases(MatrixNorm kind, const std::string& title, const std::function<double(const Values&)>& f) {
  const auto add = [&](const std::string& what, Kind tested, const Values& x, bool keep_dims) {
    formula_case(
        "matrix_norm", title + what, tested, {x},
        one([=](const Tensors& in) { return matrix_norm(in[0], kind, keep_dims); }), one([=](const ManyValues& in) {
          const std::size_t rank = in[0].shape.rank();
          Shape shape = in[0].shape;
          shape = keep_dims ? shape.with(rank - 1, 1).with(rank - 2, 1) : shape.without(rank - 1).without(rank - 2);
          return build(shape, [&](const Position& p) {
            return f(build(Shape{in[0].shape[rank - 2], in[0].shape[rank - 1]}, [&](const Position& q) {
              Position full = p;
              full.resize(rank - 2);
              full.insert(full.end(), q.begin(), q.end());
              return in[0](full);
            }));
          });
        }));
  };
  add("a matrix", Kind::plain, separated({3, 2}), false);
  add("a matrix, keep_dims", Kind::plain, separated({2, 3}), true);
  add("a batch", Kind::plain, separated({2, 2, 3}), false);
  add("a batch, keep_dims", Kind::plain, separated({2, 1, 3, 2}), true);
  add("no matrices", Kind::empty, {Shape{0, 2, 2}, {}}, false);
}

double largest_sum(const Values& matrix, std::int64_t axis) {
  return largest(fold(matrix, {axis}, false, sum_of_powers(1)));
}

// Descending.
std::vector<double> singular_values(const Values& matrix) {
  const auto rows = static_cast<std::size_t>(matrix.shape[0]);
  const auto columns = static_cast<std::size_t>(matrix.shape[1]);
  plain::Matrix a{rows, columns};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      a(i, j) = matrix.data[i * columns + j];
    }
  }
  const std::vector<long double> s = plain::svd(a).s;
  return {s.begin(), s.end()};
}

const Registration matrix_norms{[] {
  matrix_cases(MatrixNorm::frobenius, "Frobenius, ", [](const Values& x) { return sum_of_powers(2)(x.data); });
  matrix_cases(MatrixNorm::one, "1, ", [](const Values& x) { return largest_sum(x, 0); });
  matrix_cases(MatrixNorm::infinity, "infinity, ", [](const Values& x) { return largest_sum(x, 1); });
  matrix_cases(MatrixNorm::two, "2, ", [](const Values& x) { return singular_values(x).front(); });
  matrix_cases(MatrixNorm::nuclear, "nuclear, ", [](const Values& x) {
    const std::vector<double> s = singular_values(x);
    return std::accumulate(s.begin(), s.end(), 0.0);
  });
  direct_call("matrix_norm", {{2, 3}}, [](const Tensors& in) { return matrix_norm(in[0]); });
  error_case("matrix_norm", "a vector", Fault::shape, [] { return matrix_norm(ones({3})); });
  error_case("matrix_norm", "a scalar", Fault::zero_rank, [] { return matrix_norm(scalar(1)); });
  error_case("matrix_norm", "no column", Fault::empty, [] { return matrix_norm(ones({3, 0}), MatrixNorm::one); });
  error_case("matrix_norm", "no row", Fault::empty, [] { return matrix_norm(ones({0, 3}), MatrixNorm::infinity); });
  exact(
      "matrix_norm", "columns without elements", Kind::empty,
      [](DType dtype) {
        return matrix_norm(zeros({0, 3}, dtype), MatrixNorm::one);
      },
      scalar_of(0));
  error_case("matrix_norm", "no singular value", Fault::empty, [] {
    return matrix_norm(ones({3, 0}), MatrixNorm::two);
  });
  exact(
      "matrix_norm", "of no singular values", Kind::empty,
      [](DType dtype) {
        return matrix_norm(zeros({2, 0, 3}, dtype), MatrixNorm::nuclear);
      },
      vector_of({0, 0}));
  for (const MatrixNorm kind : {MatrixNorm::two, MatrixNorm::nuclear}) {
    exact(
        "matrix_norm", "singular values, NaN and infinity", Kind::extreme,
        [=](DType dtype) {
          return matrix_norm(to_tensor({Shape{3, 2, 2}, {1, nan, 2, 3, 1, -infinity, 2, 3, 3e30, 0, 0, 0}}, dtype),
                             kind);
        },
        vector_of({nan, nan, 3e30}));
    exact(
        "matrix_norm", "singular values, gradient at 0", Kind::extreme,
        [=](DType dtype) {
          return gradient_at([=](const Tensor& x) { return matrix_norm(x, kind); }, {Shape{2, 2}, {0, 0, 0, 0}}, dtype);
        },
        {Shape{2, 2}, {0, 0, 0, 0}});
    // Of diag(2, −2): Σ g U Vᵀ, and half of it where the two tie for the largest.
    const double share = kind == MatrixNorm::two ? 0.5 : 1;
    exact("matrix_norm", "equal singular values", Kind::plain,
          [=](DType dtype) {
            return gradient_at([=](const Tensor& x) { return matrix_norm(x, kind); }, {Shape{2, 2}, {2, 0, 0, -2}},
                               dtype);
          },
          {Shape{2, 2}, {share, 0, 0, -share}});
    // Of diag(2, 0): u₁ v₁ᵀ alone.
    exact(
        "matrix_norm", "a singular value of 0", Kind::plain,
        [=](DType dtype) {
          return gradient_at([=](const Tensor& x) { return matrix_norm(x, kind); }, {Shape{2, 2}, {2, 0, 0, 0}}, dtype);
        },
        {Shape{2, 2}, {1, 0, 0, 0}});
  }
  for (const MatrixNorm kind : {MatrixNorm::frobenius, MatrixNorm::one, MatrixNorm::infinity}) {
    exact(
        "matrix_norm", "NaN and infinity", Kind::extreme,
        [=](DType dtype) {
          return matrix_norm(to_tensor({Shape{2, 2, 2}, {1, nan, 2, 3, 1, -infinity, 2, 3}}, dtype), kind);
        },
        vector_of({nan, infinity}));
    exact(
        "matrix_norm", "gradient at 0", Kind::extreme,
        [=](DType dtype) {
          return gradient_at([=](const Tensor& x) { return matrix_norm(x, kind); }, {Shape{2, 2}, {0, 0, 0, 0}}, dtype);
        },
        {Shape{2, 2}, {0, 0, 0, 0}});
  }
}};

Fold deviation(double ddof) {
  return [ddof](std::span<const double> x) {
    double mean = 0;
    for (const double value : x) {
      mean += value / static_cast<double>(x.size());
    }
    double total = 0;
    for (const double value : x) {
      total += (value - mean) * (value - mean);
    }
    return std::sqrt(total / (static_cast<double>(x.size()) - ddof));
  };
}

const Registration deviations{[] {
  const Of plain = [](const Tensor& x, const Axes& axes, bool keep_dims) { return stddev(x, axes, keep_dims); };
  const auto add = [=](const std::string& title, const Values& x, const std::vector<std::int64_t>& axes, bool keep_dims,
                       std::int64_t ddof) {
    FormulaCase& added = formula_case(
        "stddev", title, Kind::plain, {x},
        one([=](const Tensors& in) { return stddev(in[0], Axes{axes}, keep_dims, ddof); }),
        one([=](const ManyValues& in) { return fold(in[0], axes, keep_dims, deviation(static_cast<double>(ddof))); }));
    added.derivatives = x.data.size() < 100;
    added.float32_tolerance = 3e-6;
    added.tolerance = 1e-13;
  };
  for (const std::int64_t ddof : {0, 1}) {
    add("everything", separated({2, 4}), {}, false, ddof);
    add("everything, keep_dims", separated({2, 4}), {}, true, ddof);
    add("rows", separated({2, 4}), {1}, false, ddof);
    add("outer axes", separated({2, 3, 2}), {0, -1}, true, ddof);
    add("long rows", uniform({3, 2003}, 10, 12, 92), {1}, false, ddof);
  }
  refusals("stddev", plain);
  exact(
      "stddev", "of nothing", Kind::empty,
      [=](DType dtype) {
        return stddev(zeros({2, 0}, dtype), 1);
      },
      vector_of({nan, nan}));
  exact(
      "stddev", "one element", Kind::zero_rank, [=](DType dtype) { return stddev(scalar(3, dtype)); }, scalar_of(0));
  exact(
      "stddev", "one element, ddof 1", Kind::extreme,
      [=](DType dtype) { return stddev(ones({1}, dtype), {}, false, 1); }, scalar_of(nan));
  exact(
      "stddev", "large, infinite, NaN", Kind::extreme,
      [=](DType dtype) {
        return stddev(to_tensor({Shape{3, 2}, {3e30, -3e30, infinity, 1, nan, 1}}, dtype), 1);
      },
      vector_of({3e30, nan, nan}));
  exact(
      "stddev", "gradient 0 where all are equal", Kind::extreme,
      [=](DType dtype) {
        return gradient_at([](const Tensor& x) { return stddev(x); }, vector_of({2, 2, 2}), dtype);
      },
      vector_of({0, 0, 0}));
}};

}  // namespace

}  // namespace xgrad::test
