#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <random>
#include <string>
#include <vector>
#include <xgrad/autodiff.hpp>
#include <xgrad/check.hpp>
#include <xgrad/creation.hpp>
#include <xgrad/linalg.hpp>
#include <xgrad/manipulate.hpp>
#include <xgrad/math.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/losses.hpp>
#include <xgrad/random.hpp>

// How agreement is measured, for a gradient tensor g and another h:
//   in norm:    ‖g − h‖ / max(‖g‖, ‖h‖)
//   per entry:  |gᵢ − hᵢ| / (max(|gᵢ|, |hᵢ|) + share · rms(g))
// The second term stands for what rounding leaves on an entry that is small because large terms cancelled in it: such
// an entry is measured against a share of the tensor's root mean square. The share is 1/100 for manual against
// automatic; differences, whose rounding is that of the loss and the same for all entries, are measured against the
// whole.

#include "support/sanitizers.hpp"

namespace xg = xgrad;

namespace {

struct Network {
  std::vector<xg::Parameter> W;
  std::vector<xg::Parameter> b;
  xg::Tensor x;
  xg::Tensor y;
  std::string description;

  [[nodiscard]] xg::Tensor loss() const {
    xg::Tensor a = x;
    for (std::size_t l = 0; l < W.size(); ++l) {
      const xg::Tensor z = a.rank() == 1 ? xg::matmul(W[l], a) : xg::matmul(a, xg::transpose(W[l]));
      a = xg::sigmoid(z + b[l]);
    }
    return xg::nn::QuadraticLoss{.reduction = xg::nn::Reduction::sum}(a, y);
  }

  /// W1, b1, W2, b2, …
  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const {
    std::vector<xg::NamedParameter> result;
    for (std::size_t l = 0; l < W.size(); ++l) {
      result.push_back({W[l].name(), W[l]});
      result.push_back({b[l].name(), b[l]});
    }
    return result;
  }

  [[nodiscard]] std::vector<xg::Tensor> manual() const {
    const std::vector<xg::Tensor> weights(W.begin(), W.end());
    const std::vector<xg::Tensor> biases(b.begin(), b.end());
    const auto g = xg::check::document_gradients(weights, biases, x, y);
    std::vector<xg::Tensor> result;
    for (std::size_t l = 0; l < W.size(); ++l) {
      result.push_back(g.dW[l]);
      result.push_back(g.db[l]);
    }
    return result;
  }
};

/// 1 to 5 layers, widths 1 to 40, N(0,1) parameters as in the document; batches of 1 to 30, every fifth a vector
/// sample.
Network random_network(int number) {
  std::mt19937_64 engine{static_cast<std::uint64_t>(number)};
  const auto integer = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>{low, high}(engine);
  };
  xg::Random random{static_cast<std::uint64_t>(number)};
  Network network;
  std::vector<std::int64_t> sizes{integer(1, 40)};
  const std::int64_t depth = integer(1, 5);
  network.description = std::to_string(sizes[0]);
  for (std::int64_t l = 1; l <= depth; ++l) {
    sizes.push_back(integer(1, 40));
    const auto in = sizes[static_cast<std::size_t>(l - 1)];
    network.W.emplace_back(random.normal({sizes.back(), in}, 0, 1, xg::float64), "W" + std::to_string(l));
    network.b.emplace_back(random.normal({sizes.back()}, 0, 1, xg::float64), "b" + std::to_string(l));
    network.description += "-" + std::to_string(sizes.back());
  }
  if (number % 5 == 0) {
    network.x = random.normal({sizes.front()}, 0, 1, xg::float64);
    network.y = random.uniform({sizes.back()}, 0, 1, xg::float64);
    network.description += ", one vector";
  } else {
    const std::int64_t samples = integer(1, 30);
    network.x = random.normal({samples, sizes.front()}, 0, 1, xg::float64);
    network.y = random.uniform({samples, sizes.back()}, 0, 1, xg::float64);
    network.description += ", batch " + std::to_string(samples);
  }
  return network;
}

struct Distance {
  double norm = 0;
  double entry = 0;
};

Distance distance(const std::vector<double>& g, const std::vector<double>& h, double floor) {
  double difference = 0;
  double size_g = 0;
  double size_h = 0;
  Distance result;
  for (std::size_t i = 0; i < g.size(); ++i) {
    difference += (g[i] - h[i]) * (g[i] - h[i]);
    size_g += g[i] * g[i];
    size_h += h[i] * h[i];
    const double size = std::max(std::abs(g[i]), std::abs(h[i])) + floor;
    result.entry = std::max(result.entry, std::abs(g[i] - h[i]) / size);
  }
  result.norm = std::sqrt(difference / std::max(size_g, size_h));
  return result;
}

double root_mean_square(const std::vector<double>& g) {
  double sum = 0;
  for (const double v : g) {
    sum += v * v;
  }
  return std::sqrt(sum / static_cast<double>(g.size()));
}

constexpr int networks = 200;
constexpr int numerical_step = xgrad::test::sanitized ? 5 : 1;  // of the networks that are checked with differences

}  // namespace

TEST_CASE("200 random networks: automatic and manual gradients agree within 1e-12") {
  Distance worst;
  for (int number = 0; number < networks; ++number) {
    const Network network = random_network(number);
    CAPTURE(network.description);
    const auto automatic = xg::gradients(network.loss(), network.parameters());
    const auto manual = network.manual();
    for (std::size_t i = 0; i < automatic.size(); ++i) {
      CAPTURE(i);
      const auto g = automatic[i].to_vector<double>();
      const Distance d = distance(g, manual[i].to_vector<double>(), 0.01 * root_mean_square(g));
      CHECK(d.norm <= 1e-12);
      CHECK(d.entry <= 1e-12);
      worst = {std::max(worst.norm, d.norm), std::max(worst.entry, d.entry)};
    }
  }
  MESSAGE("worst in norm ", worst.norm, ", per entry ", worst.entry);
}

TEST_CASE("200 random networks: automatic and numerical gradients agree within 1e-8") {
  Distance worst;
  for (int number = 0; number < networks; number += numerical_step) {
    const Network network = random_network(number);
    CAPTURE(network.description);
    const auto parameters = network.parameters();
    const auto automatic = xg::gradients(network.loss(), parameters);
    const auto numerical =
        xg::check::numeric_gradient([&] { return network.loss(); }, parameters, {.max_entries = 48, .directions = 4});
    for (std::size_t i = 0; i < automatic.size(); ++i) {
      CAPTURE(parameters[i].name);
      const auto all = automatic[i].to_vector<double>();
      std::vector<double> a;
      std::vector<double> n;
      for (const auto& entry : numerical[i].entries) {
        a.push_back(all[static_cast<std::size_t>(entry.index)]);
        n.push_back(entry.value);
      }
      for (std::size_t k = 0; k < numerical[i].directions.size(); ++k) {
        const auto direction = numerical[i].direction_vectors[k].to_vector<double>();
        a.push_back(std::inner_product(all.begin(), all.end(), direction.begin(), 0.0));
        n.push_back(numerical[i].directions[k].value);
      }
      const Distance d = distance(a, n, root_mean_square(all));
      CHECK(d.norm <= 1e-8);
      CHECK(d.entry <= 1e-8);
      worst = {std::max(worst.norm, d.norm), std::max(worst.entry, d.entry)};
    }
  }
  MESSAGE("worst in norm ", worst.norm, ", per entry ", worst.entry);
}

TEST_CASE("random networks: the three-way comparison finds no disagreement") {
  int right = 0;
  int inconclusive = 0;
  for (int number = 0; number < networks; number += 5) {
    const Network network = random_network(number + 1);
    CAPTURE(network.description);
    const auto report =
        xg::check::compare([&] { return network.loss(); }, network.parameters(),
                           {.manual = network.manual(), .numeric = {.max_entries = 8, .directions = 2}});
    for (const auto& p : report.parameters) {
      CAPTURE(p.name);
      CAPTURE(p.reason);
      CHECK(p.verdict != xg::check::Verdict::wrong);
      (p.verdict == xg::check::Verdict::right ? right : inconclusive) += 1;
    }
  }
  MESSAGE(right, " right, ", inconclusive, " inconclusive");
  CHECK(inconclusive * 20 <= right);
}

TEST_CASE("random networks: right gradients are never called wrong, saturated or not, in either dtype") {
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    for (const double scale : {0.1, 1.0, 10.0, 100.0}) {
      CAPTURE(std::string{to_string(dtype)});
      CAPTURE(scale);
      int right = 0;
      for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        xg::Random random{seed};
        const auto width = [&](std::uint64_t bound) { return 1 + static_cast<std::int64_t>(random.integer(bound)); };
        const std::vector<std::int64_t> sizes{width(30), width(20), width(10)};
        Network network;
        for (std::size_t l = 0; l < 2; ++l) {
          const xg::Tensor W = random.normal({sizes[l + 1], sizes[l]}, 0, scale, xg::float64);
          const xg::Tensor b = random.normal({sizes[l + 1]}, 0, scale, xg::float64);
          network.W.emplace_back(xg::cast(W, dtype).eval(), "W");  // the same numbers in both dtypes
          network.b.emplace_back(xg::cast(b, dtype).eval(), "b");
        }
        const std::int64_t samples = width(20);
        network.x = random.uniform({samples, sizes[0]}, 0, 1, dtype);
        network.y = random.uniform({samples, sizes[2]}, 0, 1, dtype);
        const auto report =
            xg::check::compare([&] { return network.loss(); }, network.parameters(),
                               {.manual = network.manual(), .numeric = {.max_entries = 24, .directions = 4}});
        CAPTURE(report.text());
        CHECK(report.verdict() != xg::check::Verdict::wrong);
        right += report.verdict() == xg::check::Verdict::right ? 1 : 0;
      }
      if (scale <= 1) {
        CHECK(right == 12);
      }
    }
  }
}

TEST_CASE("random networks: with relu, right gradients are not called wrong beside kinks") {
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
      CAPTURE(std::string{to_string(dtype)});
      CAPTURE(seed);
      xg::Random random{seed};
      const xg::Parameter W1{random.normal({12, 9}, 0, 1, dtype), "W1"};
      const xg::Parameter b1{random.normal({12}, 0, 1, dtype), "b1"};
      const xg::Parameter W2{random.normal({5, 12}, 0, 1, dtype), "W2"};
      const xg::Tensor x = random.normal({20, 9}, 0, 1, dtype);
      const xg::Tensor y = random.normal({20, 5}, 0, 1, dtype);
      const auto loss = [&] {
        const xg::Tensor a = xg::relu(xg::matmul(x, xg::transpose(W1)) + b1);
        return xg::nn::QuadraticLoss{}(xg::matmul(a, xg::transpose(W2)), y);
      };
      const auto report = xg::check::compare(loss, {{"W1", W1}, {"b1", b1}, {"W2", W2}},
                                             {.numeric = {.max_entries = 40, .directions = 4}});
      CAPTURE(report.text());
      CHECK(report.verdict() != xg::check::Verdict::wrong);
      if (dtype == xg::float64) {
        CHECK(report.verdict() == xg::check::Verdict::right);
      }
    }
  }
}
