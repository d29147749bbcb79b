#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>
#include <xgrad/autodiff.hpp>
#include <xgrad/check.hpp>
#include <xgrad/creation.hpp>
#include <xgrad/error.hpp>
#include <xgrad/math.hpp>
#include <xgrad/random.hpp>
#include <xgrad/reduce.hpp>

namespace xg = xgrad;
using xg::check::NumericEntry;
using xg::check::NumericOptions;

namespace {

using Function = std::function<double(double)>;

/// The numerical derivative of a plain C++ function at x; no graph takes part.
NumericEntry derivative(const Function& f, double x, const NumericOptions& options = {}) {
  const xg::Parameter p{xg::scalar(x, xg::float64)};
  return xg::check::numeric_gradient([&] { return xg::scalar(f(p.value().item()), xg::float64); }, p, options)
      .entries.at(0);
}

/// As derivative(), with parameter and loss rounded to float32.
NumericEntry derivative_float(const Function& f, double x) {
  const xg::Parameter p{xg::scalar(x)};
  return xg::check::numeric_gradient([&] { return xg::scalar(f(p.value().item())); }, p).entries.at(0);
}

struct Known {
  const char* name;
  Function f;
  Function derivative;
  double x;
  double relative;  ///< the accuracy that must be reached
};

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

}  // namespace

TEST_CASE("numeric_gradient: known derivatives, with errors that its estimate covers") {
  const std::vector<Known> table{
      {"x^3", [](double x) { return x * x * x; }, [](double x) { return 3 * x * x; }, 2, 1e-13},
      {"x^3 at 0", [](double x) { return x * x * x; }, [](double) { return 0; }, 0, 0},
      {"x^3, large x", [](double x) { return x * x * x; }, [](double x) { return 3 * x * x; }, 1e5, 1e-13},
      {"exp", [](double x) { return std::exp(x); }, [](double x) { return std::exp(x); }, 1, 1e-12},
      {"exp of -20", [](double x) { return std::exp(x); }, [](double x) { return std::exp(x); }, -20, 1e-9},
      {"sigmoid", sigmoid, [](double x) { return sigmoid(x) * sigmoid(-x); }, 0.7, 1e-12},
      {"sin 30x", [](double x) { return std::sin(30 * x); }, [](double x) { return 30 * std::cos(30 * x); }, 0.4,
       1e-10},
      {"sin of 8 pi x: steps of whole periods", [](double x) { return std::sin(8 * M_PI * x); },
       [](double x) { return 8 * M_PI * std::cos(8 * M_PI * x); }, 0.25, 1e-10},
      {"sin 1/x", [](double x) { return std::sin(1 / x); }, [](double x) { return -std::cos(1 / x) / (x * x); }, 0.05,
       1e-8},
      {"sin 1/x, closer", [](double x) { return std::sin(1 / x); }, [](double x) { return -std::cos(1 / x) / (x * x); },
       0.005, 1e-6},
      {"log near the end of its domain", [](double x) { return std::log(x); }, [](double x) { return 1 / x; }, 0.01,
       1e-10},
      {"sqrt near the end of its domain", [](double x) { return std::sqrt(x); },
       [](double x) { return 0.5 / std::sqrt(x); }, 1e-4, 1e-9},
      {"a kink beside the point", [](double x) { return std::abs(x - 1e-4) + x * x; },
       [](double x) { return 2 * x - 1; }, 0, 1e-9},
  };
  for (const Known& known : table) {
    CAPTURE(known.name);
    const NumericEntry entry = derivative(known.f, known.x);
    const double truth = known.derivative(known.x);
    const double error = std::abs(entry.value - truth);
    CAPTURE(entry.value);
    CAPTURE(entry.error);
    CHECK(error <= 2 * entry.error);
    CHECK(error <= known.relative * std::abs(truth) + 1e-13);
    CHECK(entry.step > 0);
    CHECK(std::abs(entry.left - truth) <= 10 * entry.side_error);
    CHECK(std::abs(entry.right - truth) <= 10 * entry.side_error);
  }
}

TEST_CASE("numeric_gradient: true errors stay within a small multiple of the estimates over random functions") {
  std::mt19937_64 engine{20240601};
  std::uniform_real_distribution<double> coefficient{-3, 3};
  double worst = 0;
  double worst_side = 0;
  int tight = 0;
  constexpr int cases = 3000;
  for (int i = 0; i < cases; ++i) {
    const double a = coefficient(engine);
    const double b = coefficient(engine) * (i % 3 == 0 ? 10 : 1);
    const double c = coefficient(engine);
    const double d = coefficient(engine);
    const double e = coefficient(engine);
    const double offset = i % 5 == 0 ? 100 * coefficient(engine) : 0;
    const double x = coefficient(engine);
    const auto f = [=](double t) {
      return offset + a * std::sin(b * t + c) + d * sigmoid(e * t) + std::atan(c * t) * t + std::tanh(5 * (t - d));
    };
    const double s = sigmoid(e * x);
    const double h = std::tanh(5 * (x - d));
    const double truth = a * b * std::cos(b * x + c) + d * e * s * (1 - s) + c * x / (1 + c * c * x * x) +
                         std::atan(c * x) + 5 * (1 - h * h);
    const NumericEntry entry = derivative(f, x);
    worst = std::max(worst, std::abs(entry.value - truth) / entry.error);
    worst_side = std::max(worst_side, std::abs(entry.right - entry.left) / entry.side_error);
    tight += entry.error <= 1e-8 * (std::abs(truth) + std::abs(offset) + 1) ? 1 : 0;
  }
  MESSAGE("largest true error in units of the estimate: ", worst, "; of the one-sided ones: ", worst_side);
  CHECK(worst <= 5);
  CHECK(worst_side <= 5);
  CHECK(tight >= cases * 99 / 100);
}

TEST_CASE("numeric_gradient: in float32 errors are larger, and the estimate says so") {
  double worst = 0;
  for (int i = -30; i <= 30; ++i) {
    const double x = 0.1 * i;
    const auto at = static_cast<double>(static_cast<float>(x));
    const NumericEntry entry = derivative_float([](double t) { return std::sin(t) + sigmoid(2 * t); }, x);
    const double s = sigmoid(2 * at);
    const double truth = std::cos(at) + 2 * s * (1 - s);
    worst = std::max(worst, std::abs(entry.value - truth) / entry.error);
    CHECK(entry.error > 1e-8);
    CHECK(entry.error < 1e-4);
  }
  CHECK(worst <= 5);
}

TEST_CASE("numeric_gradient: at a kink the one-sided derivatives differ by more than their error") {
  const NumericEntry magnitude = derivative([](double x) { return std::abs(x); }, 0);
  CHECK(magnitude.left == doctest::Approx(-1));
  CHECK(magnitude.right == doctest::Approx(1));
  CHECK(magnitude.value == doctest::Approx(0));
  CHECK(magnitude.right - magnitude.left > 1000 * magnitude.side_error);

  const NumericEntry bent = derivative([](double x) { return std::sin(x) + 0.01 * std::max(x - 0.5, 0.0); }, 0.5);
  CHECK(bent.left == doctest::Approx(std::cos(0.5)));
  CHECK(bent.right == doctest::Approx(std::cos(0.5) + 0.01));
  CHECK(bent.right - bent.left > 1000 * bent.side_error);
}

TEST_CASE("numeric_gradient: at a jump the error is as large as the value") {
  const NumericEntry entry = derivative([](double x) { return (x > 0.3 ? 1.0 : 0.0) + x; }, 0.3);
  CHECK(entry.error > 0.1 * std::abs(entry.value - 1));
  CHECK(10 * entry.error > std::abs(entry.value - 1));
}

TEST_CASE("numeric_gradient: noise in the loss raises the error") {
  for (const double noise : {1e-12, 1e-9, 1e-6}) {
    CAPTURE(noise);
    std::mt19937_64 engine{7};
    std::uniform_real_distribution<double> random{-noise, noise};
    double worst = 0;
    for (int i = 0; i < 100; ++i) {
      const double x = 0.05 * i;
      const NumericEntry entry = derivative([&](double t) { return std::sin(t) + random(engine); }, x);
      worst = std::max(worst, std::abs(entry.value - std::cos(x)) / entry.error);
      CHECK(entry.error > noise);
      CHECK(entry.error < 1e3 * noise);
    }
    CHECK(worst <= 10);
  }
}

TEST_CASE("numeric_gradient: a constant has derivative 0, and a loss of 0 no noise") {
  CHECK(derivative([](double) { return 3.5; }, 1).value == 0);
  const NumericEntry zero = derivative([](double) { return 0; }, 1);
  CHECK(zero.value == 0);
  CHECK(zero.error == 0);
}

TEST_CASE("numeric_gradient: where the loss is finite at the point only, there is no number") {
  const NumericEntry entry = derivative([](double x) { return x == 1 ? 0 : std::nan(""); }, 1);
  CHECK(std::isnan(entry.value));
  CHECK(std::isinf(entry.error));
  const NumericEntry edge = derivative([](double x) { return std::sqrt(x); }, 0);
  CHECK(std::isnan(edge.value));
}

TEST_CASE("numeric_gradient: every entry of a small parameter, in order, against the graph") {
  const xg::Parameter W{xg::tensor({{0.5, -1, 2}, {1.5, 0.25, -0.75}}, xg::float64), "W"};
  const xg::Tensor weights = xg::tensor({{1, 2, 3}, {4, 5, 6}}, xg::float64);
  const auto loss = [&] { return xg::sum(weights * xg::sin(W)); };
  const auto numeric = xg::check::numeric_gradient(loss, W);
  CHECK(numeric.name == "W");
  CHECK(numeric.exhaustive);
  CHECK(numeric.directions.empty());
  REQUIRE(numeric.entries.size() == 6);
  const auto values = W.value().to_vector<double>();
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(numeric.entries[i].index == static_cast<std::int64_t>(i));
    CHECK(numeric.entries[i].value == doctest::Approx(static_cast<double>(i + 1) * std::cos(values[i])).epsilon(1e-12));
  }
}

TEST_CASE("numeric_gradient: a large parameter is sampled, with directions besides") {
  xg::Random random{3};
  const xg::Parameter W{random.normal({20, 30}, 0, 1, xg::float64), "W"};
  const xg::Tensor weights = random.normal({20, 30}, 0, 1, xg::float64);
  const auto loss = [&] { return xg::sum(weights * xg::sin(W)); };
  std::vector<double> truth = weights.to_vector<double>();
  for (std::size_t i = 0; i < 600; ++i) {
    truth[i] *= std::cos(W.value().data<double>()[i]);
  }
  const NumericOptions options{.max_entries = 50, .directions = 3, .seed = 11};
  const auto numeric = xg::check::numeric_gradient(loss, {{"layer.W", W}}, options).at(0);
  CHECK(numeric.name == "layer.W");
  CHECK_FALSE(numeric.exhaustive);
  REQUIRE(numeric.entries.size() == 50);
  std::set<std::int64_t> indices;
  for (const NumericEntry& entry : numeric.entries) {
    indices.insert(entry.index);
    REQUIRE(entry.index >= 0);
    REQUIRE(entry.index < 600);
    CHECK(std::abs(entry.value - truth[static_cast<std::size_t>(entry.index)]) <= 1e-11);
  }
  CHECK(indices.size() == 50);
  REQUIRE(numeric.directions.size() == 3);
  REQUIRE(numeric.direction_vectors.size() == 3);
  for (std::size_t d = 0; d < 3; ++d) {
    const auto v = numeric.direction_vectors[d].to_vector<double>();
    double length = 0;
    double along = 0;
    for (std::size_t i = 0; i < 600; ++i) {
      length += v[i] * v[i];
      along += v[i] * truth[i];
    }
    CHECK(length == doctest::Approx(1).epsilon(1e-14));
    CHECK(numeric.directions[d].index == -1);
    CHECK(std::abs(numeric.directions[d].value - along) <= 1e-11);
  }

  const auto indices_of = [&](std::uint64_t seed) {
    std::vector<std::int64_t> result;
    for (const auto& entry :
         xg::check::numeric_gradient(loss, W, {.max_entries = 50, .directions = 0, .seed = seed}).entries) {
      result.push_back(entry.index);
    }
    return result;
  };
  CHECK(indices_of(11) == std::vector<std::int64_t>(indices.begin(), indices.end()));
  CHECK(indices_of(12) != indices_of(11));
}

TEST_CASE("numeric_gradient: parameters have their very tensors back") {
  const xg::Parameter a{xg::tensor({0.1, 0.2}, xg::float64), "a"};
  const xg::Parameter b{xg::tensor({0.3, 0.7}, xg::float64), "b"};
  const auto before_a = a.value().to_vector<double>();
  const auto* const node_a = a.value().node();
  const auto* const node_b = b.value().node();
  const auto loss = [&] { return xg::sum(xg::square(a) * b); };
  const xg::Tensor earlier = loss();
  (void)xg::check::numeric_gradient(loss, {{"a", a}, {"b", b}});
  CHECK(a.value().node() == node_a);
  CHECK(b.value().node() == node_b);
  CHECK(a.value().to_vector<double>() == before_a);
  // A graph from before still depends on them.
  CHECK(xg::gradients(earlier, {a})[0].to_vector<double>()[1] == doctest::Approx(2 * 0.2 * 0.7));
}

TEST_CASE("numeric_gradient: parameters have their tensors back after an exception at any call") {
  const xg::Parameter a{xg::tensor({0.1, 0.2}, xg::float64), "a"};
  const auto* const node = a.value().node();
  int calls = 0;
  int fails_at = 0;
  const auto loss = [&] {
    if (calls++ == fails_at) {
      throw std::runtime_error("out of luck");
    }
    return xg::sum(xg::sin(a));
  };
  (void)xg::check::numeric_gradient(
      [&] {
        ++calls;
        return xg::sum(xg::sin(a));
      },
      a);
  const int all = calls;
  REQUIRE(all > 10);
  for (fails_at = 0; fails_at < all; ++fails_at) {
    calls = 0;
    CHECK_THROWS_AS((void)xg::check::numeric_gradient(loss, a), std::runtime_error);
    REQUIRE(a.value().node() == node);
    REQUIRE(a.value().data<double>()[0] == 0.1);
  }
}

TEST_CASE("numeric_gradient: an empty parameter has no entries") {
  const xg::Parameter empty{xg::zeros({0, 3}, xg::float64), "empty"};
  const auto numeric = xg::check::numeric_gradient([&] { return xg::sum(empty); }, empty);
  CHECK(numeric.exhaustive);
  CHECK(numeric.entries.empty());
}

TEST_CASE("numeric_gradient: what can't be differentiated is an error") {
  const xg::Parameter p{xg::tensor({1, 2}, xg::float64), "p"};
  const auto run = [&](const xg::check::LossFunction& loss, const NumericOptions& options = {}) {
    (void)xg::check::numeric_gradient(loss, p, options);
  };
  const auto fine = [&] { return xg::sum(p); };
  CHECK_THROWS_WITH_AS(run([&] { return xg::square(p); }),
                       "[numeric_gradient] the loss has shape (2,), expected a scalar ()", xg::ShapeError);
  CHECK_THROWS_AS(run([&] { return xg::scalar(1, xg::int64); }), xg::DTypeError);
  CHECK_THROWS_WITH_AS(run([&] { return xg::scalar(std::nan(""), xg::float64); }),
                       "[numeric_gradient] the loss is nan at the current values, expected a finite number",
                       xg::ValueError);
  CHECK_THROWS_AS(run(fine, {.step = -1}), xg::ValueError);
  CHECK_THROWS_AS(run(fine, {.step = std::nan("")}), xg::ValueError);
  CHECK_THROWS_AS(run(fine, {.max_entries = -1}), xg::ValueError);
  CHECK_THROWS_AS(run(fine, {.directions = -1}), xg::ValueError);
}
