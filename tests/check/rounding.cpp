// Right gradients in float32 of saturated networks, where 1 − σ has few digits left, and in float64 of losses that
// large terms cancel in: what rounding explains isn't wrong, and what is wrong by more than rounding still is.
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/sanitizers.hpp"

namespace xg = xgrad;
using xg::float32;
using xg::float64;
using xg::Tensor;
using xg::check::compare;
using xg::check::Report;
using xg::check::Verdict;

namespace {

/// Two layers of the document's network, with weights of a size that saturates it.
struct Network {
  std::vector<xg::Parameter> W;
  std::vector<xg::Parameter> b;
  Tensor x;
  Tensor y;

  Network(std::uint64_t seed, double scale) {
    xg::Random random{seed};
    const auto width = [&](std::uint64_t bound) { return 1 + static_cast<std::int64_t>(random.integer(bound)); };
    const std::vector<std::int64_t> sizes{width(30), width(20), width(10)};
    for (std::size_t l = 0; l < 2; ++l) {
      W.emplace_back(random.normal({sizes[l + 1], sizes[l]}, 0, scale, float32), "W" + std::to_string(l));
      b.emplace_back(random.normal({sizes[l + 1]}, 0, scale, float32), "b" + std::to_string(l));
    }
    const std::int64_t samples = width(20);
    x = random.uniform({samples, sizes[0]}, 0, 1, float32).eval();
    y = random.uniform({samples, sizes[2]}, 0, 1, float32).eval();
  }

  [[nodiscard]] Tensor loss() const {
    Tensor a = x;
    for (std::size_t l = 0; l < 2; ++l) {
      a = xg::sigmoid(xg::matmul(a, xg::transpose(W[l])) + b[l]);
    }
    return 0.5 * xg::sum(xg::square(a - y));
  }
  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const {
    return {{"W0", W[0]}, {"b0", b[0]}, {"W1", W[1]}, {"b1", b[1]}};
  }
  [[nodiscard]] std::vector<Tensor> by_hand() const {
    const std::vector<Tensor> weights(W.begin(), W.end());
    const std::vector<Tensor> biases(b.begin(), b.end());
    const auto g = xg::check::document_gradients(weights, biases, x, y);
    return {g.dW[0], g.db[0], g.dW[1], g.db[1]};
  }
  [[nodiscard]] Report report(const std::vector<Tensor>& manual, bool diagnose = false) const {
    return compare([this] { return loss(); }, parameters(),
                   {.manual = manual, .numeric = {.max_entries = 2, .directions = 0}, .diagnose = diagnose});
  }
};

/// ½ (σ(w) − y)² at a saturated w, and its derivative by two formulas that are equal but for rounding.
struct Neuron {
  xg::Parameter w;
  float y = 0.96875F;

  explicit Neuron(float at) : w{xg::full({}, at, float32), "w"} {}

  [[nodiscard]] Tensor loss() const { return 0.5 * xg::square(xg::sigmoid(w.value()) - static_cast<double>(y)); }
  [[nodiscard]] float by_value() const {
    const float a = 1 / (1 + std::exp(-w.value().data<float>()[0]));
    return (a - y) * a * (1 - a);
  }
  [[nodiscard]] float by_exponential() const {
    const float e = std::exp(-w.value().data<float>()[0]);
    return (1 / (1 + e) - y) * e / ((1 + e) * (1 + e));
  }
  [[nodiscard]] double exact() const {
    const double e = std::exp(-static_cast<double>(w.value().data<float>()[0]));
    return (1 / (1 + e) - static_cast<double>(y)) * e / ((1 + e) * (1 + e));
  }
  [[nodiscard]] Report report(double manual) const {
    return compare([this] { return loss(); }, {{"w", w}}, {.manual = {xg::full({}, manual, float32)}});
  }
};

}  // namespace

TEST_CASE("a right gradient of a saturated network isn't called wrong for its rounding") {
  // Those of 1,000 networks of scale 100 in which rounding is largest, and others.
  for (const std::uint64_t seed : {7U, 26U, 404U, 451U, 522U, 544U}) {
    CAPTURE(seed);
    const Network network{seed, 100};
    CHECK(network.report(network.by_hand()).verdict() != Verdict::wrong);
  }
  const std::uint64_t some = xg::test::sanitized ? 5 : 100;
  for (const double scale : {1.0, 10.0, 100.0, 1000.0}) {
    for (std::uint64_t seed = 1001; seed <= 1000 + some; ++seed) {
      CAPTURE(scale);
      CAPTURE(seed);
      const Network network{seed, scale};
      REQUIRE(network.report(network.by_hand()).verdict() != Verdict::wrong);
    }
  }
}

TEST_CASE("what rounding explains is inconclusive, in words that say so") {
  bool any = false;
  for (const std::uint64_t seed : {7U, 26U, 404U, 451U, 522U, 544U}) {
    const Network network{seed, 100};
    const Report report = network.report(network.by_hand(), true);
    for (const auto& row : report.parameters) {
      REQUIRE(row.manual_automatic.verdict != Verdict::wrong);
      CHECK(row.diagnosis.empty());
      any = any || (row.verdict == Verdict::inconclusive && contains(row.reason, "rounding in float32"));
    }
    CHECK(report.first_divergence.empty());
    for (const auto& said :
         xg::check::diagnose([&] { return network.loss(); }, network.parameters(), network.by_hand())) {
      CHECK(said.verdict != Verdict::wrong);
    }
  }
  CHECK(any);
}

TEST_CASE("in the same networks a factor and a forgotten slope are still called wrong") {
  for (const std::uint64_t seed : {7U, 26U, 404U, 451U, 522U, 544U}) {
    CAPTURE(seed);
    const Network network{seed, 100};
    for (const double factor : {-1.0, 0.5, 1.02, 2.0}) {
      std::vector<Tensor> manual = network.by_hand();
      for (Tensor& each : manual) {
        each = (each * factor).eval();
      }
      CAPTURE(factor);
      CHECK(network.report(manual).verdict() == Verdict::wrong);
    }
    // δ¹ = (δ² W²) without σ′(z¹).
    const std::vector<Tensor> weights(network.W.begin(), network.W.end());
    const std::vector<Tensor> biases(network.b.begin(), network.b.end());
    const auto g = xg::check::document_gradients(weights, biases, network.x, network.y);
    const Tensor delta = xg::matmul(g.delta[1], weights[1]).detach().eval();
    CHECK(
        network.report({xg::matmul(xg::transpose(delta), network.x), xg::sum(delta, 0), g.dW[1], g.db[1]}).verdict() ==
        Verdict::wrong);
  }
}

TEST_CASE("of one saturated neuron neither formula is wrong, though one of them has lost its digits") {
  int lost = 0;
  for (float at = 0; at <= 30; at += 0.37F) {
    CAPTURE(at);
    const Neuron neuron{at};
    lost += std::abs(neuron.by_value() / neuron.exact() - 1) > 1e-3 ? 1 : 0;
    CHECK(neuron.report(neuron.by_value()).verdict() != Verdict::wrong);
    CHECK(neuron.report(neuron.by_exponential()).verdict() != Verdict::wrong);
    CHECK(neuron.report(neuron.exact()).verdict() != Verdict::wrong);
    if (at < 8) {
      CHECK(neuron.report(2 * neuron.exact()).verdict() == Verdict::wrong);
      CHECK(neuron.report(-neuron.exact()).verdict() == Verdict::wrong);
    }
  }
  CHECK(lost > 10);
}

TEST_CASE("a sample that is classified for certain leaves p − y without digits, and that isn't wrong") {
  const xg::Parameter z{xg::tensor({0.0, 14.0, -2.0}), "z"};
  const auto loss = [&] { return -xg::sum(xg::log_softmax(z.value(), 0) * xg::tensor({0.0, 1.0, 0.0})); };
  const std::vector<float> values = z.value().to_vector<float>();
  const float total = std::exp(values[0]) + std::exp(values[1]) + std::exp(values[2]);
  std::vector<float> p(3);
  for (std::size_t i = 0; i < 3; ++i) {
    p[i] = std::exp(values[i]) / total;
  }
  const std::vector<float> right{p[0], p[1] - 1, p[2]};
  const double exact = -(1 + std::exp(-2.0)) / (1 + std::exp(-2.0) + std::exp(14.0));
  REQUIRE(std::abs(static_cast<double>(right[1]) / exact - 1) > 1e-3);
  // A loss of 1e-6, left of 14 − 14: it changes in steps that differences take for a constant.
  CHECK(compare(loss, {{"z", z}}).verdict() != Verdict::wrong);
  const auto verdict = [&](const std::vector<float>& manual) {
    return compare(loss, {{"z", z}}, {.manual = {xg::from_vector(manual, {3})}}).parameters[0].manual_automatic.verdict;
  };
  CHECK(verdict(right) != Verdict::wrong);
  CHECK(verdict({static_cast<float>(exact * p[0] / (p[0] + p[2]) * -1), static_cast<float>(exact),
                 static_cast<float>(exact * p[2] / (p[0] + p[2]) * -1)}) != Verdict::wrong);
  CHECK(verdict({2 * p[0], p[1] - 1, 2 * p[2]}) == Verdict::wrong);
  CHECK(verdict(p) == Verdict::wrong);
}

TEST_CASE("a right gradient isn't wrong because the automatic one overflows") {
  const xg::Parameter w{xg::full({3}, 1e-25), "w"};
  const Tensor beside = xg::zeros({3});
  const auto loss = [&] { return xg::sum(xg::sqrt(xg::square(w.value()) + xg::square(beside))); };
  REQUIRE(xg::gradients(loss(), {w})[0].to_vector<float>()[0] == std::numeric_limits<float>::infinity());
  const auto verdict = [&](double manual) {
    return compare(loss, {{"w", w}}, {.manual = {xg::full({3}, manual)}}).parameters[0].manual_automatic.verdict;
  };
  CHECK(verdict(1) == Verdict::right);
  CHECK(verdict(2) == Verdict::wrong);
  CHECK(verdict(0) == Verdict::wrong);
}

TEST_CASE("an operation may refuse float64 with anything: the verdict stands without it") {
  class Refuses final : public xg::ElementwiseOperation {
   public:
    [[nodiscard]] std::string_view name() const noexcept override { return "refuses"; }
    [[nodiscard]] xg::DType infer_dtype(std::span<const Tensor> inputs) const override {
      if (inputs[0].dtype() != xg::float32) {
        throw 42;  // NOLINT: that is the case
      }
      return xg::float32;
    }
    [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
      return 3.0 * t;
    }
    [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType /*output*/) const override {
      return xg::tile_of<Refuses, float, float>();
    }
    [[nodiscard]] static float value(float x) { return 3 * x; }
  };
  const xg::Parameter w{xg::full({3}, 0.5), "w"};
  const auto operation = std::make_shared<const Refuses>();
  const auto loss = [&] { return xg::sum(xg::apply(operation, {w.value()})); };
  CHECK(compare(loss, {{"w", w}}, {.manual = {xg::full({3}, 3.0)}}).verdict() == Verdict::right);
  CHECK(compare(loss, {{"w", w}}, {.manual = {xg::full({3}, 4.0)}}).verdict() == Verdict::wrong);
}

TEST_CASE("labels that are compared aren't rounded: a factor of 2 beside them is wrong") {
  const xg::Parameter w{xg::tensor({0.5, -1.5}), "w"};
  const Tensor y = xg::tensor({1.0, 1.0});
  const auto loss = [&] { return xg::sum(xg::where(xg::equal(y, 1.0), xg::square(w.value()), 3.0 * w.value())); };
  const auto verdict = [&](const Tensor& manual) { return compare(loss, {{"w", w}}, {.manual = {manual}}).verdict(); };
  CHECK(verdict(xg::tensor({1.0, -3.0})) == Verdict::right);
  CHECK(verdict(xg::tensor({2.0, -6.0})) == Verdict::wrong);
  CHECK(verdict(xg::tensor({1.0, -3.01})) == Verdict::wrong);
}

TEST_CASE("tanh(-12) is -1 whatever rounding does: a factor of 2 beside it is wrong") {
  const xg::Parameter w{xg::full({1}, 0.5), "w"};
  const Tensor z = xg::full({1}, -12.0);
  const auto loss = [&] { return xg::sum(xg::square(w.value() * xg::tanh(z) - 0.25)); };
  const auto verdict = [&](double manual) {
    return compare(loss, {{"w", w}}, {.manual = {xg::full({1}, manual)}}).verdict();
  };
  CHECK(verdict(1.5) == Verdict::right);
  CHECK(verdict(3.0) == Verdict::wrong);
}

TEST_CASE("tanh and the binary cross-entropy of one saturated neuron: right formulas aren't wrong, and twice them is") {
  for (float at = -30; at <= 30; at += 0.73F) {
    CAPTURE(at);
    const xg::Parameter z{xg::full({1}, static_cast<double>(at)), "z"};
    const auto verdict = [&](const xg::check::LossFunction& loss, double manual) {
      return compare(loss, {{"z", z}}, {.manual = {xg::full({1}, manual)}}).parameters[0].manual_automatic.verdict;
    };
    const auto squared = [&] { return xg::sum(xg::square(xg::tanh(z.value()) - 0.25)); };
    const float a = std::tanh(at);
    const double by_value = static_cast<double>(2 * (a - 0.25F) * (1 - a * a));
    const double wide = static_cast<double>(at);
    const double by_cosh = 2 * (std::tanh(wide) - 0.25) / (std::cosh(wide) * std::cosh(wide));
    CHECK(verdict(squared, by_value) != Verdict::wrong);
    CHECK(verdict(squared, by_cosh) != Verdict::wrong);
    if (std::abs(at) < 4 && std::abs(at) > 0.5F) {
      CHECK(verdict(squared, 2 * by_cosh) == Verdict::wrong);
      CHECK(verdict(squared, -by_cosh) == Verdict::wrong);
    }
    for (const double label : {0.0, 1.0}) {
      const xg::nn::BinaryCrossEntropy entropy;
      const Tensor y = xg::full({1}, label);
      const auto loss = [&] { return entropy(z.value(), y); };
      const float p = 1 / (1 + std::exp(-at));
      const double exact = label == 0 ? 1 / (1 + std::exp(-wide)) : -1 / (1 + std::exp(wide));
      CHECK(verdict(loss, static_cast<double>(p) - label) != Verdict::wrong);
      CHECK(verdict(loss, exact) != Verdict::wrong);
      if (std::abs(at) < 7) {
        CHECK(verdict(loss, 2 * exact) == Verdict::wrong);
      }
    }
  }
}

TEST_CASE("in float64, too, a loss that far larger terms cancel in doesn't prove the right gradient wrong") {
  xg::Random random{1};
  const xg::Parameter z{random.normal({1, 10}, 0, 1, float64), "z"};
  const Tensor labels = xg::from_vector<std::int64_t>({3}, {1});
  for (const double lead : {5.0, 10.0, 12.0, 15.0, 18.0, 20.0, 25.0, 30.0}) {
    CAPTURE(lead);
    const Tensor ahead = lead * xg::one_hot(labels, 10, float64);
    const Report report = compare([&] { return xg::nn::CrossEntropy{}(z + ahead, labels); }, {{"z", z}});
    CAPTURE(report.text());
    CHECK(report.verdict() != Verdict::wrong);
    CHECK((lead > 5 || report.verdict() == Verdict::right));
  }
}

namespace {

/// x, with a derivative of 1.01.
class Slanted final : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "slanted"; }
  [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    return t * 1.01;
  }
  template <class T>
  [[nodiscard]] T value(T x) const {
    return x;
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<Slanted>(output);
  }
};

}  // namespace

TEST_CASE("in float64 a derivative that is off by a hundredth is called wrong, however much cancels in the loss") {
  xg::Random random{1};
  const xg::Parameter z{random.normal({1, 10}, 0, 1, float64), "z"};
  const Tensor labels = xg::from_vector<std::int64_t>({3}, {1});
  for (const double lead : {5.0, 10.0, 15.0}) {
    CAPTURE(lead);
    const Tensor ahead = lead * xg::one_hot(labels, 10, float64);
    const auto loss = [&] {
      return xg::nn::CrossEntropy{}(xg::apply(std::make_shared<const Slanted>(), {z}) + ahead, labels);
    };
    CHECK(compare(loss, {{"z", z}}).verdict() == Verdict::wrong);
  }
}
