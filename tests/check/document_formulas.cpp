#include <cmath>
#include <doctest/doctest.h>
#include <string>
#include <vector>
#include <xgrad/check.hpp>
#include <xgrad/creation.hpp>
#include <xgrad/error.hpp>
#include <xgrad/random.hpp>

#include "support/golden.hpp"

namespace xg = xgrad;
using doctest::Approx;

namespace {

template <class E, class F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing thrown";
}

struct Network {
  std::vector<xg::Tensor> W;
  std::vector<xg::Tensor> b;
};

Network from_golden(const golden::Parameters& parameters) {
  Network network;
  for (std::size_t l = 0; l < parameters.W.size(); ++l) {
    network.W.push_back(golden::tensor(parameters.W[l]));
    network.b.push_back(golden::tensor(parameters.b[l]));
  }
  return network;
}

Network random_network(const std::vector<std::int64_t>& sizes, std::uint64_t seed, xg::DType dtype = xg::float64) {
  xg::Random random{seed};
  Network network;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    network.W.push_back(random.normal({sizes[l + 1], sizes[l]}, 0, 1, dtype));
    network.b.push_back(random.normal({sizes[l + 1]}, 0, 1, dtype));
  }
  return network;
}

/// The same formulas once more as scalar loops over indices, one sample at a time; no xtensor, no BLAS.
struct Loops {
  double loss = 0;
  std::vector<std::vector<double>> delta;  ///< per layer, of the last sample
  std::vector<std::vector<double>> dW;
  std::vector<std::vector<double>> db;
};

void add_sample(Loops& sums, const Network& network, const std::vector<double>& x, const std::vector<double>& y) {
  const std::size_t depth = network.W.size();
  std::vector<std::vector<double>> a{x};
  std::vector<std::vector<double>> slope;
  for (std::size_t l = 0; l < depth; ++l) {
    const auto W = network.W[l].data<double>();
    const auto b = network.b[l].data<double>();
    a.emplace_back(b.size());
    slope.emplace_back(b.size());
    for (std::size_t j = 0; j < b.size(); ++j) {
      double z = b[j];
      for (std::size_t k = 0; k < a[l].size(); ++k) {
        z += W[j * a[l].size() + k] * a[l][k];
      }
      a[l + 1][j] = 1 / (1 + std::exp(-z));
      slope[l][j] = a[l + 1][j] * (1 - a[l + 1][j]);
    }
  }
  sums.delta.resize(depth);
  sums.dW.resize(depth);
  sums.db.resize(depth);
  for (std::size_t l = depth; l-- > 0;) {
    std::vector<double>& delta = sums.delta[l];
    delta.assign(a[l + 1].size(), 0);
    for (std::size_t j = 0; j < delta.size(); ++j) {
      if (l + 1 == depth) {
        delta[j] = a[depth][j] - y[j];
        sums.loss += 0.5 * delta[j] * delta[j];
      } else {
        const auto W = network.W[l + 1].data<double>();
        for (std::size_t i = 0; i < sums.delta[l + 1].size(); ++i) {
          delta[j] += W[i * delta.size() + j] * sums.delta[l + 1][i];
        }
      }
      delta[j] *= slope[l][j];
    }
    sums.db[l].resize(delta.size());
    sums.dW[l].resize(delta.size() * a[l].size());
    for (std::size_t j = 0; j < delta.size(); ++j) {
      sums.db[l][j] += delta[j];
      for (std::size_t k = 0; k < a[l].size(); ++k) {
        sums.dW[l][j * a[l].size() + k] += delta[j] * a[l][k];
      }
    }
  }
}

/// ‖a − b‖ / ‖b‖.
double norm_relative(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double difference = 0;
  double size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(difference / size);
}

}  // namespace

TEST_CASE("document_gradients: a 1-1-1 network agrees with the formulas worked by hand") {
  // z¹ = 0, a¹ = ½; z² = ½·2 − 1 = 0, a² = ½; Loss = ½ (½ − 1)² = ⅛.
  // δ² = (½ − 1) ¼ = −⅛, dW² = −1/16; δ¹ = 2 (−⅛) ¼ = −1/16, dW¹ = −3/16. All are exact in binary.
  const std::vector<xg::Tensor> W{xg::tensor({{2}}, xg::float64), xg::tensor({{2}}, xg::float64)};
  const std::vector<xg::Tensor> b{xg::tensor({-6}, xg::float64), xg::tensor({-1}, xg::float64)};
  const auto g = xg::check::document_gradients(W, b, xg::tensor({3}, xg::float64), xg::tensor({1}, xg::float64));
  CHECK(g.loss == 0.125);
  CHECK(g.delta[1].item() == -0.125);
  CHECK(g.db[1].item() == -0.125);
  CHECK(g.dW[1].item() == -0.0625);
  CHECK(g.delta[0].item() == -0.0625);
  CHECK(g.db[0].item() == -0.0625);
  CHECK(g.dW[0].item() == -0.1875);
  CHECK(g.dW[0].shape() == xg::Shape{1, 1});
  CHECK(g.delta[0].shape() == xg::Shape{1});
}

TEST_CASE("document_gradients: first sample of the golden runs within 1e-12") {
  for (const std::string sizes : {"2-3-1", "5-4-3-2"}) {
    CAPTURE(sizes);
    const golden::Run run = golden::read(sizes);
    const Network network = from_golden(run.initial);
    const auto g = xg::check::document_gradients(network.W, network.b, golden::tensor(run.inputs[0]),
                                                 golden::tensor(run.targets[0]));
    CHECK(std::abs(g.loss - run.first_loss) <= 1e-12 * run.first_loss);
    REQUIRE(g.delta.size() == run.depth());
    for (std::size_t l = 0; l < run.depth(); ++l) {
      CHECK(golden::worst_relative(g.delta[l], golden::tensor(run.delta[l])) <= 1e-12);
      CHECK(golden::worst_relative(g.dW[l], golden::tensor(run.dW[l])) <= 1e-12);
      CHECK(golden::worst_relative(g.db[l], golden::tensor(run.db[l])) <= 1e-12);
    }
  }
}

TEST_CASE("document_gradients: stepping by hand with them repeats the golden training") {
  for (const std::string sizes : {"2-3-1", "5-4-3-2"}) {
    CAPTURE(sizes);
    const golden::Run run = golden::read(sizes);
    golden::Parameters p = run.initial;
    const xg::Tensor x = golden::tensor(run.inputs);
    const xg::Tensor y = golden::tensor(run.targets);
    for (int epoch = 0; epoch < run.epochs; ++epoch) {
      const Network network = from_golden(p);
      const auto g = xg::check::document_gradients(network.W, network.b, x, y);
      const double expected = run.loss_before_epoch[static_cast<std::size_t>(epoch)];
      REQUIRE(std::abs(g.loss - expected) <= 1e-10 * expected);
      for (std::size_t l = 0; l < run.depth(); ++l) {
        const auto dW = g.dW[l].data<double>();
        const auto db = g.db[l].data<double>();
        for (std::size_t j = 0; j < p.b[l].size(); ++j) {
          p.b[l][j] -= run.eta * db[j];
          for (std::size_t k = 0; k < p.W[l][j].size(); ++k) {
            p.W[l][j][k] -= run.eta * dW[j * p.W[l][j].size() + k];
          }
        }
      }
    }
    for (std::size_t l = 0; l < run.depth(); ++l) {
      CHECK(golden::worst_relative(golden::tensor(p.W[l]), golden::tensor(run.final.W[l])) <= 1e-10);
      CHECK(golden::worst_relative(golden::tensor(p.b[l]), golden::tensor(run.final.b[l])) <= 1e-10);
    }
  }
}

TEST_CASE("document_gradients: any depth, width and batch agree with scalar loops") {
  const std::vector<std::vector<std::int64_t>> networks{{1, 1},       {1, 7},    {7, 1},       {3, 1, 4},
                                                        {1, 1, 1, 1}, {5, 1, 1}, {40, 33, 10}, {2, 3, 5, 4, 6, 1}};
  std::uint64_t seed = 0;
  for (const auto& sizes : networks) {
    for (const std::int64_t samples : {1, 2, 9}) {
      CAPTURE(sizes.size());
      CAPTURE(sizes.front());
      CAPTURE(samples);
      const Network network = random_network(sizes, ++seed);
      xg::Random random{1000 + seed};
      const xg::Tensor x = random.normal({samples, sizes.front()}, 0, 1, xg::float64);
      const xg::Tensor y = random.uniform({samples, sizes.back()}, 0, 1, xg::float64);
      const auto g = xg::check::document_gradients(network.W, network.b, x, y);
      Loops loops;
      const auto xs = x.to_vector<double>();
      const auto ys = y.to_vector<double>();
      for (std::int64_t s = 0; s < samples; ++s) {
        add_sample(loops, network, {xs.begin() + s * sizes.front(), xs.begin() + (s + 1) * sizes.front()},
                   {ys.begin() + s * sizes.back(), ys.begin() + (s + 1) * sizes.back()});
      }
      CHECK(g.loss == Approx(loops.loss).epsilon(1e-13));
      for (std::size_t l = 0; l < network.W.size(); ++l) {
        CAPTURE(l);
        CHECK(norm_relative(g.dW[l].to_vector<double>(), loops.dW[l]) <= 1e-13);
        CHECK(norm_relative(g.db[l].to_vector<double>(), loops.db[l]) <= 1e-13);
        CHECK(g.delta[l].shape() == xg::Shape{samples, sizes[l + 1]});
        const auto delta = g.delta[l].to_vector<double>();
        const std::vector<double> last{delta.end() - sizes[l + 1], delta.end()};
        CHECK(norm_relative(last, loops.delta[l]) <= 1e-13);
      }
    }
  }
}

TEST_CASE("document_gradients: float32 agrees with float64 to float32's accuracy, and stays float32") {
  const Network narrow = random_network({6, 5, 3}, 4, xg::float32);
  Network wide;
  const auto widen = [](const xg::Tensor& t) {
    const auto values = t.data<float>();
    return xg::from_vector(std::vector<double>(values.begin(), values.end()), t.shape());
  };
  for (std::size_t l = 0; l < narrow.W.size(); ++l) {
    wide.W.push_back(widen(narrow.W[l]));
    wide.b.push_back(widen(narrow.b[l]));
  }
  xg::Random random{5};
  const xg::Tensor x = random.normal({8, 6});
  const xg::Tensor y = random.uniform({8, 3});
  const auto single = xg::check::document_gradients(narrow.W, narrow.b, x, y);
  const auto twice = xg::check::document_gradients(wide.W, wide.b, widen(x), widen(y));
  CHECK(single.loss == Approx(twice.loss).epsilon(1e-6));
  for (std::size_t l = 0; l < narrow.W.size(); ++l) {
    REQUIRE(single.dW[l].dtype() == xg::float32);
    REQUIRE(single.delta[l].dtype() == xg::float32);
    const double dW = norm_relative(widen(single.dW[l]).to_vector<double>(), twice.dW[l].to_vector<double>());
    CHECK(dW > 0);
    CHECK(dW < 1e-6);
  }
}

TEST_CASE("document_gradients: no samples give zero gradients") {
  const Network network = random_network({2, 3, 1}, 1);
  const auto g = xg::check::document_gradients(network.W, network.b, xg::zeros({0, 2}, xg::float64),
                                               xg::zeros({0, 1}, xg::float64));
  CHECK(g.loss == 0);
  CHECK(g.delta[0].shape() == xg::Shape{0, 3});
  CHECK(g.dW[0].to_vector<double>() == std::vector<double>(6, 0.0));
}

TEST_CASE("document_gradients: what doesn't fit is named") {
  const Network n = random_network({2, 3, 1}, 1);
  const xg::Tensor x = xg::zeros({4, 2}, xg::float64);
  const xg::Tensor y = xg::zeros({4, 1}, xg::float64);
  const auto run = [](const std::vector<xg::Tensor>& W, const std::vector<xg::Tensor>& b, const xg::Tensor& in,
                      const xg::Tensor& out) { return [=] { (void)xg::check::document_gradients(W, b, in, out); }; };
  CHECK(message_of<xg::ValueError>(run({}, {}, x, y)).find("[document_gradients] no layers") == 0);
  CHECK(message_of<xg::ShapeError>(run(n.W, {n.b[0]}, x, y)).find("2 weights but 1 biases") != std::string::npos);
  CHECK(message_of<xg::ShapeError>(run(n.W, n.b, xg::zeros({4, 3}, xg::float64), y))
            .find("W1 has shape (3, 2), expected (3, 3)") != std::string::npos);
  CHECK(message_of<xg::ShapeError>(run({n.W[1], n.W[0]}, {n.b[1], n.b[0]}, x, y))
            .find("W1 has shape (1, 3), expected (1, 2)") != std::string::npos);
  CHECK(message_of<xg::ShapeError>(run(n.W, {n.b[1], n.b[0]}, x, y)).find("b1 has shape (1,), expected (3,)") !=
        std::string::npos);
  CHECK(message_of<xg::ShapeError>(run(n.W, n.b, x, xg::zeros({4, 2}, xg::float64)))
            .find("y has shape (4, 2), expected (4, 1)") != std::string::npos);
  CHECK(message_of<xg::ShapeError>(run(n.W, n.b, xg::zeros({2}, xg::float64), y))
            .find("y has shape (4, 1), expected (1,)") != std::string::npos);
  CHECK(message_of<xg::ShapeError>(run(n.W, n.b, xg::zeros({1, 4, 2}, xg::float64), y)).find("expected (in) or") !=
        std::string::npos);
  CHECK(message_of<xg::DTypeError>(run(n.W, n.b, xg::zeros({4, 2}), y)).find("x is float32, but W1 is float64") !=
        std::string::npos);
  CHECK(message_of<xg::DTypeError>(run({xg::zeros({1, 2}, xg::int64)}, {xg::zeros({1}, xg::int64)},
                                       xg::zeros({4, 2}, xg::int64), xg::zeros({4, 1}, xg::int64)))
            .find("expected float32 or float64") != std::string::npos);
}
