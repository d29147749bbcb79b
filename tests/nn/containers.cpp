// Identity, Lambda, Residual, Parallel; dropouts of other kinds; Bilinear and reparametrised weights.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Shape;
using xg::Tensor;
using xg::nn::Dense;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

Dense dense(std::int64_t in, std::int64_t out, std::uint64_t seed) {
  xg::Random random{seed};
  return Dense{in, out, random, {.dtype = float64, .bias = xg::nn::init::standard_normal}};
}

template <class Model>
std::vector<std::string> names_of(const Model& model) {
  std::vector<std::string> names;
  for (const auto& named : xg::nn::parameters(model)) {
    names.push_back(named.name);
  }
  return names;
}

using Names = std::vector<std::string>;

double distance(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return xg::max(xg::abs(a - b)).item();
}

// Of many elements, how many are 0.
int zeros_of(const Tensor& x) {
  const Values values = values_of(x);
  return static_cast<int>(std::count(values.begin(), values.end(), 0.0));
}

}  // namespace

TEST_CASE("containers: Identity, Lambda and Residual in a Sequential") {
  const Dense inner = dense(2, 2, 1);
  const xg::nn::Sequential net{xg::nn::Identity{}, xg::nn::Residual{inner},
                               xg::nn::Lambda{[](const Tensor& x) { return x * 2.0; }}};
  const Tensor x = doubles({{1, -2}});
  CHECK(distance(net(x), (x + inner(x)) * 2.0) == 0);
  CHECK(names_of(net) == Names{"1.layer.W", "1.layer.b"});
  CHECK(xg::nn::states(net).empty());
}

TEST_CASE("containers: Residual and Parallel hand on modes, states and clones") {
  xg::Random random{3};
  const xg::nn::Residual residual{xg::nn::Dropout{0.5, random}};
  CHECK(names_of(residual).empty());
  CHECK(xg::nn::states(residual)[0].name == "layer.random");
  CHECK(values_of(xg::nn::inference(residual)(doubles({1, 2}))) == Values{2, 4});
  const xg::nn::Parallel parallel{{dense(2, 3, 1), xg::nn::Dropout{0.5, random}}, xg::nn::Merge::concatenate, -1};
  CHECK(names_of(parallel) == Names{"layers.0.W", "layers.0.b"});
  CHECK(xg::nn::states(parallel)[0].name == "layers.1.random");
  const xg::nn::Parallel fixed = xg::nn::inference(parallel);
  const Tensor x = doubles({{1, 2}});
  CHECK(distance(fixed(x), xg::concatenate({dense(2, 3, 1)(x), x}, -1)) == 0);
  CHECK_FALSE(xg::nn::parameters(xg::nn::clone(parallel))[0].parameter.is(xg::nn::parameters(parallel)[0].parameter));
}

TEST_CASE("containers: Parallel sums or concatenates") {
  const Dense a = dense(2, 3, 1);
  const Dense b = dense(2, 3, 2);
  const Dense c = dense(2, 1, 3);
  const Tensor x = doubles({{1, -2}, {3, 4}});
  CHECK(distance(xg::nn::Parallel{{a, b}}(x), a(x) + b(x)) == 0);
  const xg::nn::Parallel joined{{a, c}, xg::nn::Merge::concatenate, 1};
  CHECK(distance(joined(x), xg::concatenate({a(x), c(x)}, 1)) == 0);
  const xg::nn::Sequential net{joined};
  CHECK(net(x).shape() == Shape{2, 4});
}

TEST_CASE("containers: what doesn't fit is an error that names the container") {
  const auto message = [](const auto& call) { return message_of<xg::Error>(call); };
  const Tensor x = xg::ones({1, 2}, float64);
  CHECK(contains(message([&] { return xg::nn::Residual{dense(2, 3, 1)}(x); }), "[Residual] adds up (1, 2) and (1, 3)"));
  CHECK(contains(message([&] {
                   return xg::nn::Parallel{{dense(2, 3, 1), dense(2, 2, 1)}}(x);
                 }),
                 "[Parallel] adds up (1, 3) and (1, 2)"));
  CHECK(contains(message([&] { return xg::nn::Parallel{}(x); }), "[Parallel] without layers"));
  CHECK(contains(message([&] { return xg::nn::Lambda{nullptr}(x); }), "[Lambda] without a function"));
  CHECK(contains(message([&] { return xg::nn::Identity{}(Tensor{}); }), "[Identity]"));
}

TEST_CASE("Dropout1d, 2d, 3d: whole channels, of which the rest is larger; an error for another rank") {
  xg::Random random{3};
  const xg::nn::DropoutChannel drop{0.25, random};
  const Tensor y = drop(xg::ones({50, 40, 3, 2}, float64));
  const Tensor per_channel = xg::reshape(y, {2000, 6});
  CHECK(xg::max(xg::max(per_channel, 1) - xg::min(per_channel, 1)).item() == 0);
  CHECK(xg::max(y).item() == doctest::Approx(1 / 0.75));
  CHECK(std::abs(zeros_of(y) / 6 - 500) < 5 * std::sqrt(2000 * 0.25 * 0.75));
  CHECK(distance(drop(xg::ones({50, 40, 3, 2}, float64)), y) > 0);
  CHECK(zeros_of(xg::nn::inference(drop)(y)) == zeros_of(y));
  CHECK(zeros_of(xg::nn::DropoutChannel{1, random}(xg::ones({2, 3, 4}, float64))) == 24);
  const auto message = [&](const auto& layer, const Shape& shape) {
    return message_of<xg::ShapeError>([&] { return layer(xg::ones(shape)); });
  };
  CHECK(contains(message(drop, {2, 3}), "[DropoutChannel] takes (N, C, …)"));
  CHECK(message(xg::nn::Dropout1d{0.5, random}, {2, 3}) == "[Dropout1d] takes (N, C, L), not (2, 3)");
  CHECK(message(xg::nn::Dropout2d{0.5, random}, {2, 3, 4}) == "[Dropout2d] takes (N, C, H, W), not (2, 3, 4)");
  CHECK(message(xg::nn::Dropout3d{0.5, random}, {2, 3, 4}) == "[Dropout3d] takes (N, C, D, H, W), not (2, 3, 4)");
  CHECK(message(xg::nn::Dropout2d{0.5, random}, {2, 3, 4, 1}) == "nothing thrown");
  CHECK_THROWS_AS(static_cast<void>(xg::nn::DropoutChannel(1.5, random)), xg::ValueError);
  CHECK(xg::nn::states(xg::nn::Dropout2d{0.5, random}).size() == 1);
  CHECK(xg::nn::inference(xg::nn::Dropout2d{0.5, random}).mode == xg::nn::Mode::inference);
}

TEST_CASE("AlphaDropout: keeps mean 0 and variance 1, and sets what it drops to one value") {
  xg::Random random{3};
  const Tensor x = random.normal({400, 500}, 0, 1, float64).eval();
  for (const double p : {0.1, 0.5}) {
    const xg::nn::AlphaDropout drop{p, random};
    const Tensor y = drop(x).eval();
    // Five standard deviations of the mean of 200,000.
    CHECK(std::abs(xg::mean(y).item()) < 5 / std::sqrt(200000.0));
    CHECK(xg::var(y).item() == doctest::Approx(1).epsilon(0.03));
    const double limit = -1.0507009873554805 * 1.6732632423543772;
    const double a = 1 / std::sqrt((1 - p) * (1 + p * limit * limit));
    const double dropped = a * limit - a * p * limit;
    const Values values = values_of(y);
    const auto count =
        std::count_if(values.begin(), values.end(), [&](double value) { return std::abs(value - dropped) < 1e-12; });
    CHECK(std::abs(static_cast<double>(count) - 200000 * p) < 5 * std::sqrt(200000 * p * (1 - p)));
    CHECK(distance(xg::nn::inference(drop)(x), x) == 0);
  }
  CHECK_THROWS_AS(static_cast<void>(xg::nn::AlphaDropout(1, random)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::AlphaDropout(0.5, random)(xg::ones({2}, xg::int64))), xg::DTypeError);
}

TEST_CASE("StochasticDepth: leaves out whole samples or whole batches") {
  xg::Random random{3};
  const xg::nn::StochasticDepth samples{0.25, random};
  const Tensor y = samples(xg::ones({2000, 3}, float64)).eval();
  CHECK(xg::max(xg::max(y, 1) - xg::min(y, 1)).item() == 0);
  CHECK(std::abs(zeros_of(y) / 3 - 500) < 5 * std::sqrt(2000 * 0.25 * 0.75));
  CHECK(xg::max(y).item() == doctest::Approx(1 / 0.75));
  const xg::nn::StochasticDepth batches{0.5, random, xg::nn::StochasticDepth::Drops::batches};
  int dropped = 0;
  for (int i = 0; i < 200; ++i) {
    const int zeros = zeros_of(batches(xg::ones({3}, float64)));
    CHECK((zeros == 0 || zeros == 3));
    dropped += zeros / 3;
  }
  CHECK(std::abs(dropped - 100) < 5 * std::sqrt(50.0));
  CHECK(zeros_of(xg::nn::inference(batches)(xg::ones({3}, float64))) == 0);
  CHECK_THROWS_AS(static_cast<void>(samples(xg::ones({}, float64))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::StochasticDepth(-0.1, random)), xg::ValueError);
}

TEST_CASE("dropouts of other kinds: eager and compiled draw the same") {
  xg::Random random{3};
  const xg::nn::Sequential net{xg::nn::Dropout1d{0.5, random}, xg::nn::AlphaDropout{0.3, random},
                               xg::nn::StochasticDepth{0.2, random}};
  const xg::nn::Sequential copy = xg::nn::clone(net);
  auto compiled = xg::compile([&](const Tensor& x) { return copy(x); });
  const Tensor x = random.normal({6, 5, 4}, 0, 1, float64).eval();
  for (int i = 0; i < 3; ++i) {
    CHECK(distance(net(x), compiled(x)) == 0);
  }
}

TEST_CASE("Bilinear, CosineSimilarity: any axes before, and errors") {
  xg::Random random{3};
  const xg::nn::Bilinear layer{2, 3, 4, random, {.dtype = float64}};
  CHECK(names_of(layer) == Names{"weight", "bias"});
  const Tensor a = random.normal({2, 5, 2}, 0, 1, float64).eval();
  const Tensor b = random.normal({2, 5, 3}, 0, 1, float64).eval();
  const Tensor flat = layer(xg::reshape(a, {10, 2}), xg::reshape(b, {10, 3}));
  CHECK(distance(xg::reshape(layer(a, b), {10, 4}), flat) < 1e-14);
  const Tensor one = layer(xg::slice(xg::reshape(a, {20}), {.start = 0, .stop = 2, .step = 1}),
                           xg::slice(xg::reshape(b, {30}), {.start = 0, .stop = 3, .step = 1}));
  CHECK(one.shape() == Shape{4});
  const auto message = [](const auto& call) { return message_of<xg::Error>(call); };
  CHECK(contains(message([&] { return layer(a, a); }), "[Bilinear] takes (…, 2) and (…, 3) with weight (4, 2, 3)"));
  CHECK(contains(message([&] { return layer(a, xg::ones({3}, float64)); }), "not (2, 5, 2) and (3,)"));
  CHECK(contains(message([&] { return xg::nn::Bilinear{0, 1, 1, random}; }), "from 0 and 1 to 1"));
  const xg::nn::CosineSimilarity cosine{-1};
  CHECK(values_of(cosine(doubles({{3, 4}, {0, 0}}), doubles({{6, 8}, {1, 1}})))[1] == 0);
  CHECK(values_of(cosine(doubles({{3, 4}}), doubles({6, 8})))[0] == doctest::Approx(1).epsilon(1e-15));
  CHECK(values_of(cosine(doubles({1e200, 1e200}), doubles({-1e-5, -1e-5})))[0] == doctest::Approx(-1).epsilon(1e-14));
  CHECK(contains(message([&] { return cosine(xg::ones({2}), xg::ones({3})); }), "don't broadcast"));
  CHECK(contains(message([&] { return xg::nn::CosineSimilarity{}(xg::ones({2}), xg::ones({2})); }), "axis 1 of (2,)"));
  CHECK(contains(message([&] { return xg::nn::CosineSimilarity{0, 0}(xg::ones({2}), xg::ones({2})); }), "epsilon 0"));
  CHECK_THROWS_AS(static_cast<void>(cosine(xg::ones({2}), xg::ones({2}, float64))), xg::DTypeError);
}

TEST_CASE("WeightNorm: computes what the layer did at first; then the norms of the rows are g's") {
  const Dense inner = dense(3, 2, 1);
  const xg::nn::WeightNorm<Dense> layer{inner};
  const Tensor x = doubles({{1, 2, -1}});
  CHECK(distance(layer(x), inner(x)) < 1e-15);
  CHECK(names_of(layer) == Names{"layer.W", "layer.b", "g"});
  layer.g.set(doubles({{2}, {0.5}}));
  const Values norms = values_of(xg::norm(layer.weight(), 1));
  CHECK(norms[0] == doctest::Approx(2).epsilon(1e-14));
  CHECK(norms[1] == doctest::Approx(0.5).epsilon(1e-14));
  const xg::nn::Sequential net{layer};
  CHECK(distance(net(x), layer(x)) == 0);
  const xg::nn::WeightNorm<Dense> copy = xg::nn::clone(layer);
  CHECK_FALSE(copy.g.is(layer.g));
  // A v that is longer has the same weight, so its gradient is at right angles to it.
  const Tensor gradient = xg::gradients(xg::sum(xg::square(layer(x))), {layer.layer.W})[0];
  CHECK(xg::max(xg::abs(xg::sum(gradient * layer.layer.W, 1))).item() < 1e-14);
  CHECK_THROWS_AS(static_cast<void>(layer(xg::ones({1, 2}, float64))), xg::ShapeError);
}

TEST_CASE("WeightNorm: of a layer of two inputs that takes another weight") {
  xg::Random random{3};
  const xg::nn::Bilinear inner{2, 3, 4, random, {.dtype = float64}};
  const xg::nn::WeightNorm<xg::nn::Bilinear> layer{inner};
  const Tensor a = random.normal({5, 2}, 0, 1, float64).eval();
  const Tensor b = random.normal({5, 3}, 0, 1, float64).eval();
  CHECK(layer.g.shape() == Shape{4, 1, 1});
  CHECK(distance(layer(a, b), inner(a, b)) < 1e-14);
  layer.g.set(layer.g * 2.0);
  CHECK(distance(layer(a, b), inner(a, b) * 2.0) < 1e-14);
}

TEST_CASE("SpectralNorm: in training comes to divide by the largest singular value, which it keeps for inference") {
  const Dense inner{doubles({{3, 0, 0}, {0, 2, 0}}), doubles({0, 0})};
  xg::Random random{6};
  const xg::nn::SpectralNorm<Dense> layer{inner, random};
  CHECK(names_of(layer) == Names{"layer.W", "layer.b"});
  CHECK(xg::nn::states(layer).size() == 2);
  const Tensor x = doubles({{1, 1, 1}});
  for (int i = 0; i < 60; ++i) {
    layer(x).eval();
  }
  const Values weight = values_of(xg::nn::inference(layer).weight());
  CHECK(weight[0] == doctest::Approx(1).epsilon(1e-12));
  CHECK(weight[4] == doctest::Approx(2.0 / 3).epsilon(1e-12));
  auto compiled = xg::compile([&](const Tensor& in) { return layer(in); });
  const Values before = values_of(layer.u);
  layer.u.set(doubles({0.6, 0.8}));
  static_cast<void>(compiled(x));
  CHECK(values_of(layer.u) != Values{0.6, 0.8});
  CHECK(before.size() == 2);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::SpectralNorm<Dense>(inner, random, 0)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::SpectralNorm<Dense>(inner, random, 1, 0)), xg::ValueError);
}

namespace {

// Layers of one's own, whose weight has either name.
struct Scaled {
  xg::Parameter W;

  Tensor operator()(const Tensor& x) const { return with_weight(W, x); }
  [[nodiscard]] Tensor with_weight(const Tensor& other, const Tensor& x) const { return xg::matmul(x, other) * 2.0; }
};
struct Gated {
  xg::Parameter weight, gate;

  Tensor operator()(const Tensor& x, const Tensor& y) const { return with_weight(weight, x, y); }
  [[nodiscard]] Tensor with_weight(const Tensor& other, const Tensor& x, const Tensor& y) const {
    return xg::matmul(x, other) * xg::sigmoid(y * gate);
  }
};
// One that can't be changed.
class Closed {
 public:
  explicit Closed(const Tensor& values) : kernel{values, "kernel"} {}
  xg::Parameter kernel;
  static constexpr std::array<std::string_view, 1> field_names{"kernel"};
  [[nodiscard]] Tensor apply(const Tensor& weights, const Tensor& x) const { return xg::matmul(x, weights); }
};

}  // namespace

template <>
struct xg::nn::Reweighted<Closed> {
  static constexpr std::int64_t outputs = 1;
  static const Parameter& weight(const Closed& layer) { return layer.kernel; }
  static Tensor call(const Closed& layer, const Tensor& other, const Tensor& x) { return layer.apply(other, x); }
};

TEST_CASE("WeightNorm, SpectralNorm: of layers of one's own, listed, cloned, checked, trained in a compiled step") {
  xg::Random random{4};
  const auto draw = [&](const Shape& shape) { return random.normal(shape, 0, 1, float64).eval(); };
  const Tensor x = draw({5, 3});
  const Tensor y = draw({5, 2});
  const xg::nn::WeightNorm<Scaled> scaled{Scaled{xg::Parameter{draw({3, 2}), "W"}}};
  CHECK(names_of(scaled) == Names{"layer.W", "g"});
  CHECK(distance(scaled(x), scaled.layer(x)) < 1e-14);
  const xg::nn::WeightNorm<Gated> gated{Gated{xg::Parameter{draw({3, 2})}, xg::Parameter{draw({2})}}, 1};
  CHECK(names_of(gated) == Names{"layer.weight", "layer.gate", "g"});
  CHECK(gated.g.shape() == Shape{1, 2});
  CHECK(distance(gated(x, y), gated.layer(x, y)) < 1e-14);
  const xg::nn::SpectralNorm<Closed> closed{Closed{draw({3, 2})}, random};
  CHECK(closed.u.shape() == Shape{2});
  CHECK(closed.v.shape() == Shape{3});
  for (int i = 0; i < 100; ++i) {
    closed(x).eval();
  }
  CHECK(xg::matrix_norm(xg::nn::inference(closed).weight(), xg::MatrixNorm::two).item() ==
        doctest::Approx(1).epsilon(1e-12));

  struct Model {
    xg::nn::WeightNorm<Scaled> scaled;
    xg::nn::WeightNorm<Gated> gated;
    xg::nn::SpectralNorm<Closed> closed;
  };
  const Model model{scaled, gated, closed};
  const auto loss = [&](const Model& of) {
    return xg::mean(xg::square(of.scaled(x) - y) + xg::square(of.gated(x, y) - of.closed(x)));
  };
  const auto parameters = xg::nn::parameters(model);
  CHECK(xg::nn::states(model).size() == 2);
  // In inference: u and v, which are constants to the derivative, would follow the weight that differences move.
  const Model ready = xg::nn::inference(model);
  const Tensor sigma = xg::dot(closed.u, xg::matmul(xg::transpose(closed.layer.kernel), closed.v));
  CHECK(sigma.item() > 0);
  const xg::check::Report report = xg::check::compare([&] { return loss(ready); }, parameters);
  CHECK_MESSAGE(report.verdict() == xg::check::Verdict::right, report.text());
  const Model twin = xg::nn::clone(model);
  xg::optim::SGD eager{parameters, {.learning_rate = 0.05}};
  xg::optim::SGD compiled{xg::nn::parameters(twin), {.learning_rate = 0.05}};
  auto step = xg::compile([&] { return compiled.step(loss(twin)); });
  for (int i = 0; i < 5; ++i) {
    CHECK(step().item() == doctest::Approx(eager.step(loss(model)).item()).epsilon(1e-12));
  }
  CHECK(distance(twin.closed.u, model.closed.u) < 1e-12);
}

TEST_CASE("WeightNorm: of an embedding, whose row at the padding index stays 0") {
  xg::Random random{5};
  const xg::nn::WeightNorm<xg::nn::Embedding> layer{xg::nn::Embedding{4, 3, random, {.padding = 2, .dtype = float64}}};
  CHECK(layer.g.shape() == Shape{4, 1});
  const Tensor indices = xg::from_vector(std::vector<std::int64_t>{0, 2, 3}, {3});
  CHECK(distance(layer(indices), layer.layer(indices)) < 1e-15);
  xg::optim::SGD sgd{xg::nn::parameters(layer), {.learning_rate = 0.1}};
  sgd.step(xg::sum(xg::square(layer(indices) - 1.0)));
  CHECK(xg::max(xg::abs(layer(xg::from_vector(std::vector<std::int64_t>{2}, {1})))).item() == 0);
  CHECK(layer.g.value().to_vector<double>()[2] == 0);
}

TEST_CASE("with_weight: another weight takes the place of the layer's own, and must be like it") {
  const auto message = [](const auto& call) { return message_of<xg::Error>(call); };
  xg::Random random{6};
  const Tensor x = random.normal({1, 2, 4}, 0, 1, float64).eval();
  const xg::nn::Conv1d conv{2, 3, 2, random, {.dtype = float64}};
  CHECK(distance(conv.with_weight(2.0 * conv.weight, x), conv(2.0 * x)) < 1e-14);
  CHECK(contains(message([&] {
                   return conv.with_weight(xg::ones({3, 2, 3}, float64), x);
                 }),
                 "[Conv1d] another weight (3, 2, 3); expected (3, 2, 2)"));
  CHECK(contains(message([&] { return conv.with_weight(Tensor{}, x); }), "[Conv1d] the other weight is an undefined"));
  CHECK_THROWS_AS(static_cast<void>(conv.with_weight(xg::ones({3, 2, 2}), x)), xg::DTypeError);
  const xg::nn::LearnedPositions positions{4, 2, random};
  CHECK(distance(positions.with_weight(xg::ones({4, 2}), xg::zeros({1, 2, 2}), 1), xg::ones({1, 2, 2})) == 0);
  const xg::nn::EmbeddingBag bag{4, 2, random, xg::nn::BagMode::sum};
  const Tensor rows = xg::from_vector(std::vector<std::int64_t>{0, 3, 1}, {1, 3});
  CHECK(distance(bag.with_weight(xg::ones({4, 2}), rows), xg::full({1, 2}, 3)) == 0);
  CHECK(contains(message([&] { return bag.with_weight(xg::ones({2, 4}), rows); }), "[EmbeddingBag] another weight"));
  const xg::nn::Bilinear bilinear{2, 2, 1, random};
  CHECK(contains(message([&] { return bilinear.with_weight(xg::ones({2}), x, x); }), "[Bilinear] another weight"));
}

TEST_CASE("WeightNorm, SpectralNorm: a weight that is no matrix, or an axis that it hasn't") {
  xg::Random random{7};
  const auto vector_layer = [] { return Scaled{xg::Parameter{xg::ones({3}), "W"}}; };
  const auto matrix_layer = [] { return Scaled{xg::Parameter{xg::ones({3, 2}), "W"}}; };
  const auto made = [](auto make) {
    return message_of<xg::ShapeError>([&] {
      static_cast<void>(make());
      return 0;
    });
  };
  CHECK(contains(made([&] { return xg::nn::WeightNorm<Scaled>{vector_layer()}; }),
                 "[WeightNorm] of a weight (3,) along axis 0; expected two axes or more"));
  CHECK(contains(made([&] { return xg::nn::WeightNorm<Scaled>{matrix_layer(), 2}; }), "[WeightNorm]"));
  CHECK(contains(made([&] { return xg::nn::WeightNorm<Scaled>{matrix_layer(), -3}; }), "[WeightNorm]"));
  CHECK(contains(made([&] { return xg::nn::SpectralNorm<Scaled>(vector_layer(), random); }), "[SpectralNorm]"));
}
