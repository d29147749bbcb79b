// Wrong gradients that the checks of other libraries accept: none may be called right.
#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::check::Report;
using xg::check::Verdict;

namespace {

struct Sigmoid {
  xg::Parameter W;
  Tensor x;
  Tensor y;

  explicit Sigmoid(double scale) {
    xg::Random random{3};
    W = xg::Parameter{random.normal({3, 4}, 0, scale, xg::float64), "W"};
    x = random.normal({4}, 0, 1, xg::float64).eval();
    y = random.uniform({3}, 0, 1, xg::float64).eval();
  }
  [[nodiscard]] Tensor loss() const { return 0.5 * xg::sum(xg::square(xg::sigmoid(xg::matmul(W, x)) - y)); }
  [[nodiscard]] Tensor gradient() const {
    const Tensor a = xg::sigmoid(xg::matmul(W, x));
    return xg::outer((a - y) * a * (1.0 - a), x).eval();
  }
  [[nodiscard]] Report compare(const Tensor& manual) const {
    return xg::check::compare([this] { return loss(); }, {{"W", W}}, {.manual = {manual}});
  }
};

}  // namespace

TEST_CASE("let through elsewhere: a factor of 1.0009") {
  const Sigmoid s{1};
  CHECK(s.compare(s.gradient()).verdict() == Verdict::right);
  const Report report = s.compare((1.0009 * s.gradient()).eval());
  CHECK(report.verdict() == Verdict::wrong);
  CHECK(report.parameters[0].diagnosis.find("a factor 1.0009 too much") != std::string::npos);
}

TEST_CASE("let through elsewhere: the sign flipped where gradients are about 4e-6") {
  xg::Random random{4};
  const xg::Parameter w{random.normal({5}, 0, 1, xg::float64), "w"};
  const Tensor v = (random.uniform({5}, 0.5, 1, xg::float64) * 4e-6).eval();
  const auto loss = [&] { return xg::sum(v * w.value()); };
  CHECK(xg::check::compare(loss, {{"w", w}}, {.manual = {v}}).verdict() == Verdict::right);
  CHECK(xg::check::compare(loss, {{"w", w}}, {.manual = {(-v).eval()}}).verdict() == Verdict::wrong);
  // One small entry among large ones.
  const Tensor mixed = xg::tensor({1, -2, 3, 4e-6, 5}, xg::float64);
  const Tensor flipped = xg::tensor({1, -2, 3, -4e-6, 5}, xg::float64);
  const auto other = [&] { return xg::sum(mixed * w.value()); };
  CHECK(xg::check::compare(other, {{"w", w}}, {.manual = {mixed}}).verdict() == Verdict::right);
  CHECK(xg::check::compare(other, {{"w", w}}, {.manual = {flipped}}).verdict() == Verdict::wrong);
}

TEST_CASE("let through elsewhere: a saturated sigmoid with a zero or a negated backward") {
  const Sigmoid saturated{60};
  for (const double factor : {0.0, -1.0}) {
    CAPTURE(factor);
    const Report report = saturated.compare((factor * saturated.gradient()).eval());
    CHECK(report.verdict() != Verdict::right);
  }
}

TEST_CASE("let through elsewhere: the branch that the inputs never take") {
  xg::Random random{5};
  const xg::Parameter w{random.uniform({6}, 1, 2, xg::float64), "w"};  // relu's other branch is never taken
  const auto loss = [&] { return xg::sum(xg::relu(-w.value())); };
  // Everything is zero here: nothing was exercised, whatever the manual gradient says.
  CHECK(xg::check::compare(loss, {{"w", w}}, {.manual = {xg::zeros({6}, xg::float64)}}).verdict() ==
        Verdict::inconclusive);
  CHECK(xg::check::compare(loss, {{"w", w}}, {.manual = {xg::ones({6}, xg::float64)}}).verdict() != Verdict::right);
}
