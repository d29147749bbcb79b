// Where a NaN or an infinity came from: each case plants one, and knows its operation, place and pass from that.
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/nonfinite_values.hpp"
#include "support/sanitizers.hpp"

namespace xg = xgrad;
using namespace xgrad::test;
using xg::check::NonFinite;
using xg::check::trace_nonfinite;
using Index = std::vector<std::int64_t>;
using Pass = NonFinite::Pass;

namespace {

/// What was planted: the operation, an element of its result, and its formula or, backward, that of the forward
/// operation which it belongs to the derivative of.
struct Planted {
  std::string what;
  std::string operation;
  Index index;
  double value = 0;
  std::string formula;
  std::function<xg::Tensor()> build;
};

NonFinite traced(const Planted& planted, Pass pass) {
  const xg::Tensor y = planted.build();
  const std::optional<NonFinite> found = trace_nonfinite(y);
  REQUIRE(found.has_value());
  CAPTURE(found->text());
  CHECK(found->pass == pass);
  CHECK(found->operation == planted.operation);
  CHECK(found->index == planted.index);
  CHECK(same(found->value, planted.value));
  CHECK(found->nonfinite > 0);
  CHECK((pass == Pass::forward ? found->formula : found->derivative_of) == planted.formula);
  // The same once the result has been read: what is behind it is computed again.
  if (y.has_history()) {
    y.eval();
    const std::optional<NonFinite> again = trace_nonfinite(y);
    REQUIRE(again.has_value());
    CHECK(again->text() == found->text());
  }
  return *found;
}

}  // namespace

TEST_CASE("trace_nonfinite: operations out of their domain, forward") {
  const xg::Tensor u = trained({{1, 2, 4}, {3, 0, 5}}, "u");
  const xg::Tensor v = trained({{1, 2, -4}, {3, 1, 5}}, "v");
  const std::vector<Planted> all{
      {"log of 0", "log", {1, 1}, -inf, "log(u)", [&] { return xg::sum(xg::log(u)); }},
      {"log of a negative number", "log", {0, 2}, not_a_number, "log(v)", [&] { return xg::mean(xg::log(v)); }},
      {"division by zero", "div", {1, 1}, inf, "3 / u", [&] { return xg::sum(3.0 / u); }},
      {"0 / 0", "div", {1, 1}, not_a_number, "u / u", [&] { return xg::sum(xg::tanh(u / u)); }},
      {"root of a negative number", "sqrt", {0, 2}, not_a_number, "√(v)", [&] { return xg::sum(xg::sqrt(v)); }},
      {"rsqrt of 0", "rsqrt", {1, 1}, inf, "rsqrt(u)", [&] { return xg::sum(xg::rsqrt(u)); }},
      {"log1p of -1", "log1p", {0, 0}, -inf, "log1p(−u)", [&] { return xg::sum(xg::log1p(-u)); }},
      {"(-4)^½", "pow", {0, 2}, not_a_number, "v ^ 0.5", [&] { return xg::sum(xg::pow(v, 0.5)); }},
      {"0^(-2)", "pow", {1, 1}, inf, "u ^ (-2)", [&] { return xg::sum(xg::pow(u, -2.0)); }},
  };
  for (const Planted& planted : all) {
    CAPTURE(planted.what);
    CHECK(contains(traced(planted, Pass::forward).text(), "because of " + planted.operation + ":"));
  }
}

TEST_CASE("trace_nonfinite: a product with a logarithm is named as in the index of operations") {
  const xg::Parameter y{xg::tensor({1, 1e308}, xg::float64), "y"};
  const xg::Parameter p{xg::tensor({0.5, 1e-10}, xg::float64), "p"};
  for (const bool as_product : {false, true}) {
    traced({"y log p",
            "xlogy",
            {1},
            -std::numeric_limits<double>::infinity(),
            "y ⊙ log(p)",
            [&] { return as_product ? y * xg::log(p) : xg::xlogy(y, p); }},
           Pass::forward);
  }
}

TEST_CASE("trace_nonfinite: overflow, forward") {
  const xg::Tensor t = trained({1, 88, 89, 100}, "t");
  const xg::Tensor s = trained({{1, 2}, {3e38, 3e38}, {-3e38, 3e38}}, "s");
  const xg::Tensor A = trained({{1, 2}, {1e20, 1}}, "A");
  const xg::Tensor B = named({{1, 1}, {1, 1}, {-1e20, 1}}, "B");
  const std::vector<Planted> all{
      {"exp in float32", "exp", {2}, inf, "exp(t)", [&] { return xg::sum(xg::exp(t)); }},
      {"exp in float64",
       "exp",
       {1},
       inf,
       "exp(d)",
       [] {
         return xg::sum(xg::exp(trained({709, 710}, "d", xg::float64)));
       }},
      {"a square", "square", {1, 0}, inf, "(s − 1)²", [&] { return xg::sum(xg::square(s - 1.0)); }},
      {"a sum of large numbers", "sum", {1}, inf, "Σ s", [&] { return xg::mean(xg::sum(s, -1)); }},
      {"a product",
       "mul",
       {1, 0},
       -inf,
       "s ⊙ (-2)",
       [&] { return xg::sum(xg::sigmoid(xg::exp(s * -2.0)) - s * -2.0); }},
      // Row 1 by column 2, in both products alike: their difference is NaN.
      {"a product of matrices",
       "matmul",
       {1, 2},
       -inf,
       "A Bᵀ",
       [&] { return xg::sum(xg::matmul(A, xg::transpose(B)) - xg::matmul(A, xg::transpose(B))); }},
      {"a batch of products",
       "matmul",
       {1, 1, 0},
       inf,
       "batch C",
       [] {
         const xg::Tensor batch = named({{{1, 0}, {0, 1}}, {{1, 0}, {3e20, 1}}}, "batch");
         return xg::sum(xg::matmul(batch, trained({{1e20, 0}, {0, 1}}, "C")));
       }},
      {"inf - inf is put down to the infinity",
       "exp",
       {2},
       inf,
       "exp(t)",
       [&] { return xg::sum(xg::exp(t) * 2.0 - xg::exp(t)); }},
      {"0 times inf likewise",
       "exp",
       {2},
       inf,
       "exp(t)",
       [&] {
         return xg::sum(xg::exp(t) * named({1, 1, 0, 0}, "mask"));
       }},
      {"0 log 0 in a matrix product",
       "log",
       {1},
       -inf,
       "log(p)",
       [] {
         const xg::Tensor p = trained({1, 0}, "p");
         return -xg::sum(xg::matmul(xg::reshape(p, {1, 2}), xg::reshape(xg::log(p), {2, 1})));
       }},
      {"softmax by hand",
       "exp",
       {1, 1},
       inf,
       "exp(z)",
       [] {
         const xg::Tensor e = xg::exp(trained({{1, 2}, {3, 90}}, "z"));
         return xg::mean(e / (xg::sum(e, -1, true) + 1.0));
       }},
  };
  for (const Planted& planted : all) {
    CAPTURE(planted.what);
    CHECK(contains(traced(planted, Pass::forward).text(), "because of " + planted.operation + ":"));
  }
}

TEST_CASE("trace_nonfinite: says where an infinity became NaN") {
  const xg::Tensor t = named({1, 100, 200}, "t");
  const xg::Tensor e = xg::exp(t);
  const auto difference = trace_nonfinite(xg::sum(e * 2.0 - e));
  REQUIRE(difference.has_value());
  REQUIRE(difference->turned_nan.has_value());
  CHECK(difference->turned_nan->operation == "sub");
  CHECK(difference->turned_nan->index == Index{1});
  const auto product = trace_nonfinite(xg::sum(e * named({1, 0, 0}, "mask")));
  REQUIRE(product.has_value());
  REQUIRE(product->turned_nan.has_value());
  CHECK(product->turned_nan->operation == "mul");
  CHECK(product->turned_nan->formula == "exp(t) ⊙ mask");
  CHECK(contains(product->text(), "became NaN in exp(t) ⊙ mask at (1,)"));
  CHECK_FALSE(trace_nonfinite(xg::sum(e))->turned_nan.has_value());
}

TEST_CASE("trace_nonfinite: leaves that aren't finite themselves") {
  const xg::Parameter W{xg::tensor({{1, 2}, {3, not_a_number}}), "W"};
  const xg::Tensor b = trained({1, 1}, "b");
  const std::vector<Planted> all{
      {"a NaN in the data",
       "leaf",
       {1, 0},
       not_a_number,
       "x",
       [&] {
         return xg::sum(xg::square(named({{1, 2}, {not_a_number, 3}}, "x") - b));
       }},
      {"a NaN in a parameter",
       "leaf",
       {1, 1},
       not_a_number,
       "W",
       [&] {
         return xg::sum(xg::tanh(xg::matmul(named({{1, 1}}, "x"), W)));
       }},
      {"an infinity in the data, picked by a slice",
       "leaf",
       {3},
       inf,
       "x",
       [&] {
         return xg::sum(xg::slice(named({1, -inf, 2, inf}, "x"), {2, 4}) * b);
       }},
  };
  for (const Planted& planted : all) {
    CAPTURE(planted.what);
    CHECK(contains(traced(planted, Pass::forward).text(), "because of a value that was given"));
  }
  const auto found = trace_nonfinite(named({0, inf}, "itself"));
  REQUIRE(found.has_value());
  CHECK(found->operation == "leaf");
  CHECK(found->name == "itself");
  CHECK(found->result == "itself");
  CHECK(found->index == Index{1});
  CHECK(found->operands.empty());
  CHECK_FALSE(found->history_gone);
}

TEST_CASE("trace_nonfinite: gradients of finite results, backward") {
  const xg::Tensor x = trained({4, 0, 1}, "x");
  const xg::Tensor t = trained({{-1, 2}, {-1, 3}}, "t");
  const std::vector<Planted> all{
      {"√ at 0", "chain_div", {1}, inf, "√(x)", [&] { return xg::sum(xg::sqrt(x)); }},
      {"1/s of a subnormal number",
       "chain_div",
       {1},
       inf,
       "log(s)",
       [] {
         return xg::sum(xg::log(trained({1, 1e-39}, "s")));
       }},
      {"1/b² beyond float32",
       "chain_div",
       {1, 0},
       -inf,
       "1 / b",
       [] {
         return xg::sum(1.0 / trained({{1}, {1e-20}}, "b"));
       }},
      {"0 to ½", "pow", {1}, inf, "x ^ 0.5", [&] { return xg::sum(xg::pow(x, 0.5)); }},
      {"1/√r cubed beyond float32",
       "mul",
       {1},
       inf,
       "rsqrt(r)",
       [] {
         return xg::sum(xg::rsqrt(trained({1, 1e-30}, "r")));
       }},
      {"factors beyond float32",
       "mul",
       {0, 0},
       inf,
       "a ⊙ 1e+20",
       [] {
         return xg::sum(xg::sin(trained({{0, 0}}, "a") * 1e20) * 1e20);
       }},
  };
  for (const Planted& planted : all) {
    CAPTURE(planted.what);
    CHECK(std::isfinite(planted.build().item()));
    const NonFinite found = traced(planted, Pass::backward);
    CHECK(contains(found.text(), "in the derivative of " + planted.formula));
    for (const xg::check::Operand& operand : found.operands) {
      REQUIRE(operand.element.has_value());
      CHECK(std::isfinite(*operand.element));
    }
  }
}

TEST_CASE("trace_nonfinite: what a branch that isn't taken would have given isn't met by the backward pass") {
  const xg::Tensor t = trained({1, 100}, "t");
  CHECK_FALSE(trace_nonfinite(xg::sum(xg::where(t < 10.0, xg::exp(t), 0.0))).has_value());
  const xg::Tensor u = trained({{1, 2}, {2, -1}}, "u");
  CHECK_FALSE(trace_nonfinite(xg::mean(xg::where(u > 0.0, xg::sqrt(u), u))).has_value());
  const xg::Tensor z = trained({0, 0}, "z");
  CHECK_FALSE(trace_nonfinite(xg::sqrt(xg::sum(xg::square(z)))).has_value());
  CHECK_FALSE(trace_nonfinite(xg::sqrt(xg::var(trained({3, 3, 3}, "c")))).has_value());
}

TEST_CASE(
    "trace_nonfinite: what the forward pass masks and a product of matrices doesn't is put down to the forward one") {
  const xg::Tensor t = trained({1, 100}, "t");
  const xg::Tensor row = xg::reshape(xg::exp(t), {1, 2});
  const xg::Tensor product = xg::reshape(xg::matmul(row, trained({{1}, {0}}, "W")), {});
  const auto overflow = trace_nonfinite(xg::where(product < 10.0, product, 0.0 * t.at({0})).named("loss"));
  REQUIRE(overflow.has_value());
  CHECK(overflow->pass == Pass::backward);
  CHECK(overflow->operation == "exp");
  CHECK(overflow->index == Index{1});
  CHECK(overflow->value == inf);
  CHECK(contains(overflow->text(), "masked in the forward pass"));
}
