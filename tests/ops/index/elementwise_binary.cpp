// Element-wise operations of several tensors, with broadcasting and with numbers on either side.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"

#include "support/elementwise_cases.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

// Multiples of 0.25, and those plus 0.125: no two are equal, so differences never cross a tie.
auto on_grid(double offset, std::uint64_t seed) {
  return [=](const Shape& shape) {
    return map(uniform(shape, -8, 8, seed + shape.rank()), [=](double x) { return std::floor(x) / 4 + offset; });
  };
}

const Registration arithmetic{[] {
  binary(
      "add", &add, [](double a, double b) { return a + b; }, from(-2, 2, 1), from(-2, 2, 11));
  binary(
      "sub", &sub, [](double a, double b) { return a - b; }, from(-2, 2, 2), from(-2, 2, 12));
  binary(
      "mul", &mul, [](double a, double b) { return a * b; }, from(-2, 2, 3), from(-2, 2, 13));
  binary(
      "div", &div, [](double a, double b) { return a / b; }, from(-2, 2, 4), from(0.5, 2, 14));
  binary(
      "pow", &pow, [](double a, double b) { return std::pow(a, b); }, from(0.5, 2, 5), from(-2, 3, 15));
  binary(
      "xlogy", &xlogy, [](double a, double b) { return a * std::log(b); }, from(-2, 2, 8), from(0.5, 2, 18));
  binary(
      "chain_mul", &chain_mul, [](double t, double d) { return t * d; }, from(0.5, 2, 9), from(-2, 2, 19));
  binary(
      "chain_div", &chain_div, [](double t, double d) { return t / d; }, from(0.5, 2, 10), from(0.5, 2, 20));
  binary(
      "maximum", &maximum, [](double a, double b) { return std::max(a, b); }, on_grid(0, 6), on_grid(0.125, 16));
  binary(
      "minimum", &minimum, [](double a, double b) { return std::min(a, b); }, on_grid(0, 7), on_grid(0.125, 17));
}};

// x with a number beside it.
void with_number(const std::string& name, const std::string& title, const std::function<Tensor(const Tensor&)>& call,
                 const std::function<double(double)>& f, const Values& x) {
  for (const auto& [kind, input] : {std::pair{Kind::plain, x}, std::pair{Kind::zero_rank, scalar_of(x.data.back())},
                                    std::pair{Kind::empty, uniform({0, 2}, 0, 1, 1)}}) {
    formula_case(name, title, kind, {input}, one([call](const Tensors& in) { return call(in[0]); }),
                 one([f](const ManyValues& in) { return map(in[0], f); }));
  }
}

const Registration numbers{[] {
  const Values x = vector_of({-1.5, -0.25, 0.75, 1.25});
  const Values positive = vector_of({0.25, 0.75, 1.25, 2.5});
  with_number(
      "add", "x + 1.5", [](const Tensor& t) { return t + 1.5; }, [](double v) { return v + 1.5; }, x);
  with_number(
      "add", "1.5 + x", [](const Tensor& t) { return 1.5 + t; }, [](double v) { return 1.5 + v; }, x);
  with_number(
      "sub", "x - 1.5", [](const Tensor& t) { return t - 1.5; }, [](double v) { return v - 1.5; }, x);
  with_number(
      "sub", "1.5 - x", [](const Tensor& t) { return 1.5 - t; }, [](double v) { return 1.5 - v; }, x);
  with_number(
      "mul", "x * 1.5", [](const Tensor& t) { return t * 1.5; }, [](double v) { return v * 1.5; }, x);
  with_number(
      "mul", "1.5 * x", [](const Tensor& t) { return 1.5 * t; }, [](double v) { return 1.5 * v; }, x);
  with_number(
      "div", "x / 3", [](const Tensor& t) { return t / 3; }, [](double v) { return v / 3; }, x);
  with_number(
      "div", "3 / x", [](const Tensor& t) { return 3 / t; }, [](double v) { return 3 / v; }, positive);
  with_number(
      "neg", "-x", [](const Tensor& t) { return -t; }, [](double v) { return -v; }, x);
  with_number(
      "maximum", "max(x, 0.5)", [](const Tensor& t) { return maximum(t, 0.5); },
      [](double v) { return std::max(v, 0.5); }, x);
  with_number(
      "minimum", "min(x, 0.5)", [](const Tensor& t) { return minimum(t, 0.5); },
      [](double v) { return std::min(v, 0.5); }, x);
  with_number(
      "pow", "2.5^x", [](const Tensor& t) { return pow(2.5, t); }, [](double v) { return std::pow(2.5, v); }, x);
  with_number(
      "pow", "x^2.5", [](const Tensor& t) { return pow(t, 2.5); }, [](double v) { return std::pow(v, 2.5); }, positive);
  with_number(
      "pow", "x^-1.5", [](const Tensor& t) { return pow(t, -1.5); }, [](double v) { return std::pow(v, -1.5); },
      positive);
  for (const double exponent : {-2.0, -1.0, 0.5, 1.0, 2.0, 3.0}) {
    with_number(
        "pow", "x^" + std::to_string(exponent), [=](const Tensor& t) { return pow(t, exponent); },
        [=](double v) { return std::pow(v, exponent); }, positive);
  }
  // Whole exponents are polynomials: negative bases and zero are inside their domain, for derivatives of any order.
  for (const double exponent : {0.0, 1.0, 2.0, 3.0}) {
    with_number(
        "pow", "whole exponent, any base, x^" + std::to_string(exponent),
        [=](const Tensor& t) { return pow(t, exponent); }, [=](double v) { return std::pow(v, exponent); },
        vector_of({-1.5, 0, 0.75}));
  }
}};

void same_operand(const std::string& name, Binary operation, const std::function<double(double)>& f, const Values& x) {
  formula_case(name, "of a tensor and itself", Kind::plain, {x},
               one([operation](const Tensors& in) { return operation(in[0], in[0]); }),
               one([f](const ManyValues& in) { return map(in[0], f); }));
}

const Registration same_operands{[] {
  const Values x = vector_of({0.5, 0.75, 1.25, 2.5});
  same_operand(
      "add", &add, [](double v) { return v + v; }, x);
  same_operand(
      "sub", &sub, [](double) { return 0.0; }, x);
  same_operand(
      "mul", &mul, [](double v) { return v * v; }, x);
  same_operand(
      "div", &div, [](double) { return 1.0; }, x);
  same_operand(
      "pow", &pow, [](double v) { return std::pow(v, v); }, x);
  same_operand(
      "maximum", &maximum, [](double v) { return v; }, x);
  same_operand(
      "minimum", &minimum, [](double v) { return v; }, x);
}};

const Registration integers{[] {
  const auto whole = [](const std::string& name, Binary operation, std::vector<double> expected) {
    exact_case(
        name, "int64", Kind::plain,
        [operation] {
          return operation(to_tensor(vector_of({-3, 0, 5}), int64), to_tensor(vector_of({2, 2, -4}), int64));
        },
        int64, vector_of(std::move(expected)));
  };
  whole("add", &add, {-1, 2, 1});
  whole("sub", &sub, {-5, -2, 9});
  whole("mul", &mul, {-6, 0, -20});
  whole("maximum", &maximum, {2, 2, 5});
  whole("minimum", &minimum, {-3, 0, -4});
  exact_case(
      "add", "int64 and a whole number", Kind::plain,
      [] {
        return 2 + to_tensor(vector_of({-3, 5}), int64);
      },
      int64, vector_of({-1, 7}));
  exact_case(
      "sub", "a whole number and int64", Kind::plain,
      [] {
        return 2 - to_tensor(vector_of({-3, 5}), int64);
      },
      int64, vector_of({5, -3}));
  exact_case(
      "mul", "int64 beyond 2^53 is exact", Kind::plain,
      [] {
        const Tensor x = from_vector<std::int64_t>({3037000499}, {1});
        return equal(x * x, from_vector<std::int64_t>({9223372030926249001}, {1}));
      },
      boolean, vector_of({1}));
  error_case("add", "1.5 beside int64", Fault::dtype, [] { return ones({2}, int64) + 1.5; });
  error_case("mul", "1.5 beside int64", Fault::dtype, [] { return 1.5 * ones({2}, int64); });
}};

}  // namespace

}  // namespace xgrad::test
