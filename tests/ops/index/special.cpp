// Elementary and special functions beside formulas that are made of other functions, or plain sums.
#include "xgrad/special.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

#include "xgrad/creation.hpp"
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "support/elementwise_cases.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

using Wide = long double;

double as_double(Wide x) {
  return static_cast<double>(x);
}

void more(const std::string& name, Unary operation, const std::function<double(double)>& f, Range range,
          double tolerance = 4e-15) {
  unary_case(name, "other numbers", Kind::plain, operation, f, uniform({9}, range.low, range.high, 7), tolerance);
}

double tan_of(double x) {
  return as_double(std::sin(Wide{x}) / std::cos(Wide{x}));
}

double asin_of(double x) {
  return as_double(std::atan2(Wide{x}, std::sqrt(1 - Wide{x} * x)));
}

double sinh_of(double x) {
  return as_double((std::exp(Wide{x}) - std::exp(-Wide{x})) / 2);
}

double cosh_of(double x) {
  return as_double((std::exp(Wide{x}) + std::exp(-Wide{x})) / 2);
}

double asinh_of(double x) {
  return as_double(std::log(x + std::sqrt(Wide{x} * x + 1)));
}

const Registration circular_and_hyperbolic{[] {
  unary("tan", &tan, tan_of, {-1, 1});
  more("tan", &tan, tan_of, {2, 4});
  unary("asin", &asin, asin_of, {-0.6, 0.6});
  unary("acos", &acos, [](double x) { return std::numbers::pi / 2 - asin_of(x); }, {-0.6, 0.6});
  unary("atan", &atan, [](double x) { return asin_of(x / std::sqrt(1 + x * x)); }, {-3, 3});
  unary("sinh", &sinh, sinh_of, {-2, 2});
  unary("cosh", &cosh, cosh_of, {-2, 2});
  unary("asinh", &asinh, asinh_of, {-3, 3});
  unary("acosh", &acosh, [](double x) { return as_double(std::log(x + std::sqrt(Wide{x} * x - 1))); }, {1.5, 4});
  unary("atanh", &atanh, [](double x) { return as_double(std::log((1 + Wide{x}) / (1 - Wide{x})) / 2); }, {-0.6, 0.6});
}};

const Registration powers_and_logarithms{[] {
  unary("exp2", &exp2, [](double x) { return as_double(std::exp(x * std::numbers::ln2_v<Wide>)); }, {-2, 2});
  unary("log2", &log2, [](double x) { return as_double(std::log(Wide{x}) / std::numbers::ln2_v<Wide>); }, {0.5, 3});
  unary("log10", &log10, [](double x) { return as_double(std::log(Wide{x}) / std::numbers::ln10_v<Wide>); }, {0.5, 3});
  const auto root = [](double x) { return std::copysign(as_double(std::exp(std::log(std::abs(Wide{x})) / 3)), x); };
  unary("cbrt", &cbrt, root, {0.5, 3});
  more("cbrt", &cbrt, root, {-3, -0.5});
  unary("reciprocal", &reciprocal, [](double x) { return 1 / x; }, {0.5, 2});
  more("reciprocal", &reciprocal, [](double x) { return 1 / x; }, {-2, -0.5});
}};

double logit_of(double x) {
  return as_double(std::log(Wide{x}) - std::log1p(-Wide{x}));
}

// ψ(x) = Γ′(x) / Γ(x): log y − 1/(2y) − 1/(12y²) + 1/(120y⁴) at a large y, and back from there by ψ(x) = ψ(x + 1) −
// 1/x.
double digamma_of(double x) {
  Wide y = x;
  Wide below = 0;
  for (; y < 500; y += 1) {
    below += 1 / y;
  }
  return as_double(std::log(y) - 1 / (2 * y) - 1 / (12 * y * y) + 1 / (120 * y * y * y * y) - below);
}

// (−1)ⁿ⁺¹ n! Σ 1/(x + k)ⁿ⁺¹, the terms behind a large x + k = y as an integral, half a term and a correction.
double polygamma_of(int n, double x) {
  Wide y = x;
  Wide sum = 0;
  for (; y < 2000; y += 1) {
    sum += std::pow(y, static_cast<Wide>(-n - 1));
  }
  const Wide term = std::pow(y, static_cast<Wide>(-n - 1));
  sum += term * (y / n + Wide{0.5} + (n + 1) / (12 * y));
  return (n % 2 == 0 ? -1 : 1) * as_double(std::tgamma(static_cast<Wide>(n + 1)) * sum);
}

// erf(y) = x by halving the interval.
double erfinv_of(double x) {
  Wide low = -4;
  Wide high = 4;
  for (int step = 0; step < 80; ++step) {
    const Wide middle = (low + high) / 2;
    (std::erf(middle) < x ? low : high) = middle;
  }
  return as_double(low);
}

template <std::int64_t order>
Tensor polygamma_of_order(const Tensor& x) {
  return polygamma(order, x);
}

const Registration special_functions{[] {
  unary("logit", &logit, logit_of, {0.3, 0.7});
  unary("erfc", &erfc, [](double x) { return as_double(1 - std::erf(Wide{x})); }, {-2, 2});
  unary("erfinv", &erfinv, erfinv_of, {-0.6, 0.6});
  const auto sine_by_argument = [](double x) {
    const Wide z = std::numbers::pi_v<Wide> * x;
    return as_double(std::sin(z) / z);
  };
  unary("sinc", &sinc, sine_by_argument, {-3, 3});
  more("sinc", &sinc, sine_by_argument, {-0.2, 0.2});
  more("sinc", &sinc, sine_by_argument, {4, 5});
  const auto log_of_gamma = [](double x) { return as_double(std::log(std::abs(std::tgamma(Wide{x})))); };
  unary("lgamma", &lgamma, log_of_gamma, {0.7, 4});
  more("lgamma", &lgamma, log_of_gamma, {-0.7, -0.3}, 1e-14);
  unary("digamma", &digamma, digamma_of, {0.7, 4});
  more("digamma", &digamma, digamma_of, {-0.7, -0.3});
  more("digamma", &digamma, digamma_of, {20, 40});
}};

const Registration derivatives_of_digamma{[] {
  unary("polygamma", &polygamma_of_order<1>, [](double x) { return polygamma_of(1, x); }, {0.7, 4});
  more("polygamma", &polygamma_of_order<0>, digamma_of, {0.7, 4});
  more("polygamma", &polygamma_of_order<2>, [](double x) { return polygamma_of(2, x); }, {0.7, 4});
  more("polygamma", &polygamma_of_order<5>, [](double x) { return polygamma_of(5, x); }, {1.5, 4});
  more("polygamma", &polygamma_of_order<1>, [](double x) { return polygamma_of(1, x); }, {-1.6, -1.4});
  more(
      "polygamma", &polygamma_of_order<2>, [](double x) { return polygamma_of(2, x); }, {-1.6, -1.4}, 1e-14);
  error_case("polygamma", "order −1", Fault::value, [] { return polygamma(-1, ones({2})); });
  error_case("polygamma", "order 1001", Fault::value, [] { return polygamma(1001, ones({2})); });
  error_case("polygamma", "order 0 of int64", Fault::dtype, [] { return polygamma(0, ones({2}, int64)); });
}};

const Registration of_two{[] {
  const auto angle = [](double y, double x) { return std::atan(y / x); };
  binary("atan2", &atan2, angle, from(-2, 2, 1), from(0.5, 2, 11));
  binary_case(
      "atan2", "to the left", Kind::plain, &atan2,
      [](double y, double x) { return std::atan(y / x) + std::copysign(std::numbers::pi, y); }, vector_of({1, -0.5, 2}),
      vector_of({-1, -2, -0.75}));
  binary(
      "hypot", &hypot, [](double a, double b) { return std::sqrt(a * a + b * b); }, from(-2, 2, 2), from(0.5, 2, 12));
  binary(
      "logaddexp", &logaddexp, [](double a, double b) { return std::log(std::exp(a) + std::exp(b)); }, from(-2, 2, 3),
      from(-2, 2, 13));
  binary_case(
      "logaddexp", "of equal numbers", Kind::plain, &logaddexp,
      [](double a, double b) { return std::log(std::exp(a) + std::exp(b)); }, vector_of({0.5, -1}),
      vector_of({0.5, -1}));
  binary(
      "fmod", &fmod, [](double a, double b) { return a - 2 * b; }, from(4.3, 4.8, 4), from(1.9, 2.1, 14));
  binary_case(
      "fmod", "signs", Kind::plain, &fmod, [](double a, double b) { return a - (a * b < 0 ? -2 : 2) * b; },
      vector_of({4.5, -4.5, 4.5, -4.5}), vector_of({2, 2, -2, -2}));
  binary(
      "remainder", &remainder, [](double a, double b) { return a - 2 * b; }, from(4.3, 4.8, 5), from(1.9, 2.1, 15));
  binary_case(
      "remainder", "signs", Kind::plain, &remainder, [](double a, double b) { return a - (a * b < 0 ? -3 : 2) * b; },
      vector_of({4.5, -4.5, 4.5, -4.5}), vector_of({2, 2, -2, -2}));
}};

void beside_number(const std::string& name, const std::string& title, const std::function<Tensor(const Tensor&)>& call,
                   const std::function<double(double)>& f) {
  formula_case(name, title, Kind::plain, {vector_of({0.25, 0.75, 1.25, 2.6})},
               one([call](const Tensors& in) { return call(in[0]); }),
               one([f](const ManyValues& in) { return map(in[0], f); }));
}

const Registration numbers{[] {
  const auto add_exponentials = [](double v) { return std::log(std::exp(v) + std::exp(1.5)); };
  beside_number(
      "atan2", "(x, 2)", [](const Tensor& x) { return atan2(x, 2); }, [](double v) { return std::atan(v / 2); });
  beside_number(
      "atan2", "(2, x)", [](const Tensor& x) { return atan2(2, x); }, [](double v) { return std::atan(2 / v); });
  beside_number(
      "hypot", "(x, 3)", [](const Tensor& x) { return hypot(x, 3); }, [](double v) { return std::sqrt(v * v + 9); });
  beside_number(
      "hypot", "(3, x)", [](const Tensor& x) { return hypot(3, x); }, [](double v) { return std::sqrt(v * v + 9); });
  beside_number(
      "logaddexp", "(x, 1.5)", [](const Tensor& x) { return logaddexp(x, 1.5); }, add_exponentials);
  beside_number(
      "logaddexp", "(1.5, x)", [](const Tensor& x) { return logaddexp(1.5, x); }, add_exponentials);
  beside_number(
      "fmod", "(x, 4)", [](const Tensor& x) { return fmod(x, 4); }, [](double v) { return v; });
  beside_number(
      "fmod", "(-0.125, x)", [](const Tensor& x) { return fmod(-0.125, x); }, [](double) { return -0.125; });
  beside_number(
      "remainder", "(x - 4, 4)", [](const Tensor& x) { return remainder(x - 4, 4); }, [](double v) { return v; });
  beside_number(
      "remainder", "(-0.125, x)", [](const Tensor& x) { return remainder(-0.125, x); },
      [](double v) { return v - 0.125; });
  error_case("fmod", "1.5 beside int64", Fault::dtype, [] { return fmod(ones({2}, int64), 1.5); });
}};

double toward_zero(double x) {
  return static_cast<double>(static_cast<std::int64_t>(x));
}

double downward(double x) {
  return toward_zero(x + 1000) - 1000;
}

void exact_in(DType dtype, const std::string& name, const std::string& title, Unary operation, const Values& x,
              const Values& expected) {
  exact_case(
      name, title, Kind::plain, [=] { return operation(to_tensor(x, dtype)); }, dtype, expected);
}

const Registration roundings{[] {
  unary("floor", &floor, downward, {-4, 4}, 0);
  unary(
      "ceil", &ceil, [](double x) { return downward(x) + 1; }, {-4, 4}, 0);
  unary("trunc", &trunc, toward_zero, {-4, 4}, 0);
  unary(
      "round", &round, [](double x) { return downward(x + 0.5); }, {-4, 4}, 0);
  const Values halves = vector_of({-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3, -3});
  for (const DType dtype : {float32, float64}) {
    exact_in(dtype, "floor", "halves", &floor, halves, vector_of({-3, -2, -1, 0, 1, 2, 3, -3}));
    exact_in(dtype, "ceil", "halves", &ceil, halves, vector_of({-2, -1, 0, 1, 2, 3, 3, -3}));
    exact_in(dtype, "trunc", "halves", &trunc, halves, vector_of({-2, -1, 0, 0, 1, 2, 3, -3}));
    exact_in(dtype, "round", "halves, to the even one", &round, halves, vector_of({-2, -2, 0, 0, 2, 2, 3, -3}));
  }
  const Values whole = vector_of({-3, 0, 5});
  for (const auto& [name, operation] :
       {std::pair{"floor", &floor}, std::pair{"ceil", &ceil}, std::pair{"trunc", &trunc}, std::pair{"round", &round}}) {
    exact_in(int64, name, "int64 as it is", operation, whole, whole);
  }
}};

const Registration integer_divisions{[] {
  const auto whole = [](const std::string& name, Binary operation, std::vector<double> expected) {
    exact_case(
        name, "int64", Kind::plain,
        [operation] {
          return operation(to_tensor(vector_of({7, -7, 7, -7, 6, -6, 5}), int64),
                           to_tensor(vector_of({3, 3, -3, -3, 3, -3, -1}), int64));
        },
        int64, vector_of(std::move(expected)));
    exact_case(
        name, "the smallest int64 by -1", Kind::plain,
        [operation] {
          return operation(from_vector<std::int64_t>({INT64_MIN}, {1}), from_vector<std::int64_t>({-1}, {1}));
        },
        int64, vector_of({0}));
    error_case(name, "int64 by 0", Fault::value,
               [operation] { return operation(ones({2}, int64), zeros({2}, int64)); });
  };
  whole("fmod", &fmod, {1, -1, 1, -1, 0, 0, 0});
  whole("remainder", &remainder, {1, 2, -2, -1, 0, 0, 0});
}};

void kind_of_number(const std::string& name, Unary operation, double of_numbers, std::vector<double> of_special) {
  const auto add_case = [&](const std::string& title, Kind kind, const Shape& shape) {
    formula_case(name, title, kind, {uniform(shape, -2, 2, 1)},
                 one([operation](const Tensors& in) { return operation(in[0]); }),
                 one([of_numbers](const ManyValues& in) { return map(in[0], [=](double) { return of_numbers; }); }))
        .result = boolean;
  };
  add_case("a matrix", Kind::plain, {2, 3});
  add_case("more than a tile", Kind::plain, {3, 7001});
  add_case("zero rank", Kind::zero_rank, {});
  add_case("no elements", Kind::empty, {0, 3});
  direct_call(name, {{2, 3}}, [operation](const Tensors& in) { return operation(in[0]); });
  exempt(name, "wrong shape", "one tensor of any shape");
  const double infinity = std::numeric_limits<double>::infinity();
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "extreme values", Kind::extreme,
        [=] {
          return operation(to_tensor(vector_of({std::nan(""), infinity, -infinity, 3e38, -0.0, 1e-45}), dtype));
        },
        boolean, vector_of(of_special));
  }
  for (const DType dtype : {int64, boolean}) {
    exact_case(
        name, std::string{to_string(dtype)}, Kind::plain,
        [=] {
          return operation(to_tensor(vector_of({0, 1}), dtype));
        },
        boolean, vector_of({of_numbers, of_numbers}));
  }
}

const Registration kinds_of_numbers{[] {
  kind_of_number("isnan", &isnan, 0, {1, 0, 0, 0, 0, 0});
  kind_of_number("isinf", &isinf, 0, {0, 1, 1, 0, 0, 0});
  kind_of_number("isfinite", &isfinite, 1, {0, 0, 0, 1, 1, 1});
}};

}  // namespace

}  // namespace xgrad::test
