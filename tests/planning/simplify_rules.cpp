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

#include "planning/simplify.hpp"
#include "support/doubles.hpp"
#include "support/rule_cases.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::planning::Facts;
using xg::test::Applies;
using xg::test::applies;
using xg::test::near_misses;
using xg::test::NearMiss;
using Doubles = std::vector<double>;
using xgrad::test::doubles;

namespace {

const double infinity = std::numeric_limits<double>::infinity();

const xg::planning::Rule& rule_called(const std::string& name) {
  const auto rules = xg::planning::all_rules();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const auto& rule) { return rule.name == name; });
  REQUIRE_MESSAGE(found != rules.end(), "no rule is called " << name);
  return *found;
}

// What the rule replaces the node by; undefined if it doesn't.
Tensor applied(const std::string& rule, const Tensor& tensor, bool constants_fixed) {
  const Tensor result =
      rule_called(rule).apply(*tensor.node(), Facts{.constants_fixed = constants_fixed, .only_run = true});
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

TEST_CASE("simplify: a graph that isn't only run keeps its operations that have derivatives") {
  for (const Applies& c : applies()) {
    if (c.rule == "adjoint of a normalisation" || c.rule == "sum of products") {
      CHECK_FALSE(rule_called(c.rule).apply(*c.expression().node(), Facts{}).defined());
    }
  }
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
      CHECK(wrong_with({.simplify = false, .fuse = false}) == 0);
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
