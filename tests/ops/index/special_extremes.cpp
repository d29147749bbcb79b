// Infinities, NaN, zeros, poles, large and tiny numbers through elementary and special functions and their gradients,
// in both dtypes. Every expected number is worked out by hand, or with decimal numbers of 50 digits.
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/special.hpp"

#include "support/extreme_values.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

using List = std::vector<double>;
using Binary = Tensor (*)(const Tensor&, const Tensor&);

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = std::numbers::pi;
constexpr double ln2 = std::numbers::ln2;

const Registration circular{[] {
  extreme("tan", &tan, {infinity, -infinity, nan, 0, 1e-20, 1e4}, {nan, nan, nan, 0, 1e-20, 0.3209711346238147});
  slope("tan", &tan, {nan, 0, 1e4}, {nan, 1, 1.103022469261699});
  extreme("asin", &asin, {1, -1, 2, infinity, nan, 1e-20, 0.5}, {pi / 2, -pi / 2, nan, nan, nan, 1e-20, pi / 6});
  slope("asin", &asin, {1, -1, 2, nan, 0, 1 - 0x1p-20}, {infinity, infinity, nan, nan, 1, 724.0775165685779});
  extreme("acos", &acos, {1, -1, 2, -infinity, nan, 0, 0.5}, {0, pi, nan, nan, nan, pi / 2, pi / 3});
  slope("acos", &acos, {1, -1, 2, nan, 0, 1 - 0x1p-20}, {-infinity, -infinity, nan, nan, -1, -724.0775165685779});
  extreme("atan", &atan, {infinity, -infinity, nan, 1e-20, 1e20, -1}, {pi / 2, -pi / 2, nan, 1e-20, pi / 2, -pi / 4});
  slope("atan", &atan, {infinity, -infinity, nan, 0, 1e9}, {0, 0, nan, 1, 1e-18});
}};

const Registration hyperbolic{[] {
  extreme("sinh", &sinh, {infinity, -infinity, nan, 1e4, -1e4, 1e-20, 0},
          {infinity, -infinity, nan, infinity, -infinity, 1e-20, 0});
  slope("sinh", &sinh, {infinity, -infinity, nan, 0}, {infinity, infinity, nan, 1});
  extreme("cosh", &cosh, {infinity, -infinity, nan, 1e4, 1e-20}, {infinity, infinity, nan, infinity, 1});
  slope("cosh", &cosh, {infinity, -infinity, nan, 1e-20}, {infinity, -infinity, nan, 1e-20});
  extreme("asinh", &asinh, {infinity, -infinity, nan, 1e-20, 1e30, -1e30},
          {infinity, -infinity, nan, 1e-20, 69.770699970381316, -69.770699970381316});
  slope("asinh", &asinh, {infinity, -infinity, nan, 0, 1e30, -1e30}, {0, 0, nan, 1, 1e-30, 1e-30});
  curvature("asinh", &asinh, {1e12, -1e12, 0}, {-1e-24, 1e-24, 0});
  extreme("acosh", &acosh, {infinity, 1, 0.5, -2, -infinity, nan, 1e30},
          {infinity, 0, nan, nan, nan, nan, 69.770699970381316});
  slope("acosh", &acosh, {infinity, 1, 0.5, nan, 1e30, 1 + 0x1p-20},
        {0, infinity, nan, nan, 1e-30, 724.07717130159491});
  extreme("atanh", &atanh, {1, -1, 2, infinity, nan, 1e-20, 1 - 0x1p-20},
          {infinity, -infinity, nan, nan, nan, 1e-20, 7.2780451574607898});
  slope("atanh", &atanh, {1, -1, nan, 0, 1 - 0x1p-20}, {infinity, infinity, nan, 1, 524288.25000011921});
}};

const Registration powers_and_logarithms{[] {
  extreme("exp2", &exp2, {infinity, -infinity, nan, 1e4, -1e4, 10, -20},
          {infinity, 0, nan, infinity, 0, 1024, 0x1p-20});
  slope("exp2", &exp2, {infinity, -infinity, nan, 10}, {infinity, 0, nan, 1024 * ln2});
  extreme("log2", &log2, {infinity, 0, -1, nan, 1024, 0x1p-100}, {infinity, -infinity, nan, nan, 10, -100});
  slope("log2", &log2, {infinity, 0, nan, 1 / ln2}, {0, infinity, nan, 1});
  extreme("log10", &log10, {infinity, 0, -1, nan, 1e5}, {infinity, -infinity, nan, nan, 5});
  slope("log10", &log10, {infinity, 0, nan, 0.25}, {0, infinity, nan, 4 * std::numbers::log10e});
  extreme("cbrt", &cbrt, {infinity, -infinity, nan, 0, -27, 1e30, 0x1p-120},
          {infinity, -infinity, nan, 0, -3, 1e10, 0x1p-40});
  slope("cbrt", &cbrt, {infinity, -infinity, nan, 0, -27, 0x1p-120}, {0, 0, nan, infinity, 1.0 / 27, 0x1p80 / 3});
  extreme("reciprocal", &reciprocal, {infinity, -infinity, nan, 0, -0.0, 1e30},
          {0, 0, nan, infinity, -infinity, 1e-30});
  slope("reciprocal", &reciprocal, {infinity, -infinity, nan, 0, 0x1p40}, {0, 0, nan, -infinity, -0x1p-80});
}};

const Registration roundings{[] {
  const List in{infinity, -infinity, nan, 0x1p60, -0x1p60, 1e-20, -1e-20, -0.0};
  extreme("floor", &floor, in, {infinity, -infinity, nan, 0x1p60, -0x1p60, 0, -1, 0});
  extreme("ceil", &ceil, in, {infinity, -infinity, nan, 0x1p60, -0x1p60, 1, 0, 0});
  extreme("round", &round, in, {infinity, -infinity, nan, 0x1p60, -0x1p60, 0, 0, 0});
  extreme("trunc", &trunc, in, {infinity, -infinity, nan, 0x1p60, -0x1p60, 0, 0, 0});
}};

const Registration special_functions{[] {
  extreme("logit", &logit, {0, 1, -1, 2, infinity, nan, 0.5, 0.5 + 0x1p-20, 0x1p-100},
          {-infinity, infinity, nan, nan, nan, nan, 0, 3.8146972656296260e-06, -100 * ln2});
  slope("logit", &logit, {0, 1, nan, 0.5, 0x1p-40, 1 - 0x1p-20},
        {infinity, infinity, nan, 4, 1099511627777, 1048577.0000009537});
  extreme("erfc", &erfc, {infinity, -infinity, nan, 0, 30, -30, 8}, {0, 2, nan, 1, 0, 2, 1.1224297172982928e-29});
  slope("erfc", &erfc, {infinity, -infinity, nan, 0, 8}, {0, 0, nan, -1.1283791670955126, -1.8097067968559843e-28});
  curvature("erfc", &erfc, {infinity, -infinity, 0}, {0, 0, 0});
  extreme("erfinv", &erfinv, {1, -1, 2, infinity, nan, 0, 1e-20},
          {infinity, -infinity, nan, nan, nan, 0, 8.8622692545275801e-21});
  slope("erfinv", &erfinv, {1, -1, 2, nan, 0}, {infinity, infinity, nan, nan, 0.88622692545275801});
  extreme("sinc", &sinc, {infinity, -infinity, nan, 0, -0.0, 1e-20, 1, -2, 0x1p100, 2.5},
          {0, 0, nan, 1, 1, 1, 0, 0, 0, 0.4 / pi});
  slope("sinc", &sinc, {infinity, nan, 0, 1, -2, 1e-9}, {0, nan, 0, -1, -0.5, -pi * pi / 3 * 1e-9});
  curvature("sinc", &sinc, {infinity, 0, 1}, {0, -pi * pi / 3, 2});
  extreme("lgamma", &lgamma, {infinity, -infinity, nan, 0, -0.0, -3, 1, 2, 0.5, 1e-20, 101, -0.5},
          {infinity, infinity, nan, infinity, infinity, infinity, 0, 0, 0.57236494292470009, 46.051701859880914,
           363.73937555556349, 1.2655121234846454});
  slope("lgamma", &lgamma, {infinity, nan, 0, -0.0, -3, 1, 1e-20},
        {infinity, nan, -infinity, infinity, nan, -0.57721566490153286, -1e20});
  extreme("digamma", &digamma, {infinity, -infinity, nan, 0, -0.0, -3, 1, 0.5, 1e-20, 1e30},
          {infinity, nan, nan, -infinity, infinity, nan, -0.57721566490153286, -1.9635100260214235, -1e20,
           69.077552789821371});
  slope("digamma", &digamma, {infinity, nan, 0, -3, 1, 0.5, -0.5, 1e9},
        {0, nan, infinity, infinity, pi * pi / 6, pi * pi / 2, pi * pi / 2 + 4, 1.0000000005e-9});
  const auto trigamma = [](const Tensor& x) { return polygamma(1, x); };
  const auto tetragamma = [](const Tensor& x) { return polygamma(2, x); };
  extreme("polygamma", trigamma, {infinity, -infinity, nan, 0, -0.0, -3, 1, 2, 1e-10},
          {0, nan, nan, infinity, infinity, infinity, pi * pi / 6, pi * pi / 6 - 1, 1e20});
  extreme("polygamma", tetragamma, {infinity, -infinity, nan, 0, -0.0, -3, 1, 0.5},
          {0, nan, nan, -infinity, infinity, nan, -2.4041138063191886, -16.828796644234320});
  // n! ζ(n + 1) at 1, where ζ(n + 1) is 1 + 2⁻³¹ to rounding.
  extreme("polygamma", [](const Tensor& x) { return polygamma(30, x); }, {1}, {-2.6525285993570948e32});
  slope("polygamma", trigamma, {infinity, nan, 0, 1}, {0, nan, -infinity, -2.4041138063191886});
}};

// ∂/∂a and ∂/∂b of f(a, b), element by element.
void slopes(const std::string& name, Binary f, const List& a, const List& b, const List& by_a, const List& by_b) {
  for (const DType dtype : {float32, float64}) {
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      exact_case(
          name, "gradient at extremes, " + std::string{to_string(dtype)}, Kind::extreme,
          [=] {
            const std::vector<Tensor> x{variable(to_tensor(vector_of(a), dtype)),
                                        variable(to_tensor(vector_of(b), dtype))};
            return gradients(sum(f(x[0], x[1])), x)[i];
          },
          dtype, vector_of(i == 0 ? by_a : by_b), tolerance_of_extremes(dtype));
    }
  }
}

// The derivatives of 3 ∂f/∂a + 5 ∂f/∂b.
void curvatures(const std::string& name, Binary f, const List& a, const List& b, const List& by_a, const List& by_b) {
  for (const DType dtype : {float32, float64}) {
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      exact_case(
          name, "second derivative at extremes, " + std::string{to_string(dtype)}, Kind::extreme,
          [=] {
            const std::vector<Tensor> x{variable(to_tensor(vector_of(a), dtype)),
                                        variable(to_tensor(vector_of(b), dtype))};
            const std::vector<Tensor> first = gradients(sum(f(x[0], x[1])), x);
            return gradients(sum(3.0 * first[0] + 5.0 * first[1]), x)[i];
          },
          dtype, vector_of(i == 0 ? by_a : by_b), tolerance_of_extremes(dtype));
    }
  }
}

const Registration of_two{[] {
  extreme("atan2", &atan2, {0, 0, -0.0, -0.0, 1, -1, infinity, infinity, 1, nan, 1, 1e30},
          {0, -0.0, 0, -0.0, 0, 0, infinity, -infinity, -infinity, 1, nan, 1e30},
          {0, pi, 0, -pi, pi / 2, -pi / 2, pi / 4, 3 * pi / 4, pi, nan, nan, pi / 4});
  slopes("atan2", &atan2, {0, 0, 0x1p90, 0x1p-90, infinity, 1, infinity, nan, 1},
         {0, 2, 0x1p90, 0x1p-90, 1, -infinity, infinity, 1, nan}, {0, 0.5, 0x1p-91, 0x1p89, 0, 0, 0, nan, nan},
         {0, 0, -0x1p-91, -0x1p89, 0, 0, 0, nan, nan});
  // By y: −2xy/r⁴ · 3 + (y² − x²)/r⁴ · 5; by x: (y² − x²)/r⁴ · 3 + 2xy/r⁴ · 5.
  curvatures("atan2", &atan2, {0, 0x1p-40, 1}, {0, 0x1p-40, 2}, {0, -1.5 * 0x1p80, -27.0 / 25},
             {0, 2.5 * 0x1p80, 11.0 / 25});

  extreme("hypot", &hypot, {0, 3e30, 3e-30, infinity, -infinity, infinity, nan, 1, -5},
          {0, 4e30, 4e-30, 1, infinity, nan, infinity, nan, 12},
          {0, 5e30, 5e-30, infinity, infinity, nan, nan, nan, 13});
  slopes("hypot", &hypot, {0, 3e30, -3e-30, infinity, 2, infinity, nan, 0, 0},
         {0, 4e30, 4e-30, 1, -infinity, infinity, 1, 2, nan}, {0, 0.6, -0.6, 1, 0, nan, nan, 0, nan},
         {0, 0.8, 0.8, 0, -1, nan, nan, 1, nan});
  // By a: b²/r³ · 3 − ab/r³ · 5; by b: −ab/r³ · 3 + a²/r³ · 5.
  curvatures("hypot", &hypot, {0, 3, 3e12}, {0, 4, 4e12}, {0, -12.0 / 125, -12.0 / 125 * 1e-12},
             {0, 9.0 / 125, 9.0 / 125 * 1e-12});

  extreme("logaddexp", &logaddexp, {-infinity, infinity, infinity, -infinity, 1e4, -1e4, 1e4, nan, 1, nan, 0},
          {-infinity, infinity, -infinity, 5, 1e4, -1e4, -1e4, 1, nan, infinity, 1e-20},
          {-infinity, infinity, infinity, 5, 1e4 + ln2, -1e4 + ln2, 1e4, nan, nan, nan, ln2});
  slopes("logaddexp", &logaddexp, {-infinity, infinity, infinity, -infinity, 1e4, 1e4, nan, 0},
         {-infinity, infinity, -infinity, 5, 1e4, -1e4, 1, 30}, {0.5, 0.5, 1, 0, 0.5, 1, nan, 9.3576229688392990e-14},
         {0.5, 0.5, 0, 1, 0.5, 0, nan, 1 - 9.3576229688392990e-14});
  curvatures("logaddexp", &logaddexp, {infinity, 1e4, -infinity, 0}, {-infinity, -1e4, 5, 0}, {0, 0, 0, -0.5},
             {0, 0, 0, 0.5});

  extreme("fmod", &fmod, {5, -5, 1, 0, infinity, 5, nan, 1, 1e30, -0.0},
          {infinity, infinity, 0, 0, 2, -infinity, 1, nan, 0x1p10, 3}, {5, -5, nan, nan, nan, 5, nan, nan, 0, 0});
  slopes("fmod", &fmod, {5, -5, 7, -7}, {infinity, infinity, 2, 2}, {1, 1, 1, 1}, {0, 0, -3, 3});
  extreme("remainder", &remainder, {5, -5, 1, 0, infinity, 5, nan, 1, 1e30, -1e-30},
          {infinity, infinity, 0, 0, 2, -infinity, 1, nan, 0x1p10, 1},
          {5, infinity, nan, nan, nan, -infinity, nan, nan, 0, 1});
  slopes("remainder", &remainder, {5, 7, -7, -1e-30}, {infinity, 2, 2, 1}, {1, 1, 1, 1}, {0, -3, 4, 1});
}};

}  // namespace

}  // namespace xgrad::test
