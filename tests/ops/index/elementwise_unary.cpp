// Element-wise operations of one tensor beside the standard library's functions.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"

#include "support/elementwise_cases.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double sigmoid_of(double x) {
  return 1 / (1 + std::exp(-x));
}

// Positive and negative inputs, none near zero.
void unary_around_zero(const std::string& name, Unary operation, const std::function<double(double)>& f) {
  unary(name, operation, f, {0.1, 2});
  unary_case(name, "negative numbers", Kind::plain, operation, f, uniform({7}, -2, -0.1, 6), 4e-15);
}

const Registration smooth{[] {
  unary(
      "neg", &neg, [](double x) { return -x; }, {-2, 2}, 0);
  unary(
      "square", &square, [](double x) { return x * x; }, {-2, 2}, 0);
  unary("exp", &exp, [](double x) { return std::exp(x); }, {-2, 2});
  unary("expm1", &expm1, [](double x) { return std::expm1(x); }, {-1, 1});
  unary("log", &log, [](double x) { return std::log(x); }, {0.5, 3});
  unary("log1p", &log1p, [](double x) { return std::log1p(x); }, {-0.4, 2});
  unary(
      "sqrt", &sqrt, [](double x) { return std::sqrt(x); }, {0.5, 3}, 0);
  unary("rsqrt", &rsqrt, [](double x) { return 1 / std::sqrt(x); }, {0.5, 3});
  unary("sin", &sin, [](double x) { return std::sin(x); }, {-4, 4});
  unary("cos", &cos, [](double x) { return std::cos(x); }, {-4, 4});
  unary("tanh", &tanh, [](double x) { return std::tanh(x); }, {-2, 2});
  unary("sigmoid", &sigmoid, sigmoid_of, {-4, 4});
  unary("softplus", &softplus, [](double x) { return std::log1p(std::exp(x)); }, {-4, 4});
  unary("log_sigmoid", &log_sigmoid, [](double x) { return -std::log1p(std::exp(-x)); }, {-4, 4});
  unary("erf", &erf, [](double x) { return std::erf(x); }, {-2, 2});
}};

const Registration with_kinks{[] {
  unary_around_zero("abs", &abs, [](double x) { return std::abs(x); });
  unary_around_zero("relu", &relu, [](double x) { return std::max(x, 0.0); });
  unary_around_zero("sign", &sign, [](double x) { return x < 0 ? -1.0 : 1.0; });
  unary(
      "stop_gradient", &stop_gradient, [](double x) { return x; }, {-2, 2}, 0);
}};

const Registration clips{[] {
  const auto clipped = [](double low, double high) {
    return one([low, high](const Tensors& in) { return clip(in[0], low, high); });
  };
  const auto formula = [](double low, double high) {
    return one([low, high](const ManyValues& in) {
      return map(in[0], [=](double x) { return std::min(std::max(x, low), high); });
    });
  };
  const Values spread{Shape{2, 3}, {-2.5, -0.9, -0.1, 0.3, 0.6, 1.7}};
  formula_case("clip", "below, inside, above", Kind::plain, {spread}, clipped(-1, 0.5), formula(-1, 0.5));
  formula_case("clip", "without upper bound", Kind::plain, {spread}, clipped(0, infinity), formula(0, infinity));
  formula_case("clip", "zero rank", Kind::zero_rank, {scalar_of(0.2)}, clipped(-1, 0.5), formula(-1, 0.5));
  formula_case("clip", "no elements", Kind::empty, {uniform({2, 0}, 0, 1, 1)}, clipped(-1, 0.5), formula(-1, 0.5));
  direct_call("clip", {{3}}, [](const Tensors& in) { return clip(in[0], -1, 2); });
  exempt("clip", "wrong shape", "one tensor of any shape");
  error_case("clip", "low above high", Fault::value, [] { return clip(ones({3}), 1, 0); });
  error_case("clip", "NaN bound", Fault::value, [] { return clip(ones({3}), nan, 0); });
}};

// In float64 the cast is the identity; the float32 run has the real one, and its gradient.
const Registration casts{[] {
  const auto to_double = one([](const Tensors& in) { return cast(in[0], float64); });
  const auto same = one([](const ManyValues& in) { return in[0]; });
  formula_case("cast", "to float64", Kind::plain, {uniform({2, 3}, -2, 2, 1)}, to_double, same).result = float64;
  formula_case("cast", "zero rank", Kind::zero_rank, {scalar_of(0.7)}, to_double, same).result = float64;
  formula_case("cast", "no elements", Kind::empty, {uniform({0}, 0, 1, 1)}, to_double, same).result = float64;
  for (const DType from : {float32, float64, int64, boolean}) {
    for (const DType to : {float32, float64, int64, boolean}) {
      exact_case(
          "cast", std::string{to_string(from)} + " to " + std::string{to_string(to)}, Kind::plain,
          [=] {
            return cast(to_tensor(vector_of({0, 1, 1, 0, 1}), from), to);
          },
          to, vector_of({0, 1, 1, 0, 1}));
    }
  }
  exact_case(
      "cast", "float to integer truncates", Kind::plain,
      [] {
        return cast(to_tensor(vector_of({1.9, -1.9, 0.5, -0.5, 2})), int64);
      },
      int64, vector_of({1, -1, 0, 0, 2}));
  exact_case(
      "cast", "to bool is x != 0", Kind::plain,
      [] {
        return cast(to_tensor(vector_of({0.25, 0, -3, nan, -0.0})), boolean);
      },
      boolean, vector_of({1, 0, 1, 1, 0}));
  exact_case(
      "cast", "gradient through float32 comes back in float64", Kind::plain,
      [] {
        return gradient_at([](const Tensor& x) { return square(cast(x, float32)); }, vector_of({1, -2}));
      },
      float64, vector_of({2, -4}));
  exact_case(
      "cast", "to another dtype of the same size, where the computed input is used no further", Kind::plain,
      [] { return cast(cast(to_tensor(counting({101})), int64) + 1, float64); }, float64,
      map(counting({101}), [](double x) { return x + 1; }));
  direct_call("cast", {{2}}, [](const Tensors& in) { return cast(in[0], float32); });
  exempt("cast", "wrong shape", "one tensor of any shape");
  error_case("cast", "NaN to int64", Fault::value, [] { return cast(to_tensor(vector_of({nan})), int64); });
  error_case("cast", "infinity to int64", Fault::value, [] { return cast(to_tensor(vector_of({infinity})), int64); });
  error_case("cast", "too large for int64", Fault::value, [] { return cast(to_tensor(vector_of({0x1p63})), int64); });
}};

const Registration integers{[] {
  const auto whole = [](const std::string& name, Unary operation, std::vector<double> expected) {
    exact_case(
        name, "int64", Kind::plain,
        [operation] {
          return operation(to_tensor(vector_of({-3, 0, 5}), int64));
        },
        int64, vector_of(std::move(expected)));
  };
  whole("neg", &neg, {3, 0, -5});
  whole("square", &square, {9, 0, 25});
  whole("abs", &abs, {3, 0, 5});
  whole("sign", &sign, {-1, 0, 1});
  exact_case(
      "clip", "int64", Kind::plain,
      [] {
        return clip(to_tensor(vector_of({-3, 0, 5}), int64), -1, 2);
      },
      int64, vector_of({-1, 0, 2}));
}};

}  // namespace

}  // namespace xgrad::test
