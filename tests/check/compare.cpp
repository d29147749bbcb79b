#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <string>
#include <vector>
#include <xgrad/autodiff.hpp>
#include <xgrad/check.hpp>
#include <xgrad/creation.hpp>
#include <xgrad/error.hpp>
#include <xgrad/linalg.hpp>
#include <xgrad/manipulate.hpp>
#include <xgrad/math.hpp>
#include <xgrad/random.hpp>
#include <xgrad/reduce.hpp>

#include "support/compared_network.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::check::compare;
using xg::check::CompareOptions;
using xg::check::Report;
using xg::check::Verdict;
using xgrad::test::check_one;
using Case = xgrad::test::ComparedNetwork;
using Values = std::vector<double>;

namespace {

using Change = std::function<void(Values&, const xg::Shape&)>;

/// The manual gradients with those of parameter `which` changed.
std::vector<xg::Tensor> changed(std::vector<xg::Tensor> manual, std::size_t which, const Change& change) {
  const xg::Shape shape = manual[which].shape();
  if (manual[which].dtype() == xg::float64) {
    Values values = manual[which].to_vector<double>();
    change(values, shape);
    manual[which] = xg::from_vector(values, shape);
  } else {
    const auto single = manual[which].to_vector<float>();
    Values values{single.begin(), single.end()};
    change(values, shape);
    manual[which] = xg::from_vector(std::vector<float>(values.begin(), values.end()), shape);
  }
  return manual;
}

void scale_by(Values& values, double factor) {
  for (double& v : values) {
    v *= factor;
  }
}

}  // namespace

TEST_CASE("compare: the document's formulas are right, with all three columns filled") {
  for (const std::vector<std::int64_t>& sizes : {std::vector<std::int64_t>{2, 3, 1}, {5, 4, 3, 2}, {1, 1}}) {
    const Case net{sizes, 10, 17};
    const Report report = compare(net.loss(), net.parameters(), {.manual = net.manual(), .manual_source = "BP1–BP4"});
    CAPTURE(report.text());
    CHECK(report.verdict() == Verdict::right);
    CHECK(report.dtype == xg::float64);
    CHECK(report.loss == doctest::Approx(net.loss()().item()));
    REQUIRE(report.parameters.size() == 2 * (sizes.size() - 1));
    for (const auto& p : report.parameters) {
      CHECK(p.verdict == Verdict::right);
      CHECK(p.reason.empty());
      CHECK(p.checked == p.shape.size());
      CHECK(p.index.size() == p.shape.rank());
      CHECK(p.manual_automatic.done);
      CHECK(p.automatic_numerical.done);
      CHECK(p.manual_automatic.norm_relative < 1e-13);
      CHECK(p.automatic_numerical.norm_relative < 1e-9);
      CHECK(p.manual == doctest::Approx(p.automatic).epsilon(1e-9));
      CHECK(p.numerical == doctest::Approx(p.automatic).epsilon(1e-6));
      CHECK(p.step > 0);
      CHECK(p.error > 0);
    }
  }
}

TEST_CASE("compare: the values at the reported index are the gradients there") {
  const Case net{{3, 4, 2}, 6, 5};
  const auto manual = net.manual();
  const Report report = compare(net.loss(), net.parameters(), {.manual = manual});
  const auto automatic = xg::gradients(net.loss()(), net.parameters());
  for (std::size_t i = 0; i < report.parameters.size(); ++i) {
    const auto& p = report.parameters[i];
    std::int64_t flat = 0;
    for (std::size_t axis = 0; axis < p.shape.rank(); ++axis) {
      flat = flat * p.shape[axis] + p.index[axis];
    }
    CHECK(p.manual == manual[i].data<double>()[static_cast<std::size_t>(flat)]);
    CHECK(p.automatic == automatic[i].data<double>()[static_cast<std::size_t>(flat)]);
  }
}

TEST_CASE("compare: in float32 the document's formulas are right, and a factor of 1.0009 is wrong") {
  const Case net{{4, 6, 3}, 12, 9, 1, xg::float32};
  const Report right = compare(net.loss(), net.parameters(), {.manual = net.manual()});
  CAPTURE(right.text());
  CHECK(right.verdict() == Verdict::right);
  for (std::size_t which = 0; which < 4; ++which) {
    const auto manual = changed(net.manual(), which, [](Values& v, const xg::Shape&) { scale_by(v, 1.0009); });
    const Report wrong = compare(net.loss(), net.parameters(), {.manual = manual});
    CHECK(wrong.parameters[which].verdict == Verdict::wrong);
    CHECK(wrong.verdict() == Verdict::wrong);
  }
}

TEST_CASE("compare: without manual gradients, automatic against numerical decides") {
  const Case net{{2, 3, 1}, 4, 1};
  const Report none = compare(net.loss(), net.parameters());
  CHECK(none.verdict() == Verdict::right);
  CHECK(contains(none.manual_source, "none"));
  CHECK_FALSE(none.parameters[0].manual_automatic.done);
  CHECK(std::isnan(none.parameters[0].manual));

  auto manual = net.manual();
  manual[1] = {};
  const Report some = compare(net.loss(), net.parameters(), {.manual = manual});
  CHECK(some.verdict() == Verdict::right);
  CHECK(some.parameters[0].manual_automatic.done);
  CHECK_FALSE(some.parameters[1].manual_automatic.done);
}

TEST_CASE("compare: each wrong manual gradient is wrong, and the others stay right") {
  // 3-3-2: W1 is square, so that a transposed gradient has the right shape.
  const Case net{{3, 3, 2}, 7, 23};
  const auto right = net.manual();
  const std::int64_t samples = 7;
  struct Mistake {
    const char* name;
    std::size_t which;
    Change change;
  };
  const std::vector<Mistake> catalogue{
      {"sign flipped", 0, [](Values& v, const xg::Shape&) { scale_by(v, -1); }},
      {"factor 1.0009", 2, [](Values& v, const xg::Shape&) { scale_by(v, 1.0009); }},
      {"factor 1 + 1e-8", 3, [](Values& v, const xg::Shape&) { scale_by(v, 1 + 1e-8); }},
      {"transposed", 0,
       [](Values& v, const xg::Shape& shape) {
         const auto n = static_cast<std::size_t>(shape[0]);
         for (std::size_t i = 0; i < n; ++i) {
           for (std::size_t j = 0; j < i; ++j) {
             std::swap(v[i * n + j], v[j * n + i]);
           }
         }
       }},
      {"mean instead of sum", 1, [&](Values& v, const xg::Shape&) { scale_by(v, 1.0 / static_cast<double>(samples)); }},
      {"one entry wrong", 0, [](Values& v, const xg::Shape&) { v[5] += 1e-7; }},
      {"one entry zero", 2, [](Values& v, const xg::Shape&) { v[1] = 0; }},
      {"two entries exchanged", 2, [](Values& v, const xg::Shape&) { std::swap(v[0], v[4]); }},
      {"zero", 3, [](Values& v, const xg::Shape&) { scale_by(v, 0); }},
      {"huge", 3, [](Values& v, const xg::Shape&) { scale_by(v, 1e200); }},
      {"one sample left out", 1,
       [&](Values& v, const xg::Shape&) {
         const std::vector<xg::Tensor> weights(net.W.begin(), net.W.end());
         const std::vector<xg::Tensor> biases(net.b.begin(), net.b.end());
         const auto g = xg::check::document_gradients(weights, biases, net.x, net.y);
         for (std::size_t j = 0; j < v.size(); ++j) {
           v[j] -= g.delta[0].data<double>()[j];
         }
       }},
      {"not a number", 1, [](Values& v, const xg::Shape&) { v[2] = std::nan(""); }},
      {"infinite", 1, [](Values& v, const xg::Shape&) { v[0] = std::numeric_limits<double>::infinity(); }},
  };
  for (const Mistake& mistake : catalogue) {
    CAPTURE(mistake.name);
    const Report report =
        compare(net.loss(), net.parameters(), {.manual = changed(right, mistake.which, mistake.change)});
    CAPTURE(report.text());
    CHECK(report.verdict() == Verdict::wrong);
    for (std::size_t i = 0; i < report.parameters.size(); ++i) {
      const auto& p = report.parameters[i];
      CHECK(p.verdict == (i == mistake.which ? Verdict::wrong : Verdict::right));
      CHECK(p.automatic_numerical.verdict == Verdict::right);
      if (i == mistake.which) {
        CHECK(contains(p.reason, "so the manual gradient is wrong"));
        CHECK(p.numerical == doctest::Approx(p.automatic).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("compare: formulas with a factor sigma' missing, or taken from the wrong layer, are wrong") {
  const Case net{{3, 3, 2}, 1, 31};
  const std::vector<xg::Tensor> weights(net.W.begin(), net.W.end());
  const std::vector<xg::Tensor> biases(net.b.begin(), net.b.end());
  const auto g = xg::check::document_gradients(weights, biases, net.x, net.y);
  // One sample: db = δ, and δ² without σ′ is a − y.
  const xg::Tensor a1 = xg::sigmoid(xg::matmul(net.x, xg::transpose(net.W[0])) + net.b[0]);
  const xg::Tensor a2 = xg::sigmoid(xg::matmul(a1, xg::transpose(net.W[1])) + net.b[1]);
  const xg::Tensor without = xg::reshape(a2 - net.y, xg::Shape{2}).detach();
  auto manual = net.manual();
  manual[3] = without;
  CHECK(compare(net.loss(), net.parameters(), {.manual = manual}).parameters[3].verdict == Verdict::wrong);
  // BP2 without the second factor, and with W instead of its transpose where that has the right shape.
  manual = net.manual();
  manual[1] = xg::matmul(xg::transpose(net.W[1]), xg::reshape(g.delta[1], xg::Shape{2})).detach();
  CHECK(compare(net.loss(), net.parameters(), {.manual = manual}).parameters[1].verdict == Verdict::wrong);
  // The right pieces in the right places are right.
  manual[1] = (manual[1] * xg::reshape(a1 * (1 - a1), xg::Shape{3})).detach();
  CHECK(compare(net.loss(), net.parameters(), {.manual = manual}).parameters[1].verdict == Verdict::right);
}

TEST_CASE("compare: the wrong entry is named with its index") {
  const Case net{{3, 4, 2}, 5, 2};
  const auto manual = changed(net.manual(), 0, [](Values& v, const xg::Shape&) { v[2 * 3 + 1] *= 1.001; });
  const auto report = compare(net.loss(), net.parameters(), {.manual = manual}).parameters[0];
  CHECK(report.index == std::vector<std::int64_t>{2, 1});
  CHECK(report.manual_automatic.index == report.index);
  CHECK(report.manual == doctest::Approx(1.001 * report.automatic).epsilon(1e-12));
  CHECK(report.manual_automatic.relative == doctest::Approx(1 - 1 / 1.001).epsilon(1e-9));
  CHECK(contains(report.reason, "(2, 1)"));
}

TEST_CASE("compare: a wrong entry that differences didn't sample is still wrong, with its numerical value") {
  const Case net{{6, 9, 2}, 5, 3};
  const auto manual = changed(net.manual(), 0, [](Values& v, const xg::Shape&) { v[31] *= -1; });
  const CompareOptions options{.manual = manual, .numeric = {.max_entries = 2, .directions = 2}};
  const auto report = compare(net.loss(), net.parameters(), options).parameters[0];
  CHECK(report.verdict == Verdict::wrong);
  CHECK(report.checked == 2);
  CHECK(report.index == std::vector<std::int64_t>{5, 1});
  CHECK(report.numerical == doctest::Approx(report.automatic).epsilon(1e-8));
}

TEST_CASE("compare: a sign flipped where the gradient is 4e-6 is wrong") {
  const xg::Parameter p{xg::tensor({0.3, 1.2, -0.4}, xg::float64), "p"};
  const xg::Tensor weights = xg::tensor({1, 4e-6, 2}, xg::float64);
  const auto loss = [&] { return xg::sum(weights * xg::sin(p)); };
  Values exact;
  for (std::size_t i = 0; i < 3; ++i) {
    exact.push_back(weights.data<double>()[i] * std::cos(p.value().data<double>()[i]));
  }
  CHECK(check_one(loss, p, {.manual = {xg::from_vector(exact, {3})}}).verdict == Verdict::right);
  exact[1] = -exact[1];
  const auto report = check_one(loss, p, {.manual = {xg::from_vector(exact, {3})}});
  CHECK(report.verdict == Verdict::wrong);
  CHECK(report.index == std::vector<std::int64_t>{1});

  const xg::Parameter small{xg::scalar(0.5, xg::float64), "small"};
  const auto tiny = [&] { return 4e-6 * xg::sin(small) + 1.0; };
  const double derivative = 4e-6 * std::cos(0.5);
  CHECK(check_one(tiny, small, {.manual = {xg::scalar(derivative, xg::float64)}}).verdict == Verdict::right);
  CHECK(check_one(tiny, small, {.manual = {xg::scalar(-derivative, xg::float64)}}).verdict == Verdict::wrong);
}

TEST_CASE("compare: a wrong automatic gradient is wrong, with and without a manual one") {
  // stop_gradient hides one of two factors from the derivative: automatic gives x, the truth is 2x.
  const xg::Parameter p{xg::tensor({0.7, -1.1}, xg::float64), "p"};
  const auto loss = [&] { return xg::sum(xg::stop_gradient(p) * p); };
  const auto alone = check_one(loss, p);
  CHECK(alone.verdict == Verdict::wrong);
  CHECK(alone.automatic_numerical.verdict == Verdict::wrong);
  CHECK(alone.numerical == doctest::Approx(2 * alone.automatic));
  const auto with_truth = check_one(loss, p, {.manual = {xg::tensor({1.4, -2.2}, xg::float64)}});
  CHECK(with_truth.verdict == Verdict::wrong);
  CHECK(contains(with_truth.reason, "so the automatic gradient is wrong"));
  const auto same_mistake = check_one(loss, p, {.manual = {xg::tensor({0.7, -1.1}, xg::float64)}});
  CHECK(same_mistake.manual_automatic.verdict == Verdict::right);
  CHECK(same_mistake.verdict == Verdict::wrong);
}

TEST_CASE("compare: a wrong automatic gradient between the samples shows along a direction") {
  // Entry 150 of 200 is hidden from the derivative; the three entries sampled are others.
  xg::Random random{4};
  const xg::Parameter p{random.normal({200}, 0, 1, xg::float64), "p"};
  Values hidden(200, 0.0);
  hidden[150] = 50;
  const xg::Tensor mask = xg::from_vector(hidden, {200});
  const auto loss = [&] { return xg::sum(xg::sin(p)) + xg::sum(mask * xg::stop_gradient(p)); };
  const xg::check::NumericOptions numeric{.max_entries = 3, .directions = 4, .seed = 2};
  for (const auto& entry : xg::check::numeric_gradient(loss, p, numeric).entries) {
    REQUIRE(entry.index != 150);
  }
  const auto report = check_one(loss, p, {.numeric = numeric});
  CHECK(report.verdict == Verdict::wrong);
  CHECK(report.direction >= 0);
  CHECK(report.index.empty());
  CHECK(contains(report.reason, "along random direction"));
  CHECK(std::abs(report.automatic - report.numerical) > 1e-3);
}

TEST_CASE("compare: a dependence that the graph doesn't see is wrong, not unexercised") {
  const xg::Parameter p{xg::tensor({0.7, -1.1}, xg::float64), "p"};
  const auto loss = [&] { return xg::sum(xg::square(p.value().detach())); };
  const auto report = check_one(loss, p);
  CHECK(report.verdict == Verdict::wrong);
}

TEST_CASE("compare: what doesn't fit is named") {
  const xg::Parameter p{xg::tensor({{1, 2, 3}, {4, 5, 6}}, xg::float64), "p"};
  const auto loss = [&] { return xg::sum(xg::square(p)); };
  const std::vector<xg::NamedParameter> named{{"layer.W", p}};
  const auto run = [&](const std::vector<xg::Tensor>& manual) { (void)compare(loss, named, {.manual = manual}); };
  CHECK_THROWS_WITH_AS(run({xg::zeros({3, 2}, xg::float64)}),
                       "[compare] the manual gradient of layer.W has shape (3, 2), expected (2, 3)", xg::ShapeError);
  CHECK_THROWS_WITH_AS(run({xg::zeros({2, 3})}),
                       "[compare] the manual gradient of layer.W is float32, expected float64", xg::DTypeError);
  CHECK_THROWS_AS(run({xg::zeros({2, 3}, xg::float64), xg::zeros({2, 3}, xg::float64)}), xg::ShapeError);
  CHECK_THROWS_AS((void)compare(loss, {}), xg::ValueError);
  CHECK_THROWS_WITH_AS((void)compare([&] { return xg::square(p); }, named),
                       "[compare] the loss has shape (2, 3), expected a scalar ()", xg::ShapeError);
}

TEST_CASE("compare: parameters and earlier graphs are as before") {
  const Case net{{3, 4, 2}, 5, 2};
  const auto* const node = net.W[0].value().node();
  const xg::Tensor earlier = net.loss()();
  (void)compare(net.loss(), net.parameters(), {.manual = net.manual()});
  CHECK(net.W[0].value().node() == node);
  CHECK_NOTHROW((void)xg::gradients(earlier, net.parameters()));
}
