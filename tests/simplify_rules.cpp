// Every rule of planning by itself: where it applies, what it gives, and where it must not apply.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "compile/simplify.hpp"
#include "support/counting_operation.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::planning::Facts;
using Doubles = std::vector<double>;

namespace {

const double infinity = std::numeric_limits<double>::infinity();

/// An expression that a rule replaces, what by, and its value worked out without the library.
struct Applies {
  std::string rule;
  std::string title;
  std::function<Tensor()> expression;
  std::string operations;  ///< of the result, inputs before users
  Doubles value;
  bool constants_fixed = false;
};

/// An expression that looks alike.
struct NearMiss {
  std::string rule;
  std::string title;
  std::function<Tensor()> expression;
  bool constants_fixed = false;
};

Tensor doubles(const xg::NestedList& values) {
  return xg::tensor(values, xg::float64);
}

// The sample that most cases are about, and its formulas' values.
const Doubles sample{-2, -0.5, 0.25, 3};
Tensor x() {
  return doubles({-2, -0.5, 0.25, 3});
}
Tensor y() {
  return doubles({5, 7, -11, 13});
}
Tensor matrix() {
  return doubles({{1, 2, 3}, {4, 5, 6}});
}
Tensor condition() {
  return x() > 0.0;
}
Doubles mapped(double (*f)(double)) {
  Doubles result;
  std::transform(sample.begin(), sample.end(), std::back_inserter(result), f);
  return result;
}
Tensor evaluated(const Tensor& tensor) {
  return tensor.eval();
}
// A product whose operand is a transpose that matmul() hasn't seen.
Tensor raw_product(const Tensor& a, const Tensor& b) {
  return xg::apply(xg::matmul(xg::ones({2, 2}), xg::ones({2, 2})).node()->operation, {a, b});
}

std::vector<Applies> applies() {
  return {
      {"no operation", "stop_gradient(x)", [] { return xg::stop_gradient(x()); }, "", sample},
      {"times one", "x · 1", [] { return x() * 1.0; }, "", sample},
      {"times one", "1 · x", [] { return 1.0 * x(); }, "", sample},
      {"times one", "x / 1", [] { return x() / 1.0; }, "", sample},
      {"times minus one", "x · (−1)", [] { return x() * -1.0; }, "neg", {2, 0.5, -0.25, -3}},
      {"times minus one", "(−1) · x", [] { return -1.0 * x(); }, "neg", {2, 0.5, -0.25, -3}},
      {"times minus one", "x / (−1)", [] { return x() / -1.0; }, "neg", {2, 0.5, -0.25, -3}},
      {"minus zero", "x − 0", [] { return x() - 0.0; }, "", sample},
      {"double negation", "−(−x)", [] { return -(-x()); }, "", sample},
      {"signs of terms", "x + (−y)", [] { return x() + (-y()); }, "sub", {-7, -7.5, 11.25, -10}},
      {"signs of terms", "(−y) + x", [] { return (-y()) + x(); }, "sub", {-7, -7.5, 11.25, -10}},
      {"signs of terms", "x − (−y)", [] { return x() - (-y()); }, "add", {3, 6.5, -10.75, 16}},
      {"signs of factors", "(−x) (−y)", [] { return (-x()) * (-y()); }, "mul", {-10, -3.5, -2.75, 39}},
      {"signs of factors", "(−y) / (−x)", [] { return (-y()) / (-x()); }, "div", {-2.5, -14, -44, 13.0 / 3}},
      {"same branches", "c ? x : x",
       [] {
         const Tensor same = x();
         return xg::where(condition(), same, same);
       },
       "", sample},
      {"log of sigmoid", "log σ(x)", [] { return xg::log(xg::sigmoid(x())); }, "log_sigmoid",
       mapped([](double t) { return -std::log1p(std::exp(-t)); })},
      {"log of one minus sigmoid", "log(1 − σ(x))", [] { return xg::log(1.0 - xg::sigmoid(x())); }, "neg log_sigmoid",
       mapped([](double t) { return -std::log1p(std::exp(t)); })},
      {"log of softmax",
       "along rows",
       [] {
         return xg::log(xg::softmax(doubles({{0, 0}, {0, std::log(3)}}), 1));
       },
       "log_softmax",
       {std::log(0.5), std::log(0.5), std::log(0.25), std::log(0.75)}},
      {"log of softmax",
       "along columns",
       [] {
         return xg::log(xg::softmax(doubles({{0, 0}, {0, std::log(3)}}), 0));
       },
       "log_softmax",
       {std::log(0.5), std::log(0.25), std::log(0.5), std::log(0.75)}},
      {"log of a sum of exponentials",
       "of all",
       [] { return xg::log(xg::sum(xg::exp(xg::log(matrix())))); },
       "log logsumexp",
       {std::log(21)}},
      {"log of a sum of exponentials",
       "along rows, axis kept",
       [] { return xg::log(xg::sum(xg::exp(xg::log(matrix())), 1, true)); },
       "log logsumexp",
       {std::log(6), std::log(15)}},
      {"log of a sum of exponentials",
       "along columns",
       [] { return xg::log(xg::sum(xg::exp(xg::log(matrix())), 0)); },
       "log logsumexp",
       {std::log(5), std::log(7), std::log(9)}},
      {"log of one plus",
       "log(1 + x)",
       [] {
         return xg::log(1.0 + doubles({1, 3}));
       },
       "log1p",
       {std::log(2), std::log(4)}},
      {"log of one plus",
       "log(x + 1)",
       [] {
         return xg::log(doubles({1, 3}) + 1.0);
       },
       "log1p",
       {std::log(2), std::log(4)}},
      {"exponential minus one", "e^x − 1", [] { return xg::exp(x()) - 1.0; }, "expm1",
       mapped([](double t) { return std::exp(t) - 1; })},
      {"permuted twice",
       "(xᵀ)ᵀ",
       [] {
         return xg::permute(xg::permute(matrix(), {1, 0}), {1, 0});
       },
       "",
       {1, 2, 3, 4, 5, 6}},
      {"permuted twice",
       "a cycle and a cycle are the cycle back",
       [] {
         return xg::permute(xg::permute(xg::reshape(matrix(), {1, 2, 3}).eval(), {1, 2, 0}), {1, 2, 0});
       },
       "permute",
       {1, 4, 2, 5, 3, 6}},
      {"reshaped twice",
       "to another shape",
       [] {
         return xg::reshape(xg::reshape(matrix(), {6}), {3, 2});
       },
       "reshape",
       {1, 2, 3, 4, 5, 6}},
      {"reshaped twice",
       "there and back",
       [] {
         return xg::reshape(xg::reshape(matrix(), {6}), {2, 3});
       },
       "",
       {1, 2, 3, 4, 5, 6}},
      {"broadcast twice",
       "a number to a row to a matrix",
       [] {
         return xg::broadcast_to(xg::broadcast_to(doubles(8), {2}), {2, 2});
       },
       "broadcast_to",
       {8, 8, 8, 8}},
      {"broadcast operand",
       "a row beside a matrix",
       [] {
         return matrix() + xg::broadcast_to(doubles({10, 20, 30}), {2, 3});
       },
       "add",
       {11, 22, 33, 14, 25, 36}},
      {"broadcast operand",
       "a column before a matrix",
       [] {
         return xg::broadcast_to(doubles({{10}, {20}}), {2, 3}) - matrix();
       },
       "sub",
       {9, 8, 7, 16, 15, 14}},
      {"sum of a broadcast",
       "a row, down the columns",
       [] {
         return xg::sum(xg::broadcast_to(doubles({1, 2, 3}), {4, 3}), 0);
       },
       "mul",
       {4, 8, 12}},
      {"sum of a broadcast",
       "a column, along the rows, axis kept",
       [] {
         return xg::sum(xg::broadcast_to(doubles({{1}, {2}}), {2, 5}), 1, true);
       },
       "mul",
       {5, 10}},
      {"sum of a broadcast",
       "a number, over all",
       [] {
         return xg::sum(xg::broadcast_to(doubles(2.5), {2, 3}));
       },
       "mul",
       {15}},
      {"sum of one",
       "sum",
       [] {
         return xg::sum(doubles({{1}, {2}}), 1);
       },
       "reshape",
       {1, 2}},
      {"sum of one",
       "mean",
       [] {
         return xg::mean(doubles({{1, 2}}), 0);
       },
       "reshape",
       {1, 2}},
      {"transposed operand",
       "at the left",
       [] {
         return raw_product(xg::transpose(matrix()), doubles({{1}, {10}}));
       },
       "matmul",
       {41, 52, 63}},
      {"transposed operand",
       "at the right",
       [] {
         return raw_product(doubles({{1, 10, 100}}), xg::transpose(matrix()));
       },
       "matmul",
       {321, 654}},
      {"transposed operand",
       "of a batch",
       [] {
         return raw_product(xg::permute(doubles({{{1, 2}}, {{3, 4}}}), {0, 2, 1}), doubles({{{10}}, {{100}}}));
       },
       "matmul",
       {10, 20, 300, 400}},
      {"constant folding",
       "sin(1)",
       [] {
         return xg::sin(doubles({1, 2}));
       },
       "",
       {std::sin(1), std::sin(2)},
       true},
      {"powers of two", "s (2 x)", [] { return doubles(3) * (2.0 * x()); }, "mul mul", {-12, -3, 1.5, 18}},
      {"powers of two", "(x · ½) s", [] { return (x() * 0.5) * doubles(3); }, "mul mul", {-3, -0.75, 0.375, 4.5}},
  };
}

std::vector<NearMiss> near_misses() {
  return {
      {"no operation", "a cast to another dtype", [] { return xg::cast(x(), xg::float32); }},
      {"times one", "1 / x", [] { return 1.0 / x(); }},
      {"times one", "a number next to 1", [] { return x() * std::nextafter(1.0, 2.0); }},
      {"times one", "an array of ones",
       [] {
         return x() * doubles({1, 1, 1, 1});
       }},
      {"times one", "int64", [] { return xg::tensor({5}, xg::int64) * xg::scalar(1, xg::int64); }},
      {"times one", "a parameter that holds 1", [] { return x() * xg::Parameter{doubles(1)}.value(); }},
      {"times one", "a variable that holds 1", [] { return x() * xg::variable(doubles(1)); }},
      {"times one", "a user's operation called mul",
       [] {
         return xg::apply(std::make_shared<xg::test::FalseProduct>(7), {x(), doubles(1)});
       }},
      {"times minus one", "−1 / x", [] { return -1.0 / x(); }},
      {"times minus one", "int64", [] { return xg::tensor({5}, xg::int64) * xg::scalar(-1, xg::int64); }},
      {"minus zero", "x + 0", [] { return x() + 0.0; }},
      {"minus zero", "x − (−0)", [] { return x() - -0.0; }},
      {"minus zero", "0 − x", [] { return 0.0 - x(); }},
      {"minus zero", "int64", [] { return xg::tensor({5}, xg::int64) - xg::scalar(0, xg::int64); }},
      {"double negation", "the inner one has its value", [] { return -evaluated(-x()); }},
      {"double negation", "of another operation", [] { return -xg::abs(x()); }},
      {"signs of terms", "(−x) − y", [] { return (-x()) - y(); }},
      {"signs of terms", "the negative has its value", [] { return x() + evaluated(-y()); }},
      {"signs of factors", "(−x) y", [] { return (-x()) * y(); }},
      {"signs of factors", "(−x) + (−y)", [] { return (-x()) + (-y()); }},
      {"same branches", "c ? x : y", [] { return xg::where(condition(), x(), y()); }},
      {"same branches", "equal values in two tensors", [] { return xg::where(condition(), x(), x()); }},
      {"same branches", "a number where the condition gives the shape",
       [] {
         const Tensor same = doubles(2);
         return xg::where(condition(), same, same);
       }},
      {"log of sigmoid", "log tanh", [] { return xg::log(xg::tanh(x())); }},
      {"log of sigmoid", "σ has its value", [] { return xg::log(evaluated(xg::sigmoid(x()))); }},
      {"log of one minus sigmoid", "2 − σ", [] { return xg::log(2.0 - xg::sigmoid(x())); }},
      {"log of one minus sigmoid", "σ − 1", [] { return xg::log(xg::sigmoid(x()) - 1.0); }},
      {"log of one minus sigmoid", "1 − tanh", [] { return xg::log(1.0 - xg::tanh(x())); }},
      {"log of softmax", "log of a product with softmax", [] { return xg::log(2.0 * xg::softmax(x())); }},
      {"log of a sum of exponentials", "over the first and the last axis",
       [] {
         return xg::log(xg::sum(xg::exp(xg::ones({2, 3, 4}, xg::float64)), {0, 2}));
       }},
      {"log of a sum of exponentials", "a mean", [] { return xg::log(xg::mean(xg::exp(x()))); }},
      {"log of a sum of exponentials", "of squares", [] { return xg::log(xg::sum(xg::square(x()))); }},
      {"log of one plus", "log(2 + x)", [] { return xg::log(2.0 + x()); }},
      {"log of one plus", "log(1 − x)", [] { return xg::log(1.0 - x()); }},
      {"log of one plus", "an array of ones",
       [] {
         return xg::log(doubles({1, 1, 1, 1}) + y());
       }},
      {"exponential minus one", "e^x − 2", [] { return xg::exp(x()) - 2.0; }},
      {"exponential minus one", "1 − e^x", [] { return 1.0 - xg::exp(x()); }},
      {"permuted twice", "with a reshape between",
       [] {
         return xg::permute(xg::reshape(xg::permute(matrix(), {1, 0}), {2, 3}), {1, 0});
       }},
      {"reshaped twice", "with a transpose between",
       [] {
         return xg::reshape(xg::transpose(xg::reshape(matrix(), {3, 2})), {6});
       }},
      {"broadcast twice", "with an operation between",
       [] {
         return xg::broadcast_to(xg::sin(xg::broadcast_to(doubles(8), {2})), {2, 2});
       }},
      {"broadcast operand", "no other operand has the shape",
       [] {
         return xg::broadcast_to(doubles({1, 2, 3}), {2, 3}) + doubles({{1}, {2}});
       }},
      {"broadcast operand", "two broadcasts",
       [] { return xg::broadcast_to(doubles(1), {2}) + evaluated(xg::broadcast_to(doubles(1), {1})); }},
      {"sum of a broadcast", "over an axis that the source has",
       [] {
         return xg::sum(xg::broadcast_to(doubles({1, 2, 3}), {4, 3}), 1);
       }},
      {"sum of a broadcast", "over a part of what was broadcast",
       [] {
         return xg::sum(xg::broadcast_to(doubles(2), {4, 3}), 0);
       }},
      {"sum of a broadcast", "int64", [] { return xg::sum(xg::broadcast_to(xg::tensor({1}, xg::int64), {4}), 0); }},
      {"sum of a broadcast", "of nothing", [] { return xg::sum(xg::broadcast_to(doubles(infinity), {0})); }},
      {"sum of one", "over a longer axis",
       [] {
         return xg::sum(doubles({{1}, {2}}), 0);
       }},
      {"sum of one", "of nothing",
       [] {
         return xg::sum(xg::zeros({0, 1}, xg::float64), 1);
       }},
      {"transposed operand", "another permutation",
       [] {
         return raw_product(xg::permute(xg::ones({2, 2, 2}, xg::float64), {1, 0, 2}), xg::ones({2, 2, 2}, xg::float64));
       }},
      {"transposed operand", "the transpose has its value",
       [] {
         return raw_product(evaluated(xg::transpose(matrix())), doubles({{1}, {10}}));
       }},
      {"constant folding", "leaves that may differ from run to run",
       [] {
         return xg::sin(doubles({1, 2}));
       },
       false},
      {"constant folding", "a large result", [] { return xg::sin(xg::zeros({4097}, xg::float64)); }, true},
      {"constant folding", "of what is pending", [] { return xg::sin(xg::cos(x())); }, true},
      {"powers of two", "s (3 x)", [] { return doubles(5) * (3.0 * x()); }},
      {"powers of two", "s (2 x) with an array s", [] { return y() * (2.0 * x()); }},
      {"powers of two", "2 (2 x)", [] { return 2.0 * (2.0 * x()); }},
      {"powers of two", "s (2 t) of numbers", [] { return doubles(3) * (2.0 * doubles(5)); }},
  };
}

const xg::planning::Rule& rule_called(const std::string& name) {
  const auto rules = xg::planning::all_rules();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const auto& rule) { return rule.name == name; });
  REQUIRE_MESSAGE(found != rules.end(), "no rule is called " << name);
  return *found;
}

// What the rule replaces the node by; undefined if it doesn't.
Tensor applied(const std::string& rule, const Tensor& tensor, bool constants_fixed) {
  const Tensor result = rule_called(rule).apply(*tensor.node(), Facts{.constants_fixed = constants_fixed});
  const bool fits = result.defined() && result.shape() == tensor.shape() && result.dtype() == tensor.dtype();
  return fits ? result : Tensor{};
}

std::string operations_of(const Tensor& tensor) {
  std::string text;
  for (const xg::NodeInfo& node : xg::nodes(tensor)) {
    if (node.operation != "leaf") {
      text += (text.empty() ? "" : " ") + node.operation;
    }
  }
  return text;
}

void check_values(const Tensor& tensor, const Doubles& expected, double tolerance) {
  const Doubles found = tensor.to_vector<double>();
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CAPTURE(found[i]);
    CAPTURE(expected[i]);
    CHECK(std::abs(found[i] - expected[i]) <= tolerance * std::abs(expected[i]));
  }
}

}  // namespace

TEST_CASE("simplify: a rule gives the better form, and its value") {
  for (const Applies& c : applies()) {
    CAPTURE(c.rule);
    CAPTURE(c.title);
    const Tensor expression = c.expression();
    const Tensor result = applied(c.rule, expression, c.constants_fixed);
    REQUIRE(result.defined());
    CHECK(operations_of(result) == c.operations);
    CHECK_FALSE(expression.evaluated());
    const xg::PlanScope plain{{.simplify = false, .fuse = false}};
    check_values(result, c.value, 4e-16);
  }
}

TEST_CASE("simplify: a rule leaves alone what only looks like its form") {
  for (const NearMiss& c : near_misses()) {
    CAPTURE(c.rule);
    CAPTURE(c.title);
    CHECK_FALSE(applied(c.rule, c.expression(), c.constants_fixed).defined());
  }
}

TEST_CASE("simplify: expressions, and those that look alike, have their values with all rules together") {
  for (const Applies& c : applies()) {
    CAPTURE(c.rule);
    CAPTURE(c.title);
    check_values(c.expression(), c.value, 1e-15);
  }
  for (const NearMiss& c : near_misses()) {
    CAPTURE(c.rule);
    CAPTURE(c.title);
    const auto values_with = [&](const xg::PlanOptions& options) {
      const xg::PlanScope scope{options};
      return xg::to_string(c.expression());
    };
    CHECK(values_with({}) == values_with({.simplify = false, .fuse = false}));
  }
}

TEST_CASE("simplify: every rule has a case where it applies and one where it doesn't") {
  std::set<std::string> with_case;
  std::set<std::string> with_near_miss;
  for (const Applies& c : applies()) {
    with_case.insert(c.rule);
  }
  for (const NearMiss& c : near_misses()) {
    with_near_miss.insert(c.rule);
  }
  for (const auto& rule : xg::planning::all_rules()) {
    CAPTURE(rule.name);
    CHECK(with_case.contains(std::string{rule.name}));
    CHECK(with_near_miss.contains(std::string{rule.name}));
  }
  CHECK(with_case.size() == xg::planning::all_rules().size());
}

TEST_CASE("simplify: the better forms are right where the naive ones overflow, underflow or cancel") {
  struct Extreme {
    std::string title;
    std::function<Tensor(xg::DType)> expression;
    Doubles exact;
  };
  const auto at = [](const xg::NestedList& values) {
    return [values](xg::DType dtype) { return xg::tensor(values, dtype); };
  };
  const auto of = [](auto argument, auto f) { return [=](xg::DType dtype) { return f(argument(dtype)); }; };
  const double log2 = std::log(2.0);
  const std::vector<Extreme> extremes{
      {"log σ(x)",
       of(at({-1000, 1}), [](const Tensor& t) { return xg::log(xg::sigmoid(t)); }),
       {-1000, -std::log1p(std::exp(-1.0))}},
      {"log(1 − σ(x))",
       of(at({1000, -1}), [](const Tensor& t) { return xg::log(1.0 - xg::sigmoid(t)); }),
       {-1000, -std::log1p(std::exp(-1.0))}},
      {"log softmax(x)", of(at({0, -1000}), [](const Tensor& t) { return xg::log(xg::softmax(t)); }), {0, -1000}},
      {"log Σ e^x", of(at({1000, 1000}), [](const Tensor& t) { return xg::log(xg::sum(xg::exp(t))); }), {1000 + log2}},
      {"log Σ e^x of small",
       of(at({-1000, -1000}), [](const Tensor& t) { return xg::log(xg::sum(xg::exp(t))); }),
       {-1000 + log2}},
      {"log(1 + x)", of(at({0x1p-60}), [](const Tensor& t) { return xg::log(1.0 + t); }), {0x1p-60}},
      {"e^x − 1", of(at({0x1p-60}), [](const Tensor& t) { return xg::exp(t) - 1.0; }), {0x1p-60}},
  };
  for (const xg::DType dtype : {xg::float64, xg::float32}) {
    const double tolerance = dtype == xg::float64 ? 4e-16 : 2e-7;
    for (const Extreme& extreme : extremes) {
      CAPTURE(extreme.title);
      CAPTURE(xg::to_string(dtype));
      const auto wrong_with = [&](const xg::PlanOptions& options) {
        const xg::PlanScope scope{options};
        const Doubles found = xg::cast(extreme.expression(dtype).eval(), xg::float64).to_vector<double>();
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < extreme.exact.size(); ++i) {
          wrong += std::abs(found[i] - extreme.exact[i]) <= tolerance * std::abs(extreme.exact[i]) ? 0U : 1U;
        }
        return wrong;
      };
      CHECK(wrong_with({.simplify = false, .fuse = false}) > 0);
      CHECK(wrong_with({.simplify = true, .fuse = false}) == 0);
      CHECK(wrong_with({.simplify = true, .fuse = true}) == 0);
    }
  }
}

TEST_CASE("simplify: the sign of zero is that of the expression as it was written") {
  const Tensor zero = doubles({-0.0});
  CHECK_FALSE(std::signbit((zero + 0.0).item()));
  CHECK_FALSE(std::signbit((zero - -0.0).item()));
  CHECK(std::signbit((zero - 0.0).item()));
  CHECK(std::signbit((zero * 1.0).item()));
  CHECK_FALSE(std::signbit((zero * -1.0).item()));
  CHECK(std::signbit((-(-zero)).item()));
}

TEST_CASE("simplify: a sum of no broadcast elements is 0, whatever the element is") {
  for (const double element : {infinity, std::numeric_limits<double>::quiet_NaN(), 3.0}) {
    CHECK(xg::sum(xg::broadcast_to(doubles(element), {0})).item() == 0);
    const Tensor columns = xg::sum(xg::broadcast_to(doubles({element, element}), {0, 2}), 0);
    CHECK(columns.to_vector<double>() == Doubles{0, 0});
  }
}
