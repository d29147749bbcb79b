// Linear algebra at sizes where LAPACK's blocks are used, beside xtensor's, against golden values and gradients, by
// residuals; batches and threads; what errors say; gradients at singular and degenerate matrices.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>
#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xarray.hpp>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/thread_count.hpp"

namespace xg = xgrad;
using xg::DType;
using xg::float32;
using xg::float64;
using xg::matmul;
using xg::Shape;
using xg::Tensor;
using xg::transpose;
using xgrad::test::ThreadCount;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double epsilon_of(DType dtype) {
  return dtype == float32 ? 0x1p-23 : 0x1p-52;
}

double largest(const Tensor& x) {
  return x.size() == 0 ? 0 : xg::max(xg::abs(x)).item();
}

// In units of the machine epsilon, relative to the largest element expected.
double error_of(const Tensor& found, const Tensor& expected) {
  REQUIRE_EQ(found.shape(), expected.shape());
  return largest(found - expected) / (std::max(largest(expected), 1e-30) * epsilon_of(expected.dtype()));
}

Tensor normal(const Shape& shape, std::uint64_t seed, DType dtype = float64) {
  xg::Random random{seed};
  return random.normal(shape, 0, 1, dtype).eval();
}

Tensor unit(std::int64_t n, DType dtype = float64) {
  return xg::eye(n, -1, dtype);
}

Tensor symmetric(const Tensor& x) {
  return 0.5 * (x + transpose(x));
}

xt::xarray<double> to_xtensor(const Tensor& x) {
  std::vector<std::size_t> shape;
  for (const std::int64_t length : x.shape()) {
    shape.push_back(static_cast<std::size_t>(length));
  }
  xt::xarray<double> result = xt::xarray<double>::from_shape(shape);
  const auto values = x.data<double>();
  std::copy(values.begin(), values.end(), result.begin());
  return result;
}

Tensor from_xtensor(const xt::xarray<double>& x) {
  std::vector<std::int64_t> lengths;
  for (const std::size_t length : x.shape()) {
    lengths.push_back(static_cast<std::int64_t>(length));
  }
  return xg::from_vector(std::vector<double>(x.begin(), x.end()), Shape{lengths});
}

std::vector<double> numbers(const Tensor& x) {
  return x.to_vector<double>();
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const auto left = a.data<double>();
  const auto right = b.data<double>();
  return left.size() == right.size() && std::memcmp(left.data(), right.data(), left.size_bytes()) == 0;
}

Tensor gradient(const std::function<Tensor(const Tensor&)>& f, const Tensor& at) {
  const Tensor x = xg::variable(at);
  return xg::gradients(f(x), {x})[0];
}

}  // namespace

TEST_CASE("decompositions: factors multiply to the matrix, with residuals of rounding") {
  for (const DType dtype : {float32, float64}) {
    for (const auto& [m, n] : std::vector<std::pair<std::int64_t, std::int64_t>>{
             {1, 1}, {7, 7}, {50, 50}, {150, 150}, {150, 40}, {40, 150}, {200, 1}}) {
      CAPTURE(m);
      CAPTURE(n);
      const Tensor a = normal({m, n}, 7, dtype);
      const std::int64_t k = std::min(m, n);
      const double bound = 30.0 * std::sqrt(static_cast<double>(std::max(m, n)));
      const auto [q, r] = xg::qr(a);
      CHECK(error_of(matmul(q, r), a) < bound);
      CHECK(error_of(matmul(transpose(q), q), unit(k, dtype)) < bound);
      CHECK(largest(r - xg::where(xg::tensor({true}, xg::boolean), r, 0.0)) == 0);
      const auto [u, s, v_t] = xg::svd(a);
      CHECK(error_of(matmul(u * s, v_t), a) < bound);
      CHECK(error_of(matmul(transpose(u), u), unit(k, dtype)) < bound);
      CHECK(error_of(matmul(v_t, transpose(v_t)), unit(k, dtype)) < bound);
      CHECK(error_of(xg::svdvals(a), s) < bound);
      CHECK(error_of(matmul(matmul(a, xg::pinv(a)), a), a) < 10 * bound * largest(s) / xg::min(s).item());
      if (m == n) {
        const auto [w, v] = xg::eigh(a);
        CHECK(error_of(matmul(v * w, transpose(v)), symmetric(a)) < bound);
        CHECK(error_of(matmul(transpose(v), v), unit(n, dtype)) < bound);
        CHECK(error_of(xg::eigvalsh(a), w) < bound);
        const Tensor definite = matmul(a, transpose(a)) + unit(n, dtype);
        const Tensor l = xg::cholesky(definite);
        CHECK(error_of(matmul(l, transpose(l)), definite) < bound);
        const double condition = largest(s) / xg::min(s).item();
        CHECK(error_of(matmul(a, xg::solve(a, a)), a) < bound * condition);
        CHECK(error_of(xg::solve(transpose(a), transpose(a)), unit(n, dtype)) < bound * condition);
      }
    }
  }
}

TEST_CASE("decompositions: R's diagonal isn't negative, values are ordered, signs are those of the rule") {
  const Tensor a = normal({40, 40}, 9);
  const std::vector<double> r = numbers(xg::diag(xg::qr(a).R));
  CHECK(std::all_of(r.begin(), r.end(), [](double x) { return x >= 0; }));
  const std::vector<double> w = numbers(xg::eigh(a).values);
  CHECK(std::is_sorted(w.begin(), w.end()));
  const std::vector<double> s = numbers(xg::svd(a).S);
  CHECK(std::is_sorted(s.rbegin(), s.rend()));
  CHECK(s.back() >= 0);
  for (const Tensor& vectors : {xg::eigh(a).vectors, xg::svd(a).U}) {
    const auto v = vectors.data<double>();
    for (std::size_t column = 0; column < 40; ++column) {
      double most = 0;
      for (std::size_t row = 0; row < 40; ++row) {
        most = std::max(most, std::abs(v[row * 40 + column]));
      }
      std::size_t row = 0;
      while (std::abs(v[row * 40 + column]) < 0.3 * most) {
        ++row;
      }
      CHECK(v[row * 40 + column] > 0);
    }
  }
  // The vectors of a textbook's matrix, whose components are equal: rounding doesn't choose.
  for (const double change : {-1e-12, 0.0, 1e-12}) {
    const Tensor v = xg::eigh(xg::tensor({{2 + change, 1}, {1, 2 - change}}, float64)).vectors;
    const double half = std::sqrt(0.5);
    CHECK(error_of(v, xg::tensor({{half, half}, {-half, half}}, float64)) < 1e4);
  }
}

TEST_CASE("linear algebra: equals xtensor's, which is LAPACK in another order") {
  const Tensor a = normal({30, 30}, 11) + 5.0 * unit(30);
  const Tensor b = normal({30, 4}, 12);
  const auto x = to_xtensor(a);
  CHECK(error_of(xg::solve(a, b), from_xtensor(xt::linalg::solve(x, to_xtensor(b)))) < 1e4);
  CHECK(error_of(xg::inverse(a), from_xtensor(xt::linalg::inv(x))) < 1e4);
  CHECK(std::abs(xg::det(a).item() / xt::linalg::det(x) - 1) < 1e-11);
  const auto [sign, logarithm] = xt::linalg::slogdet(x);
  CHECK(xg::slogdet(a).sign.item() == sign);
  CHECK(std::abs(xg::slogdet(a).log_abs.item() - logarithm) < 1e-11);
  CHECK(error_of(xg::pinv(b), from_xtensor(xt::linalg::pinv(to_xtensor(b)))) < 1e4);
  CHECK(error_of(xg::eigvalsh(a), from_xtensor(xt::linalg::eigvalsh(to_xtensor(symmetric(a))))) < 1e4);
  CHECK(error_of(xg::matrix_power(a, 7), from_xtensor(xt::linalg::matrix_power(x, 7))) < 1e4);
  CHECK(std::abs(xg::trace(a).item() - xt::linalg::trace(x)()) < 1e-12);
}

TEST_CASE("linear algebra: values and gradients are NumPy's, SciPy's and PyTorch's") {
  using Inputs = std::vector<Tensor>;
  const auto flat = [](const Tensor& x) { return xg::reshape(x, {-1}); };
  const std::map<std::string, std::function<Tensor(const Inputs&)>> calls{
      {"solve", [](const Inputs& in) { return xg::solve(in[0], in[1]); }},
      {"solve of a batch", [](const Inputs& in) { return xg::solve(in[0], in[1]); }},
      {"triangular_solve", [](const Inputs& in) { return xg::triangular_solve(in[0], in[1], {.lower = true}); }},
      {"inverse", [](const Inputs& in) { return xg::inverse(in[0]); }},
      {"det", [](const Inputs& in) { return xg::det(in[0]); }},
      {"log_abs", [](const Inputs& in) { return xg::slogdet(in[0]).log_abs; }},
      {"pinv tall", [](const Inputs& in) { return xg::pinv(in[0]); }},
      {"pinv wide", [](const Inputs& in) { return xg::pinv(in[0]); }},
      {"pinv of rank 2", [](const Inputs& in) { return xg::pinv(in[0], 1e-9); }},
      {"lstsq", [](const Inputs& in) { return xg::lstsq(in[0], in[1]); }},
      {"lstsq wide", [](const Inputs& in) { return xg::lstsq(in[0], in[1]); }},
      {"matrix_exp", [](const Inputs& in) { return xg::matrix_exp(in[0]); }},
      {"matrix_exp small", [](const Inputs& in) { return xg::matrix_exp(in[0]); }},
      {"matrix_power", [](const Inputs& in) { return xg::matrix_power(in[0], 5); }},
      {"matrix_power negative", [](const Inputs& in) { return xg::matrix_power(in[0], -3); }},
      {"cholesky", [](const Inputs& in) { return xg::cholesky(in[0]); }},
      {"qr tall",
       [&](const Inputs& in) {
         const auto [q, r] = xg::qr(in[0]);
         return xg::concatenate({flat(q), flat(r)});
       }},
      {"qr wide",
       [&](const Inputs& in) {
         const auto [q, r] = xg::qr(in[0]);
         return xg::concatenate({flat(q), flat(r)});
       }},
      {"eigvalsh", [](const Inputs& in) { return xg::eigvalsh(in[0]); }},
      {"eigh function",
       [](const Inputs& in) {
         const auto [w, v] = xg::eigh(in[0]);
         return matmul(v * xg::exp(0.5 * w), transpose(v));
       }},
      {"svdvals", [](const Inputs& in) { return xg::svdvals(in[0]); }},
      {"svd function",
       [](const Inputs& in) {
         const auto [u, s, v_t] = xg::svd(in[0]);
         return matmul(u * xg::sin(s), v_t);
       }},
  };
  std::ifstream file{std::string{XGRAD_TEST_DATA} + "/../ops/golden/linear_algebra.json"};
  REQUIRE(file.good());
  const nlohmann::json golden = nlohmann::json::parse(file);
  CHECK(golden.size() == calls.size());
  for (const auto& [name, call] : calls) {
    CAPTURE(name);
    const nlohmann::json& entry = golden.at(name);
    Inputs inputs;
    for (std::size_t i = 0; i < entry.at("inputs").size(); ++i) {
      const auto lengths = entry.at("shapes")[i].get<std::vector<std::int64_t>>();
      inputs.push_back(
          xg::variable(xg::from_vector(entry.at("inputs")[i].get<std::vector<double>>(), Shape{std::span{lengths}})));
    }
    const Tensor y = flat(call(inputs));
    const auto value = entry.at("value").get<std::vector<double>>();
    CHECK(error_of(y, xg::from_vector(value, y.shape())) < 1e5);
    const Tensor weights = xg::cos(xg::arange(1, static_cast<double>(y.size()) + 1, 1, float64));
    const std::vector<Tensor> gradients = xg::gradients(xg::sum(weights * y), inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const auto expected = entry.at("gradients")[i].get<std::vector<double>>();
      CHECK(error_of(gradients[i], xg::from_vector(expected, gradients[i].shape())) < 1e6);
    }
  }
}

TEST_CASE("linear algebra: a batch is what its matrices are alone, the same bits for any number of threads") {
  const Tensor square = normal({3, 5, 20, 20}, 21) + 4.0 * unit(20);
  const Tensor tall = normal({30, 25, 12}, 22);
  const Tensor right = normal({5, 20, 3}, 23);
  const Tensor definite = (matmul(square, transpose(square)) + unit(20)).eval();
  const auto all = [&] {
    const auto [q, r] = xg::qr(tall);
    const auto [w, v] = xg::eigh(square);
    const auto [u, s, v_t] = xg::svd(tall);
    std::vector<Tensor> results{q,
                                r,
                                w,
                                v,
                                u,
                                s,
                                v_t,
                                xg::solve(square, right),
                                xg::inverse(square),
                                xg::det(square),
                                xg::pinv(tall),
                                xg::matrix_exp(square),
                                xg::triangular_solve(square, right),
                                xg::cholesky(definite)};
    xg::eval(results);
    return results;
  };
  const std::vector<Tensor> alone = all();
  for (const int count : {2, 3, 8}) {
    const ThreadCount threads{count};
    const std::vector<Tensor> shared = all();
    for (std::size_t i = 0; i < shared.size(); ++i) {
      CAPTURE(i);
      CAPTURE(count);
      CHECK(same_bits(shared[i], alone[i]));
    }
  }
  const Tensor one = square.at({2, 3}).eval();
  CHECK(same_bits(xg::det(one), alone[9].at({2, 3})));
  CHECK(same_bits(xg::inverse(one).eval(), alone[8].at({2, 3}).eval()));
  CHECK(same_bits(xg::solve(one, right.at({3})).eval(), alone[7].at({2, 3}).eval()));
  CHECK(same_bits(xg::eigh(one).vectors.eval(), alone[3].at({2, 3}).eval()));
}

TEST_CASE("linear algebra: a large matrix gives the same bits for any number of threads") {
  const Tensor a = normal({300, 300}, 25);
  const Tensor definite = (matmul(a, transpose(a)) + unit(300)).eval();
  const auto all = [&] {
    std::vector<Tensor> results{xg::solve(a, a), xg::eigh(a).vectors, xg::svd(a).U, xg::qr(a).Q,
                                xg::cholesky(definite)};
    xg::eval(results);
    return results;
  };
  const std::vector<Tensor> alone = all();
  const ThreadCount threads{2};
  const std::vector<Tensor> shared = all();
  for (std::size_t i = 0; i < shared.size(); ++i) {
    CAPTURE(i);
    CHECK(same_bits(shared[i], alone[i]));
  }
}

TEST_CASE(
    "linear algebra: an error names the entry of the batch and what is wrong with it, for any number of threads") {
  const auto batch_with = [](const Tensor& wrong) {
    std::vector<Tensor> matrices(600, 2.0 * unit(wrong.dim(-1)));
    matrices[405] = wrong;
    matrices[590] = wrong;
    return xg::reshape(xg::stack(matrices), {6, 100, wrong.dim(-1), wrong.dim(-1)});
  };
  const Tensor singular = batch_with(xg::tensor({{1, 2, 3}, {2, 4, 6}, {1, 0, 1}}, float64));
  const Tensor indefinite = batch_with(xg::tensor({{1, 0, 0}, {0, 1, 2}, {0, 2, 1}}, float64));
  const Tensor b = xg::ones({3}, float64);
  for (const int count : {1, 2, 5}) {
    const ThreadCount threads{count};
    const std::string of_solve = message_of<xg::ValueError>([&] { xg::solve(singular, b).eval(); });
    CHECK(of_solve ==
          "[solve] found a singular matrix in entry (4, 5) of the batch: pivot 1 of its LU factors is 0; expected one "
          "that has an inverse");
    const std::string of_inverse = message_of<xg::ValueError>([&] { xg::inverse(singular).eval(); });
    CHECK(contains(of_inverse, "[inverse] found a singular matrix in entry (4, 5) of the batch"));
    const std::string of_cholesky = message_of<xg::ValueError>([&] { xg::cholesky(indefinite).eval(); });
    CHECK(of_cholesky ==
          "[cholesky] found a matrix that isn't positive definite in entry (4, 5) of the batch: the leading minor of "
          "order 3 isn't positive; expected a symmetric positive definite one");
    const std::string of_triangle = message_of<xg::ValueError>([&] {
      xg::triangular_solve(batch_with(xg::tensor({{1, 2}, {0, 0}}, float64)), xg::ones({2}, float64)).eval();
    });
    CHECK(of_triangle ==
          "[triangular_solve] found a singular triangle in entry (4, 5) of the batch: element 1 of the diagonal is 0");
  }
  const std::string of_one = message_of<xg::ValueError>([] { xg::inverse(xg::zeros({2, 2})).eval(); });
  CHECK(contains(of_one, "found a singular matrix: pivot 0"));
  const std::string of_shape = message_of<xg::ShapeError>([] {
    static_cast<void>(xg::solve(xg::ones({2, 3}).named("A"), xg::ones({2})));
  });
  CHECK(of_shape == "[solve] found 'A' (2, 3); expected a square matrix, or a batch of them");
}

TEST_CASE("det: the gradient of a singular matrix is its matrix of cofactors") {
  const auto det = [](const Tensor& a) { return xg::det(a); };
  // Of rank 2 by hand: minors of [1 2 3; 4 5 6; 7 8 9].
  CHECK(error_of(gradient(det, xg::tensor({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}, float64)),
                 xg::tensor({{-3, 6, -3}, {6, -12, 6}, {-3, 6, -3}}, float64)) < 100);
  // Of rank 1 and 0 it is 0, of (1,1) it is 1.
  CHECK(largest(gradient(det, xg::tensor({{1, 2, 3}, {2, 4, 6}, {3, 6, 9}}, float64))) < 1e-13);
  CHECK(largest(gradient(det, xg::zeros({3, 3}, float64))) == 0);
  CHECK(gradient(det, xg::zeros({1, 1}, float64)).item() == 1);
  // Nearly singular: the quotient |A| A⁻ᵀ alone would be lost.
  const double tiny = 1e-15;
  CHECK(error_of(gradient(det, xg::tensor({{1, 1}, {1, 1 + tiny}}, float64)),
                 xg::tensor({{1 + tiny, -1}, {-1, 1}}, float64)) < 10);
  // The second derivative of one is an error that says so.
  const Tensor a = xg::variable(xg::ones({2, 2}, float64));
  const Tensor first = xg::gradients(xg::det(a), {a})[0];
  const Tensor second = xg::gradients(xg::sum(xg::square(first)), {a})[0];
  CHECK_THROWS_AS(second.eval(), xg::ValueError);
}

TEST_CASE("eigh, svd: equal values have the right gradient alone, and none through the vectors") {
  // f(A) = tr A² = Σ w², with the gradient 2 A, at A = 3 I and at one with a pair of equal eigenvalues.
  const auto of_values = [](const Tensor& a) { return xg::sum(xg::square(xg::eigh(a).values)); };
  const auto of_values_alone = [](const Tensor& a) { return xg::sum(xg::square(xg::eigvalsh(a))); };
  const auto of_singular = [](const Tensor& a) { return xg::sum(xg::square(xg::svd(a).S)); };
  const auto of_singular_alone = [](const Tensor& a) { return xg::sum(xg::square(xg::svdvals(a))); };
  const Tensor twice = xg::tensor({{2, 1, 1}, {1, 2, 1}, {1, 1, 2}}, float64);
  for (const Tensor& a : {3.0 * unit(3), twice}) {
    CHECK(error_of(gradient(of_values, a), 2.0 * a) < 100);
    CHECK(error_of(gradient(of_values_alone, a), 2.0 * a) < 100);
    CHECK(error_of(gradient(of_singular, a), 2.0 * a) < 100);
    CHECK(error_of(gradient(of_singular_alone, a), 2.0 * a) < 100);
  }
  const auto finite = [](const Tensor& x) {
    const std::vector<double> all = numbers(x);
    return std::all_of(all.begin(), all.end(), [](double each) { return std::isfinite(each); });
  };
  const Tensor weights = normal({3, 3}, 31);
  CHECK_FALSE(finite(gradient([&](const Tensor& a) { return xg::sum(weights * xg::eigh(a).vectors); }, unit(3))));
  CHECK_FALSE(finite(gradient([&](const Tensor& a) { return xg::sum(weights * xg::svd(a).U); }, unit(3))));
}

TEST_CASE("matrix_exp: a cotangent of any size gives its multiple of the gradient, 0 gives 0") {
  const Tensor a = xg::variable(normal({4, 4}, 41));
  const Tensor y = xg::matrix_exp(a);
  const Tensor g = normal({4, 4}, 42);
  const Tensor usual = xg::vjp({y}, {a}, {g})[0].eval();
  for (const double size : {0x1p-600, 0x1p100, 0x1p900}) {
    CHECK(same_bits(xg::vjp({y}, {a}, {size * g})[0].eval(), (size * usual).eval()));
  }
  const Tensor large = xg::variable(xg::full({2, 2}, 1e5, float64));
  CHECK(largest(xg::vjp({xg::matrix_exp(large)}, {large}, {xg::zeros({2, 2}, float64)})[0]) == 0);
  // The second derivative, too: that of f(A) = (1e200 c) · e^A, whose gradient is one of 1e200 times another.
  const auto second = [&](double size) {
    const Tensor first = xg::gradients(xg::sum(g * size * xg::matrix_exp(a)), {a})[0];
    return xg::gradients(xg::sum(g * first), {a})[0].eval();
  };
  CHECK(error_of(second(0x1p600) * 0x1p-600, second(1)) < 100);
}

TEST_CASE("linear algebra: a NaN or an infinity stays in its entry of the batch, and in its gradient") {
  const Tensor a =
      xg::variable(xg::tensor({{{2, 1}, {1, 3}}, {{not_a_number, 1}, {1, 3}}, {{2, infinity}, {1, 3}}}, float64));
  using Function = std::function<Tensor(const Tensor&)>;
  const std::map<std::string, Function> functions{
      {"inverse", &xg::inverse},
      {"cholesky", &xg::cholesky},
      {"matrix_exp", &xg::matrix_exp},
      {"pinv", [](const Tensor& x) { return xg::pinv(x); }},
      {"solve", [](const Tensor& x) { return xg::solve(x, xg::ones({2}, float64)); }},
      {"Q", [](const Tensor& x) { return xg::qr(x).Q; }},
      {"R", [](const Tensor& x) { return xg::qr(x).R; }},
      {"eigenvectors", [](const Tensor& x) { return xg::eigh(x).vectors; }},
      {"eigvalsh", &xg::eigvalsh},
      {"U", [](const Tensor& x) { return xg::svd(x).U; }},
      {"svdvals", &xg::svdvals},
      {"det", &xg::det},
      {"logdet", &xg::logdet},
      {"log_abs", [](const Tensor& x) { return xg::slogdet(x).log_abs; }},
      {"sign", [](const Tensor& x) { return xg::slogdet(x).sign; }},
      {"lstsq", [](const Tensor& x) { return xg::lstsq(x, xg::ones({2}, float64)); }}};
  for (const auto& [name, f] : functions) {
    CAPTURE(name);
    std::vector<Tensor> results{f(a)};
    if (name != "sign") {
      results.push_back(xg::gradients(xg::sum(xg::square(results[0])), {a})[0]);
    }
    for (const Tensor& result : results) {
      const std::vector<double> found = numbers(result);
      const std::size_t each = found.size() / 3;
      for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(std::isnan(found[i]) == (i >= each));
      }
    }
  }
}

TEST_CASE("solve, det and logdet of one matrix and their gradients share its LU factors") {
  xg::Random random{5};
  const xg::Parameter a{random.normal({8, 8}, 0, 1, float64) + 3.0 * unit(8), "A"};
  const Tensor b = normal({8}, 51);
  const Tensor loss = xg::dot(b, xg::solve(a, b)) + xg::slogdet(a).log_abs + xg::det(a);
  const std::vector<Tensor> all{loss, xg::gradients(loss, {a})[0]};
  const xg::PlanScope simplified{{}};
  const std::string plan = xg::describe_plan(all);
  std::size_t count = 0;
  for (std::size_t at = plan.find("lu_factors"); at != std::string::npos; at = plan.find("lu_factors", at + 1)) {
    ++count;
  }
  CHECK(count == 1);
}

TEST_CASE("check: hand-written gradients of functions of matrices are right, a forgotten transpose is wrong") {
  xg::Random random{5};
  const xg::Parameter a{random.normal({4, 4}, 0, 1, float64) + 3.0 * unit(4), "A"};
  const auto inverse_of = [&] { return xg::inverse(a); };
  const auto loss = [&] { return xg::slogdet(a).log_abs; };
  const auto verdict = [&](const Tensor& by_hand) {
    return xg::check::compare(loss, {{"A", a}}, {.manual = {by_hand}, .diagnose = false}).verdict();
  };
  CHECK(verdict(transpose(inverse_of())) == xg::check::Verdict::right);
  CHECK(verdict(inverse_of()) == xg::check::Verdict::wrong);
  const auto of_vectors = [&] { return xg::sum(normal({4, 4}, 3) * xg::eigh(a).vectors); };
  CHECK(xg::check::compare(of_vectors, {{"A", a}}).verdict() == xg::check::Verdict::right);
  const auto of_svd = [&] { return xg::sum(normal({4, 4}, 3) * xg::svd(a).U); };
  CHECK(xg::check::compare(of_svd, {{"A", a}}).verdict() == xg::check::Verdict::right);
}
