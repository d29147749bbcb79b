// CTC beside the sum over all alignments, one by one.
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using doctest::Approx;
using xg::float64;
using xg::Tensor;
using xg::nn::CTCLoss;
using xg::nn::Reduction;

namespace {

using Labels = std::vector<std::int64_t>;
constexpr double inf = std::numeric_limits<double>::infinity();

Tensor integers(const Labels& values) {
  return xg::from_vector(values, {static_cast<std::int64_t>(values.size())});
}

// What a way through the frames says: repeats dropped, then blanks.
Labels said(const Labels& way, std::int64_t blank) {
  Labels result;
  for (std::size_t t = 0; t < way.size(); ++t) {
    if (way[t] != blank && (t == 0 || way[t] != way[t - 1])) {
      result.push_back(way[t]);
    }
  }
  return result;
}

// Σ of the probabilities of all ways that say the target, of log-probabilities (T, 1, C).
double probability(const std::vector<double>& log_probs, std::size_t frames, std::size_t classes, const Labels& target,
                   std::int64_t blank) {
  Labels way(frames, 0);
  double total = 0;
  for (;;) {
    if (said(way, blank) == target) {
      double log_p = 0;
      for (std::size_t t = 0; t < frames; ++t) {
        log_p += log_probs[t * classes + static_cast<std::size_t>(way[t])];
      }
      total += std::exp(log_p);
    }
    std::size_t t = 0;
    while (t < frames && ++way[t] == static_cast<std::int64_t>(classes)) {
      way[t++] = 0;
    }
    if (t == frames) {
      return total;
    }
  }
}

Tensor log_probs(std::int64_t frames, std::int64_t batch, std::int64_t classes, std::uint64_t seed) {
  xg::Random random{seed};
  return xg::log_softmax(random.normal({frames, batch, classes}, 0, 1, float64), 2).eval().detach();
}

}  // namespace

TEST_CASE("ctc: the sum over all alignments, whatever the target, its length and the blank") {
  constexpr std::int64_t frames = 5;
  for (const std::int64_t blank : {0, 2}) {
    const Tensor p = log_probs(frames, 1, 3, 4);
    const std::int64_t a = blank == 0 ? 1 : 0;
    const std::int64_t b = 3 - blank - a;
    for (const Labels& target : {Labels{}, Labels{a}, Labels{a, b}, Labels{a, a}, Labels{a, a, b}, Labels{a, a, a},
                                 Labels{a, b, a, b, a}, Labels{a, b, a, b}}) {
      CAPTURE(target.size());
      const auto length = static_cast<std::int64_t>(target.size());
      const Tensor targets = xg::reshape(integers(target), {1, length});
      const CTCLoss loss{.reduction = Reduction::none, .blank = blank};
      const double found = loss(p, targets, integers({frames}), integers({length})).item();
      CHECK(found == Approx(-std::log(probability(p.to_vector<double>(), frames, 3, target, blank))).epsilon(1e-13));
      // Padded, in a batch, of which it sees fewer frames.
      const Tensor twice = xg::concatenate({p, log_probs(frames, 1, 3, 5)}, 1);
      Labels padded = target;
      padded.resize(7, -99);
      padded.insert(padded.end(), {a, -99, -99, -99, -99, -99, -99});
      const Tensor both = loss(twice, xg::reshape(integers(padded), {2, 7}), integers({4, 5}), integers({length, 1}));
      const double shorter = probability(p.to_vector<double>(), 4, 3, target, blank);
      const double of_shorter = both.at({0}).item();
      CHECK((of_shorter == -std::log(shorter) || of_shorter == Approx(-std::log(shorter)).epsilon(1e-13)));
    }
  }
}

TEST_CASE("ctc: no alignment is an infinite loss, or 0, that sends no gradient") {
  const Tensor p = xg::variable(log_probs(3, 2, 3, 6));
  const Tensor targets = xg::tensor({{1, 1, 2}, {1, 2, 1}}, xg::int64);
  const Tensor frames = integers({3, 3});
  const Tensor lengths = integers({3, 3});
  const Tensor losses = CTCLoss{.reduction = Reduction::none}(p, targets, frames, lengths);
  CHECK(losses.at({0}).item() == inf);
  CHECK(std::isfinite(losses.at({1}).item()));
  const Tensor of_second = xg::gradients(losses.at({1}), {p})[0];
  const auto second = of_second.to_vector<double>();
  for (std::size_t t = 0; t < 3; ++t) {
    for (std::size_t c = 0; c < 3; ++c) {
      CHECK(second[t * 6 + c] == 0);
      // The one way there is: 1 2 1.
      CHECK(second[t * 6 + 3 + c] == Approx(c == (t == 1 ? 2U : 1U) ? -1 : 0));
    }
  }
  CHECK(xg::gradients(losses.at({0}), {p})[0].to_vector<double>() == std::vector<double>(18, 0.0));
  const CTCLoss zeroed{.reduction = Reduction::none, .zero_infinity = true};
  const Tensor zero = zeroed(p, targets, frames, lengths);
  CHECK(zero.at({0}).item() == 0);
  CHECK(xg::gradients(xg::sum(zero), {p})[0].to_vector<double>() == second);
}

TEST_CASE("ctc: no frames say the empty target only") {
  const Tensor p = log_probs(2, 2, 3, 7);
  const Tensor targets = xg::tensor({{1}, {1}}, xg::int64);
  const CTCLoss loss{.reduction = Reduction::none};
  CHECK(loss(p, targets, integers({0, 0}), integers({0, 1})).to_vector<double>() == std::vector<double>{0, inf});
  const Tensor none = xg::zeros({2, 0}, xg::int64);
  CHECK(loss(p, none, integers({2, 1}), integers({0, 0})).at({1}).item() ==
        Approx(-p.at({0, 1, 0}).item()).epsilon(1e-14));
}

TEST_CASE("ctc: the mean divides by targets' lengths, weights count in it") {
  const Tensor p = log_probs(6, 3, 4, 8);
  const Tensor targets = xg::tensor({{1, 2, 3}, {3, 0, 0}, {0, 0, 0}}, xg::int64);
  const Tensor frames = integers({6, 5, 6});
  const Tensor lengths = integers({3, 1, 0});
  const auto each = CTCLoss{.reduction = Reduction::none}(p, targets, frames, lengths).to_vector<double>();
  CHECK(CTCLoss{}(p, targets, frames, lengths).item() == Approx((each[0] / 3 + each[1] + each[2]) / 3).epsilon(1e-14));
  const Tensor w = xg::tensor({1, 2, 0}, float64);
  CHECK(CTCLoss{}(p, targets, frames, lengths, w).item() == Approx((each[0] / 3 + 2 * each[1]) / 3).epsilon(1e-14));
  CHECK(CTCLoss{.reduction = Reduction::sum}(p, targets, frames, lengths).item() ==
        Approx(each[0] + each[1] + each[2]).epsilon(1e-14));
}

TEST_CASE("ctc: gradients agree with differences, of a batch in one graph, and are 0 beyond its frames") {
  const xg::Parameter z{log_probs(4, 2, 3, 9), "z"};
  const Tensor targets = xg::tensor({{1, 1}, {2, 0}}, xg::int64);
  const auto loss = [&] { return CTCLoss{}(xg::log_softmax(z, 2), targets, integers({4, 2}), integers({2, 1})); };
  const auto report = xg::check::compare(loss, {{"z", z}});
  CHECK_MESSAGE(report.verdict() == xg::check::Verdict::right, report);
  const auto gradient = xg::gradients(loss(), {z})[0].to_vector<double>();
  for (std::size_t t = 2; t < 4; ++t) {
    for (std::size_t c = 0; c < 3; ++c) {
      CHECK(gradient[t * 6 + 3 + c] == 0);
    }
  }
}

TEST_CASE("ctc: logits of ±1e4, and classes that are ruled out") {
  const Tensor z = xg::variable(xg::tensor({{{1e4, -1e4, 0}}, {{-1e4, 1e4, 0}}}, xg::float32));
  const Tensor targets = xg::tensor({{1}}, xg::int64);
  const Tensor loss = CTCLoss{}(xg::log_softmax(z, 2), targets, integers({2}), integers({1}));
  CHECK(loss.item() == 0);
  CHECK(xg::gradients(loss, {z})[0].to_vector<float>() == std::vector<float>(6, 0.F));
  const double half = std::log(0.5);
  const Tensor p = xg::variable(
      xg::where(xg::tensor({{{0, 0, 1}}, {{0, 0, 1}}}, float64) > 0.0, -inf, xg::full({2, 1, 3}, half, float64))
          .eval());
  const Tensor without = CTCLoss{}(p, targets, integers({2}), integers({1}));
  CHECK(without.item() == Approx(-std::log(0.75)));  // 1 b, b 1, 1 1
  for (const double g : xg::gradients(without, {p})[0].to_vector<double>()) {
    CHECK(std::isfinite(g));
  }
}

TEST_CASE("ctc: wrong shapes, dtypes, classes and lengths are refused") {
  const Tensor p = log_probs(4, 2, 3, 10);
  const Tensor targets = xg::tensor({{1, 1}, {2, 1}}, xg::int64);
  const Tensor frames = integers({4, 4});
  const Tensor lengths = integers({2, 2});
  const CTCLoss loss;
  CHECK_THROWS_AS(static_cast<void>(loss(xg::zeros({4, 3}, float64), targets, frames, lengths)), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(loss(p, integers({1, 1}), frames, lengths)), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(loss(p, targets, integers({4}), lengths)), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(loss(p, targets, frames, xg::scalar(2, xg::int64))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(loss(p, xg::zeros({2, 2}), frames, lengths)), xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(loss(p, targets, frames, xg::ones({2}))), xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(CTCLoss{.blank = 3}(p, targets, frames, lengths)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(loss(p, {}, frames, lengths)), xg::ValueError);
  const auto message = [&](const Tensor& t, const Tensor& i, const Tensor& s) {
    const Tensor pending = loss(p, t, i, s);
    return message_of<xg::ValueError>([&] { return pending.item(); });
  };
  CHECK(message(xg::tensor({{1, 3}, {2, 1}}, xg::int64), frames, lengths) ==
        "[CTCLoss] class index 3 at element 1 of (2, 2); expected 0 to 2");
  CHECK(message(xg::tensor({{1, 2}, {2, 0}}, xg::int64), frames, lengths) ==
        "[CTCLoss] class index 0 at element 3 of the target (2, 2) is the blank");
  CHECK(contains(message(targets, integers({4, 5}), lengths), "[CTCLoss] input length 5 at element 1"));
  CHECK(contains(message(targets, frames, integers({-1, 2})), "[CTCLoss] target length -1 at element 0"));
}
