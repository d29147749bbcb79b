// Where a comparison can't tell, it says so and why: saturation, kinks, what isn't used, zero or finite.
#include <cmath>
#include <doctest/doctest.h>
#include <string>
#include <vector>
#include <xgrad/check.hpp>
#include <xgrad/creation.hpp>
#include <xgrad/linalg.hpp>
#include <xgrad/manipulate.hpp>
#include <xgrad/math.hpp>
#include <xgrad/random.hpp>
#include <xgrad/reduce.hpp>

#include "support/compared_network.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::check::compare;
using xg::check::Report;
using xg::check::Verdict;
using xgrad::test::check_one;
using Case = xgrad::test::ComparedNetwork;
using Values = std::vector<double>;

TEST_CASE("compare: saturated neurons are inconclusive, never right") {
  for (const double z : {-800.0, 60.0, 45.0}) {
    CAPTURE(z);
    const xg::Parameter W{xg::tensor({{z}}, xg::float64), "W1"};
    const xg::Parameter b{xg::tensor({0}, xg::float64), "b1"};
    const xg::Tensor x = xg::tensor({1}, xg::float64);
    const xg::Tensor y = xg::tensor({0.5}, xg::float64);
    const auto loss = [&] { return 0.5 * xg::sum(xg::square(xg::sigmoid(xg::matmul(W, x) + b) - y)); };
    const std::vector<xg::Tensor> weights{W};
    const std::vector<xg::Tensor> biases{b};
    const auto g = xg::check::document_gradients(weights, biases, x, y);
    const Report report =
        compare(loss, {{"W1", W}, {"b1", b}}, {.manual = {g.dW[0], g.db[0]}, .numeric = {.step = 0.1}});
    CAPTURE(report.text());
    CHECK(report.verdict() == Verdict::inconclusive);
    CHECK(report.parameters[0].verdict == Verdict::inconclusive);
    CHECK(report.parameters[1].verdict == Verdict::inconclusive);
    CHECK_FALSE(report.parameters[0].reason.empty());
  }
}

TEST_CASE("compare: a saturated network in float32 is inconclusive at the noise floor") {
  const Case net{{4, 5, 2}, 3, 8, 40, xg::float32};
  const Report report = compare(net.loss(), net.parameters(), {.manual = net.manual()});
  CAPTURE(report.text());
  CHECK(report.parameters[0].verdict == Verdict::inconclusive);
  for (const auto& p : report.parameters) {
    CHECK(p.verdict != Verdict::wrong);
  }
}

TEST_CASE("compare: at a kink both one-sided derivatives are inconclusive, and others wrong") {
  const xg::Parameter p{xg::tensor({0, 0.5, -0.5}, xg::float64), "p"};
  const auto loss = [&] { return xg::sum(xg::relu(p) * 3); };
  const auto with = [&](double at_kink) {
    return check_one(loss, p, {.manual = {xg::tensor({at_kink, 3, 0}, xg::float64)}});
  };
  for (const double value : {0.0, 1.5, 3.0}) {
    CAPTURE(value);
    const auto report = with(value);
    CAPTURE(report.reason);
    CHECK(report.verdict == Verdict::inconclusive);
    CHECK(contains(report.reason, "kink"));
    CHECK(report.index == std::vector<std::int64_t>{0});
  }
  CHECK(with(3.1).verdict == Verdict::wrong);
  CHECK(with(-0.1).verdict == Verdict::wrong);
  // The kink at (0,) explains one deviation, but not the other.
  const auto both = check_one(loss, p, {.manual = {xg::tensor({3, 2, 0}, xg::float64)}});
  CHECK(both.verdict == Verdict::wrong);
  CHECK(both.index == std::vector<std::int64_t>{1});
  CHECK(contains(both.reason, "manual 2 and automatic 3 differ at (1,)"));
  CHECK(check_one(loss, p).verdict == Verdict::inconclusive);

  const xg::Parameter magnitude{xg::scalar(0, xg::float64), "magnitude"};
  CHECK(check_one([&] { return xg::abs(magnitude) + 1.0; }, magnitude).verdict == Verdict::inconclusive);
}

TEST_CASE("compare: kinks excuse no entry that wasn't looked at, however few entries are sampled") {
  const xg::Parameter p{xg::tensor({0, 0, 0.5, -0.5, 1.5}, xg::float64), "p"};
  const auto loss = [&] { return xg::sum(xg::relu(p) * 3); };
  for (const std::int64_t entries : {0, 1, 2, 3, 256}) {
    CAPTURE(entries);
    const auto with = [&](double beside) {
      return check_one(loss, p,
                       {.manual = {xg::tensor({3, 3, beside, 0, 3}, xg::float64)},
                        .numeric = {.max_entries = entries, .directions = 2}});
    };
    CHECK(with(3).manual_automatic.verdict == Verdict::inconclusive);
    const auto report = with(2.5);
    CHECK(report.verdict == Verdict::wrong);
    CHECK(report.index == std::vector<std::int64_t>{2});
  }
}

TEST_CASE("compare: of very many entries at kinks some are looked at, and the reason says how many") {
  constexpr std::int64_t size = 1000;
  const auto with = [&](std::int64_t beside_kinks) {
    Values at(size, 0.0);
    Values manual(size, 3.0);
    for (std::size_t i = 0; i < static_cast<std::size_t>(beside_kinks); ++i) {
      at[2 * i] = 1;
      manual[2 * i] = 2.9;  // less far off than the others
    }
    const xg::Parameter p{xg::from_vector(at, {size}), "p"};
    return check_one([&] { return xg::sum(xg::relu(p) * 3); }, p,
                     {.manual = {xg::from_vector(manual, {size})}, .numeric = {.max_entries = 4, .directions = 0}});
  };
  const auto kinks = with(0);
  CHECK(kinks.manual_automatic.verdict == Verdict::inconclusive);
  CHECK(contains(kinks.manual_automatic.reason, "differ at 1000 entries"));
  CHECK(contains(kinks.manual_automatic.reason, "at the 64 of them that were looked at"));
  const auto wrong = with(100);
  CHECK(wrong.verdict == Verdict::wrong);
  CHECK(contains(wrong.reason, "manual 2.9 and automatic 3 differ"));
}

TEST_CASE("compare: beside a kink relu is right") {
  const xg::Parameter p{xg::tensor({1e-3, -1e-3, 0.1, 1e-5}, xg::float64), "p"};
  const auto loss = [&] { return xg::sum(xg::square(xg::relu(p) * 3 + 1)); };
  const auto report = check_one(loss, p);
  CAPTURE(report.reason);
  CHECK(report.verdict == Verdict::right);
}

TEST_CASE("compare: a parameter that the loss doesn't use is inconclusive") {
  const xg::Parameter used{xg::tensor({0.3, 1.2}, xg::float64), "used"};
  const xg::Parameter unused{xg::tensor({0.3, 1.2}, xg::float64), "unused"};
  const auto loss = [&] { return xg::sum(xg::sin(used)); };
  const Report report = compare(loss, {{"used", used}, {"unused", unused}});
  CHECK(report.parameters[0].verdict == Verdict::right);
  CHECK(report.parameters[1].verdict == Verdict::inconclusive);
  CHECK(contains(report.parameters[1].reason, "not exercised"));
  CHECK(report.verdict() == Verdict::inconclusive);

  const auto zero = xg::zeros({2}, xg::float64);
  const auto ones = xg::ones({2}, xg::float64);
  CHECK(check_one(loss, unused, {.manual = {zero}}).verdict == Verdict::inconclusive);
  CHECK(check_one(loss, unused, {.manual = {ones}}).verdict == Verdict::wrong);
}

TEST_CASE("compare: a gradient that is zero everywhere is inconclusive, unless the manual one isn't") {
  const xg::Parameter p{xg::tensor({-1, -2}, xg::float64), "p"};
  const auto loss = [&] { return xg::sum(xg::relu(p)) + 1.0; };
  const auto report = check_one(loss, p);
  CHECK(report.verdict == Verdict::inconclusive);
  CHECK(contains(report.reason, "zero everywhere"));
  CHECK(check_one(loss, p, {.manual = {xg::zeros({2}, xg::float64)}}).verdict == Verdict::inconclusive);
  CHECK(check_one(loss, p, {.manual = {xg::tensor({0, 1e-3}, xg::float64)}}).verdict == Verdict::wrong);
}

TEST_CASE("compare: never right when no entry was checked") {
  const xg::Parameter p{xg::tensor({0.3, 1.2}, xg::float64), "p"};
  const auto loss = [&] { return xg::sum(xg::sin(p)); };
  const Values exact{std::cos(0.3), std::cos(1.2)};
  const auto report =
      check_one(loss, p, {.manual = {xg::from_vector(exact, {2})}, .numeric = {.max_entries = 0, .directions = 0}});
  CHECK(report.checked == 0);
  CHECK(report.manual_automatic.verdict == Verdict::right);
  CHECK(report.verdict == Verdict::inconclusive);
  CHECK(contains(report.reason, "no entry was checked"));

  const xg::Parameter empty{xg::zeros({0}, xg::float64), "empty"};
  CHECK(check_one([&] { return xg::sum(empty) + 1.0; }, empty).verdict == Verdict::inconclusive);
  CHECK(Report{}.verdict() == Verdict::inconclusive);
}

TEST_CASE("compare: numbers that aren't finite have a reason") {
  const xg::Parameter p{xg::scalar(0, xg::float64), "p"};
  // √x at 0: the derivative is infinite, and the loss has no value on the left.
  const auto edge = check_one([&] { return xg::sqrt(p); }, p);
  CHECK(edge.verdict == Verdict::inconclusive);
  CHECK_FALSE(edge.reason.empty());
  // √(x⁴) = x² is smooth with derivative 0 at 0. The chain rule says 0 too, but for a product of matrices: 0 · ∞.
  const auto right = check_one([&] { return xg::sqrt(xg::square(xg::square(p))) + 1.0; }, p);
  CHECK(right.verdict != Verdict::wrong);
  const auto smooth = check_one(
      [&] {
        const xg::Tensor square = xg::reshape(p * p, {1, 1});
        return xg::sum(xg::sqrt(xg::matmul(square, square))) + 1.0;
      },
      p);
  CHECK(smooth.verdict == Verdict::wrong);
  CHECK(contains(smooth.reason, "nan"));
  // A loss that isn't finite.
  const Report broken = compare([&] { return xg::log(p - 1.0); }, {{"p", p}});
  CHECK(broken.verdict() == Verdict::inconclusive);
  CHECK(contains(broken.parameters[0].reason, "the loss is"));
  CHECK(broken.parameters[0].checked == 0);
}

TEST_CASE("compare: a loss that isn't the same twice is inconclusive") {
  int calls = 0;
  const xg::Parameter p{xg::tensor({0.3, 1.2}, xg::float64), "p"};
  const auto loss = [&] { return xg::sum(xg::sin(p) * static_cast<double>(++calls)); };
  const auto report = check_one(loss, p);
  CHECK(report.verdict == Verdict::inconclusive);
  CHECK(contains(report.reason, "the loss isn't the same twice"));
}
