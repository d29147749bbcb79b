// The bounds that docs/operations.md states for elementary and special functions and their derivatives, against MPFR.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <mpfr.h>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/elementary.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/special.hpp"

#include "support/precise.hpp"

using xgrad::Tensor;
using xgrad::test::Precise;

namespace {

constexpr long bits = 240;

/// In units in the last place: of the value and of the derivative, in float32 and float64.
struct Bounds {
  double value32 = 0;
  double value64 = 0;
  double slope32 = 0;
  double slope64 = 0;
};

// The rows "| name | 0.6 | 1.5 | 2 | 2 |" behind the heading.
std::map<std::string, Bounds> stated_bounds() {
  std::ifstream file{XGRAD_OPERATIONS_DOC};
  REQUIRE(file.good());
  std::map<std::string, Bounds> result;
  std::string line;
  bool inside = false;
  while (std::getline(file, line)) {
    inside = line.starts_with("#") ? line == "### Accuracy" : inside;
    std::replace(line.begin(), line.end(), '|', ' ');
    std::istringstream words{line};
    std::string name;
    Bounds bounds;
    if (inside && words >> name >> bounds.value32 >> bounds.value64 >> bounds.slope32 >> bounds.slope64) {
      result.emplace(name, bounds);
    }
  }
  return result;
}

template <class T>
constexpr xgrad::DType dtype_of = std::is_same_v<T, float> ? xgrad::float32 : xgrad::float64;

// Of a result that counts as no smaller than `floor`; a subnormal result's unit is the smallest subnormal number.
template <class T>
double error_in_ulp(T found, const Precise& exact, double floor) {
  using Limits = std::numeric_limits<T>;
  const Precise overflow{std::ldexp(1.0, Limits::max_exponent - 1)};
  if (!exact.is_finite() || !(abs(exact) / Precise{2} < overflow)) {
    return 0;  // poles and overflow have cases in tests/ops/index
  }
  if (!std::isfinite(found)) {
    return std::numeric_limits<double>::infinity();
  }
  const Precise size = abs(exact) < Precise{floor} ? Precise{floor} : abs(exact);
  const long exponent = size.is_zero() ? Limits::min_exponent : std::max<long>(size.exponent(), Limits::min_exponent);
  const Precise unit{std::ldexp(1.0, static_cast<int>(exponent) - Limits::digits)};
  return (abs(Precise{static_cast<double>(found)} - exact) / unit).to_double();
}

struct Worst {
  double error = 0;
  std::string where;

  void see(double found, const std::vector<double>& at) {
    if (!(found <= error)) {
      error = found;
      where.clear();
      for (const double x : at) {
        where += (where.empty() ? "" : ", ") + std::to_string(x);
      }
    }
  }
};

/// Points in [low, high]: evenly, by size, and beside the ends and a point between.
template <class T>
std::vector<T> points(double low, double high, double middle, std::size_t count) {
  std::mt19937_64 random{20240607};
  const auto within = [&](double a, double b) { return std::uniform_real_distribution<double>{a, b}(random); };
  std::vector<T> result;
  while (result.size() < count) {
    const double size = std::ldexp(within(1, 2), -static_cast<int>(random() % 50));
    const double sign = random() % 2 == 0 ? 1 : -1;
    for (const double x :
         {within(low, high), low + size * (high - low) / 2, high - size * (high - low) / 2, middle + sign * size,
          sign * std::ldexp(within(1, 2), static_cast<int>(random() % 120) - 60)}) {
      if (const T rounded = static_cast<T>(x); rounded >= low && rounded <= high) {
        result.push_back(rounded);
      }
    }
  }
  return result;
}

struct Function {
  std::string name;
  std::function<Tensor(const Tensor&)> f;
  std::function<Precise(const Precise&)> exact;
  std::function<Precise(const Precise&)> slope;
  double low = 0;
  double high = 0;
  double middle = 0;
  double floor = 0;  ///< what a smaller result counts as
  std::size_t count = 4000;
};

template <class T>
void check_function(const Function& function, const Bounds& bounds) {
  const std::vector<T> at = points<T>(function.low, function.high, function.middle, function.count);
  const Tensor x = xgrad::variable(xgrad::from_vector(at, {static_cast<std::int64_t>(at.size())}));
  const Tensor y = function.f(x);
  const Tensor slope = xgrad::gradients(xgrad::sum(y), {x})[0];
  xgrad::eval({y, slope});
  const std::vector<T> values = y.template to_vector<T>();
  const std::vector<T> slopes = slope.template to_vector<T>();
  Worst value;
  Worst derivative;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double point{at[i]};
    value.see(error_in_ulp(values[i], function.exact(Precise{point}), function.floor), {point});
    if (std::isfinite(values[i])) {  // a derivative that is a share of an infinite value is infinite
      derivative.see(error_in_ulp(slopes[i], function.slope(Precise{point}), function.floor), {point});
    }
  }
  const bool single = std::is_same_v<T, float>;
  const std::string title = function.name + (single ? " float32" : " float64");
  INFO(title << ": value " << value.error << " at " << value.where << ", derivative " << derivative.error << " at "
             << derivative.where);
  CHECK(value.error <= (single ? bounds.value32 : bounds.value64));
  CHECK(derivative.error <= (single ? bounds.slope32 : bounds.slope64));
}

// MPFR's function of one number.
template <int (*f)(mpfr_t, const mpfr_t, mpfr_rnd_t)>
Precise of(const Precise& x) {
  return Precise::of(f, x);
}

Precise square(const Precise& x) {
  return x * x;
}

Precise log_of_gamma(const Precise& x) {
  return Precise::of(
      [](mpfr_t result, const mpfr_t at, mpfr_rnd_t mode) {
        int sign = 0;
        return mpfr_lgamma(result, &sign, at, mode);
      },
      x);
}

Precise digamma(const Precise& x) {
  return of<mpfr_digamma>(x);
}

// The derivative of order n of ψ, by its central difference with a step 2⁻⁷⁰ of the way to 0 or the next pole.
Precise polygamma(int n, const Precise& x) {
  Precise::set_bits(bits + 100 * n);
  const double near = x.to_double();
  const double way = near > 0 ? near : std::abs(near - std::round(near));
  const Precise step{std::ldexp(way, -70)};
  Precise sum;
  double binomial = 1;
  for (int k = 0; k <= n; ++k) {
    const Precise shifted = Precise{near} + Precise{static_cast<double>(n) / 2 - k} * step;
    sum = sum + Precise{k % 2 == 0 ? binomial : -binomial} * digamma(shifted);
    binomial = binomial * (n - k) / (k + 1);
  }
  for (int k = 0; k < n; ++k) {
    sum = sum / step;
  }
  Precise::set_bits(bits);
  return sum;
}

const Precise one{1};
const Precise two{2};

Precise pi() {
  Precise::set_bits(bits);
  return of<mpfr_acos>(-one);
}

Precise root_of_pi() {
  return sqrt(pi());
}

Precise sinc(const Precise& x) {
  return of<mpfr_sin>(pi() * x) / (pi() * x);
}

// By Newton's method, from a few digits of Winitzki's approximation on.
Precise erfinv(const Precise& x) {
  const double start = x.to_double();
  const double logarithm = (log((one - x) * (one + x))).to_double();
  const double half = 2 / (M_PI * 0.147) + logarithm / 2;
  const double square_of_y = std::sqrt(half * half - logarithm / 0.147) - half;
  Precise y{std::abs(start) < 1e-4 ? start * 0.886 : std::copysign(std::sqrt(square_of_y), start)};
  for (int step = 0; step < 9; ++step) {
    y = y - (of<mpfr_erf>(y) - x) * root_of_pi() / two * exp(square(y));
  }
  return y;
}

std::vector<Function> smooth_functions() {
  const double inf = 1e300;
  return {
      {"tan", &xgrad::tan, of<mpfr_tan>, [](const Precise& x) { return one + square(of<mpfr_tan>(x)); }, -1e6, 1e6,
       1.5707963267948966},
      {"asin", &xgrad::asin, of<mpfr_asin>, [](const Precise& x) { return one / sqrt(one - square(x)); }, -1, 1},
      {"acos", &xgrad::acos, of<mpfr_acos>, [](const Precise& x) { return -one / sqrt(one - square(x)); }, -1, 1},
      {"atan", &xgrad::atan, of<mpfr_atan>, [](const Precise& x) { return one / (one + square(x)); }, -inf, inf},
      {"sinh", &xgrad::sinh, of<mpfr_sinh>, of<mpfr_cosh>, -720, 720},
      {"cosh", &xgrad::cosh, of<mpfr_cosh>, of<mpfr_sinh>, -720, 720},
      {"asinh", &xgrad::asinh, of<mpfr_asinh>, [](const Precise& x) { return one / sqrt(one + square(x)); }, -inf, inf},
      {"acosh", &xgrad::acosh, of<mpfr_acosh>, [](const Precise& x) { return one / sqrt(square(x) - one); }, 1, inf, 1},
      {"atanh", &xgrad::atanh, of<mpfr_atanh>, [](const Precise& x) { return one / (one - square(x)); }, -1, 1},
      {"exp2", &xgrad::exp2, of<mpfr_exp2>, [](const Precise& x) { return of<mpfr_exp2>(x) * log(two); }, -1080, 1030},
      {"log2", &xgrad::log2, of<mpfr_log2>, [](const Precise& x) { return one / (x * log(two)); }, 0, inf, 1},
      {"log10", &xgrad::log10, of<mpfr_log10>, [](const Precise& x) { return one / (x * log(Precise{10})); }, 0, inf,
       1},
      {"cbrt", &xgrad::cbrt, of<mpfr_cbrt>,
       [](const Precise& x) { return one / (Precise{3} * square(of<mpfr_cbrt>(x))); }, -inf, inf},
      {"reciprocal", &xgrad::reciprocal, [](const Precise& x) { return one / x; },
       [](const Precise& x) { return -one / square(x); }, -inf, inf},
      {"logit", &xgrad::logit, [](const Precise& x) { return log(x / (one - x)); },
       [](const Precise& x) { return one / (x * (one - x)); }, 0, 1, 0.5},
      {"erfc", &xgrad::erfc, of<mpfr_erfc>, [](const Precise& x) { return -two / root_of_pi() * exp(-square(x)); }, -10,
       27.5},
      {"erfinv", &xgrad::erfinv, erfinv, [](const Precise& x) { return root_of_pi() / two * exp(square(erfinv(x))); },
       -1, 1, 0, 0, 2000},
      {"sinc", &xgrad::sinc, sinc, [](const Precise& x) { return (of<mpfr_cos>(pi() * x) - sinc(x)) / x; }, -1e6, 1e6,
       0.5, 1, 3000},
      {"lgamma", &xgrad::lgamma, log_of_gamma, digamma, 0, 1e15, 1, 0, 2000},
      {"lgamma_below_0", &xgrad::lgamma, log_of_gamma, digamma, -40, 0, -1, 1, 2000},
      {"digamma", &xgrad::digamma, digamma, [](const Precise& x) { return polygamma(1, x); }, 0, 1e15,
       1.4616321449683623, 0, 500},
      {"digamma_below_0", &xgrad::digamma, digamma, [](const Precise& x) { return polygamma(1, x); }, -40, 0, -1, 1,
       500},
  };
}

}  // namespace

TEST_CASE_TEMPLATE("elementary and special functions: values and derivatives are as accurate as stated", T, float,
                   double) {
  Precise::set_bits(bits);
  const auto bounds = stated_bounds();
  for (const Function& function : smooth_functions()) {
    REQUIRE_MESSAGE(bounds.contains(function.name), function.name);
    check_function<T>(function, bounds.at(function.name));
  }
  for (int n = 1; n <= 3; ++n) {
    const auto f = [n](const Tensor& x) { return xgrad::polygamma(n, x); };
    const auto exact = [n](const Precise& x) { return polygamma(n, x); };
    const auto slope = [n](const Precise& x) { return polygamma(n + 1, x); };
    check_function<T>({"polygamma", f, exact, slope, 0, 1e10, 1, 0, 150}, bounds.at("polygamma"));
    check_function<T>({"polygamma_below_0", f, exact, slope, -20, 0, -1, 1, 150}, bounds.at("polygamma_below_0"));
  }
}

TEST_CASE("polygamma: of high orders it is n! Σ 1/(x + k)ⁿ⁺¹") {
  Precise::set_bits(bits);
  const double bound = stated_bounds().at("polygamma").value64;
  for (const int n : {20, 75, 140}) {
    for (const double x : {0.3, 1.0, 2.5, 9.75, 40.0}) {
      Precise sum;
      for (int k = 0; k < 40 * (1 + static_cast<int>(x)); ++k) {
        Precise term = one / (Precise{x} + Precise{static_cast<double>(k)});
        for (int j = 1; j <= n; ++j) {
          term = term * Precise{static_cast<double>(j)} / (Precise{x} + Precise{static_cast<double>(k)});
        }
        sum = sum + term;
      }
      const double found = xgrad::polygamma(n, xgrad::full({}, x, xgrad::float64)).item();
      INFO("order " << n << " at " << x);
      CHECK(error_in_ulp(found, n % 2 == 0 ? -sum : sum, 0) <= bound);
    }
  }
}

namespace {

struct FunctionOfTwo {
  std::string name;
  Tensor (*f)(const Tensor&, const Tensor&);
  Precise (*exact)(const Precise&, const Precise&);
  Precise (*slope)(const Precise&, const Precise&);  ///< by the first
  double high;
  double floor;
};

template <int (*f)(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t)>
Precise of_two(const Precise& a, const Precise& b) {
  return Precise::of(f, a, b);
}

Precise floored(const Precise& x) {
  return Precise::of([](mpfr_t result, const mpfr_t at, mpfr_rnd_t /*mode*/) { return mpfr_floor(result, at); }, x);
}

const std::vector<FunctionOfTwo> functions_of_two{
    {"atan2", &xgrad::atan2, of_two<mpfr_atan2>,
     [](const Precise& y, const Precise& x) { return x / (square(x) + square(y)); }, 1e30, 0},
    {"hypot", &xgrad::hypot, of_two<mpfr_hypot>,
     [](const Precise& a, const Precise& b) { return a / sqrt(square(a) + square(b)); }, 1e30, 0},
    {"logaddexp", &xgrad::logaddexp, [](const Precise& a, const Precise& b) { return log(exp(a) + exp(b)); },
     [](const Precise& a, const Precise& b) { return one / (one + exp(b - a)); }, 80, 1},
    {"fmod", &xgrad::fmod, of_two<mpfr_fmod>, [](const Precise&, const Precise&) { return one; }, 1e30, 0},
    {"remainder", &xgrad::remainder, [](const Precise& a, const Precise& b) { return a - floored(a / b) * b; },
     [](const Precise&, const Precise&) { return one; }, 1e30, 0},
};

}  // namespace

TEST_CASE_TEMPLATE("elementary functions of two numbers: values and derivatives are as accurate as stated", T, float,
                   double) {
  Precise::set_bits(700);
  const auto bounds = stated_bounds();
  for (const FunctionOfTwo& function : functions_of_two) {
    REQUIRE_MESSAGE(bounds.contains(function.name), function.name);
    std::vector<T> a = points<T>(-function.high, function.high, 1, 4000);
    std::vector<T> b = a;
    std::shuffle(b.begin(), b.end(), std::mt19937_64{11});
    for (std::size_t i = 0; i < b.size(); i += 3) {
      b[i] = a[i] * static_cast<T>(1 + std::ldexp(1.0, -static_cast<int>(i % 20)));
    }
    const Tensor x = xgrad::variable(xgrad::from_vector(a, {static_cast<std::int64_t>(a.size())}));
    const Tensor y = function.f(x, xgrad::from_vector(b, {static_cast<std::int64_t>(b.size())}));
    const std::vector<T> slopes = xgrad::gradients(xgrad::sum(y), {x})[0].template to_vector<T>();
    const std::vector<T> values = y.template to_vector<T>();
    Worst value;
    Worst derivative;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Precise p{static_cast<double>(a[i])};
      const Precise q{static_cast<double>(b[i])};
      value.see(error_in_ulp(values[i], function.exact(p, q), function.floor), {a[i], b[i]});
      derivative.see(error_in_ulp(slopes[i], function.slope(p, q), 0), {a[i], b[i]});
    }
    const bool single = std::is_same_v<T, float>;
    const Bounds& stated = bounds.at(function.name);
    INFO(function.name << ": value " << value.error << " at " << value.where << ", derivative " << derivative.error
                       << " at " << derivative.where);
    CHECK(value.error <= (single ? stated.value32 : stated.value64));
    CHECK(derivative.error <= (single ? stated.slope32 : stated.slope64));
  }
  Precise::set_bits(bits);
}
