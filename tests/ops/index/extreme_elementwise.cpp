// Infinities, NaN, large and tiny numbers through element-wise operations and their gradients, in both dtypes; every
// expected number is worked out by hand.
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "support/extreme_values.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

using List = std::vector<double>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

const Registration arithmetic{[] {
  extreme("add", &add, {infinity, infinity, nan, 1e30}, {1, -infinity, 1, -1e30}, {infinity, nan, nan, 0});
  extreme("sub", &sub, {infinity, infinity, nan, 1e30}, {1, infinity, 1, 1e30}, {infinity, nan, nan, 0});
  extreme("mul", &mul, {infinity, 0, nan, -infinity}, {-2, infinity, 0, -infinity}, {-infinity, nan, nan, infinity});
  extreme("div", &div, {1, -1, 0, 1, infinity, 1e30}, {0, 0, 0, infinity, infinity, 1e30},
          {infinity, -infinity, nan, 0, nan, 1});
  extreme("pow", &pow, {0, 0, infinity, nan, 1, -1, 2, 2, -2, infinity}, {0, -1, 0, 0, nan, 0.5, 1e4, -1e4, 3, -1},
          {1, infinity, 1, 1, 1, nan, infinity, 0, -8, 0});
  extreme("xlogy", &xlogy, {0, 0, 0, 0, 1, -2, nan, 3}, {0, infinity, nan, -1, 0, 0, 1, infinity},
          {0, 0, nan, nan, -infinity, infinity, nan, infinity});
  extreme("chain_mul", &chain_mul, {0, -0.0, 0, infinity, infinity, nan, 2, 2},
          {infinity, nan, 5, 0, 2, 0, infinity, nan}, {0, 0, 0, 0, infinity, nan, infinity, nan});
  extreme("chain_div", &chain_div, {0, -0.0, 0, 1, infinity, nan, 2, 2},
          {0, nan, infinity, 0, infinity, 0, infinity, nan}, {0, 0, 0, infinity, nan, nan, 0, nan});
  extreme("maximum", &maximum, {nan, 1, infinity, -infinity}, {1, nan, 1, -infinity}, {nan, nan, infinity, -infinity});
  extreme("minimum", &minimum, {nan, 1, infinity, -infinity}, {1, nan, 1, 5}, {nan, nan, 1, -infinity});
  extreme("neg", &neg, {infinity, -infinity, nan, 1e4}, {-infinity, infinity, nan, -1e4});
  extreme("square", &square, {infinity, -infinity, nan, -1e4}, {infinity, infinity, nan, 1e8});
  extreme("abs", &abs, {infinity, -infinity, nan, -1e4}, {infinity, infinity, nan, 1e4});
  slope("abs", &abs, {infinity, -infinity, 1e4, -1e4, nan}, {1, -1, 1, -1, nan});
  extreme("sign", &sign, {infinity, -infinity, nan, 0, -0.0, 1e-30}, {1, -1, nan, 0, 0, 1});
  extreme("clip", [](const Tensor& x) { return clip(x, -1, 2); }, {infinity, -infinity, nan, 1e4}, {2, -1, nan, 2});
  slope("clip", [](const Tensor& x) { return clip(x, -1, 2); }, {infinity, -infinity, 1e4, nan}, {0, 0, 0, nan});
  slope("maximum", [](const Tensor& x) { return maximum(x, 1.0); }, {nan, infinity, -infinity, 1}, {nan, 1, 0, 0.5});
  slope("minimum", [](const Tensor& x) { return minimum(x, 1.0); }, {nan, infinity, -infinity, 1}, {nan, 0, 1, 0.5});
}};

const Registration transcendental{[] {
  extreme("exp", &exp, {infinity, -infinity, nan, 1e4, -1e4, -30},
          {infinity, 0, nan, infinity, 0, 9.357622968840175e-14});
  extreme("expm1", &expm1, {infinity, -infinity, nan, 1e4, -1e4, 1e-20}, {infinity, -1, nan, infinity, -1, 1e-20});
  extreme("log", &log, {infinity, 0, -1, nan, 1e4}, {infinity, -infinity, nan, nan, 9.210340371976184});
  slope("log", &log, {infinity, 0, 1e4}, {0, infinity, 1e-4});
  extreme("log1p", &log1p, {infinity, -1, -2, nan, 1e-20}, {infinity, -infinity, nan, nan, 1e-20});
  extreme("sqrt", &sqrt, {infinity, 0, -1, nan, 1e4}, {infinity, 0, nan, nan, 100});
  slope("sqrt", &sqrt, {infinity, 0, 1e4}, {0, infinity, 0.005});
  extreme("rsqrt", &rsqrt, {infinity, 0, -1, nan, 1e4}, {0, infinity, nan, nan, 0.01});
  extreme("sin", &sin, {infinity, -infinity, nan, 1e4, 1e-20}, {nan, nan, nan, -0.305614388888252141, 1e-20});
  extreme("cos", &cos, {infinity, -infinity, nan, 1e4, 1e-20}, {nan, nan, nan, -0.952155368259014885, 1});
  extreme("tanh", &tanh, {infinity, -infinity, nan, 1e4, -1e4, 1e-20}, {1, -1, nan, 1, -1, 1e-20});
  slope("tanh", &tanh, {infinity, -infinity, 1e4, -1e4, 0}, {0, 0, 0, 0, 1});
  extreme("erf", &erf, {infinity, -infinity, nan, 1e4, -1e4, 1e-20}, {1, -1, nan, 1, -1, 1.1283791670955126e-20});
  slope("erf", &erf, {infinity, -infinity, 1e4, -1e4, 0}, {0, 0, 0, 0, 1.1283791670955126});
}};

const Registration activations{[] {
  const List far{1e4, -1e4, infinity, -infinity, nan};
  extreme("sigmoid", &sigmoid, far, {1, 0, 1, 0, nan});
  extreme("sigmoid", &sigmoid, {-30, -80}, {9.357622968839299e-14, 1.8048513878454153e-35});
  slope("sigmoid", &sigmoid, far, {0, 0, 0, 0, nan});
  slope("sigmoid", &sigmoid, {-30}, {9.357622968838423e-14});
  curvature("sigmoid", &sigmoid, {1e4, -1e4}, {0, 0});

  extreme("relu", &relu, far, {1e4, 0, infinity, 0, nan});
  slope("relu", &relu, {1e4, -1e4, infinity, -infinity, nan}, {1, 0, 1, 0, nan});

  extreme("softplus", &softplus, far, {1e4, 0, infinity, 0, nan});
  extreme("softplus", &softplus, {-30, 30}, {9.357622968839737e-14, 30.000000000000092});
  slope("softplus", &softplus, far, {1, 0, 1, 0, nan});
  curvature("softplus", &softplus, {1e4, -1e4}, {0, 0});

  extreme("log_sigmoid", &log_sigmoid, far, {0, -1e4, 0, -infinity, nan});
  extreme("log_sigmoid", &log_sigmoid, {30, -30}, {-9.357622968839737e-14, -30.000000000000092});
  slope("log_sigmoid", &log_sigmoid, far, {0, 1, 0, 1, nan});
  slope("log_sigmoid", &log_sigmoid, {30}, {9.357622968839299e-14});
  curvature("log_sigmoid", &log_sigmoid, {1e4, -1e4}, {0, 0});
}};

const Registration passing_through{[] {
  extreme("stop_gradient", &stop_gradient, {infinity, -infinity, nan, 1e4}, {infinity, -infinity, nan, 1e4});
  for (const DType from : {float32, float64}) {
    for (const DType to : {float32, float64}) {
      exact_case(
          "cast", "infinities and NaN", Kind::extreme,
          [=] {
            return cast(to_tensor(vector_of({infinity, -infinity, nan}), from), to);
          },
          to, vector_of({infinity, -infinity, nan}));
    }
  }
  exact_case(
      "cast", "1e300 to float32 is infinite", Kind::extreme,
      [] {
        return cast(to_tensor(vector_of({1e300, -1e300})), float32);
      },
      float32, vector_of({infinity, -infinity}));
}};

}  // namespace

}  // namespace xgrad::test
