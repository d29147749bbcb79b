// Embedding, EmbeddingBag, LearnedPositions: padding, tying, empty bags, errors; values are beside PyTorch's in
// golden_layers.cpp.
#include <cmath>
#include <cstddef>
#include <doctest/doctest.h>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Shape;
using xg::Tensor;
using xg::nn::BagMode;
using xg::nn::Embedding;
using xg::nn::EmbeddingBag;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

Tensor indices(const xg::NestedList& values) {
  return xg::tensor(values, xg::int64);
}

}  // namespace

TEST_CASE("Embedding: rows by index, of any shape of indices") {
  const Embedding table{doubles({{1, 2}, {3, 4}, {5, 6}})};
  CHECK(values_of(table(indices(2))) == Values{5, 6});
  CHECK(values_of(table(indices({{0, 2}, {1, 1}}))) == Values{1, 2, 5, 6, 3, 4, 3, 4});
  CHECK(table(indices({{0, 2, 1}, {1, 1, 1}})).shape() == Shape{2, 3, 2});
}

TEST_CASE("Embedding: the padding row is 0 at first and gets no gradient, by either of its indices") {
  xg::Random random{2};
  for (const std::int64_t padding : {1, -2}) {
    const Embedding table{3, 2, random, {.padding = padding, .dtype = float64}};
    CHECK(table.padding == 1);
    const Values weight = values_of(table.weight);
    CHECK(weight[2] == 0);
    CHECK(weight[3] == 0);
    CHECK(weight[0] != 0);
    table.weight.set(doubles({{1, 2}, {3, 4}, {5, 6}}));
    const Tensor y = table(indices({1, -2, 0, 0, -1}));
    CHECK(values_of(y) == Values{3, 4, 3, 4, 1, 2, 1, 2, 5, 6});
    CHECK(values_of(xg::gradients(xg::sum(y), {table.weight})[0]) == Values{2, 2, 0, 0, 1, 1});
  }
}

TEST_CASE("Embedding: shares its cell with an output layer: one parameter, trained through both") {
  xg::Random random{2};
  struct Model {
    Embedding in;
    xg::nn::Dense out;
  };
  const Embedding in{4, 3, random, {.dtype = float64}};
  const Model model{in, xg::nn::Dense{in.weight}};
  CHECK(model.out.W.is(model.in.weight));
  const Model copy = xg::nn::clone(model);
  CHECK(copy.out.W.is(copy.in.weight));
  CHECK_FALSE(copy.in.weight.is(in.weight));
  const Embedding again{in.weight, 2};
  CHECK(again.weight.is(in.weight));
  CHECK(again.padding == 2);
  const Tensor loss = xg::sum(model.out(model.in(indices({0, 1}))));
  const Values gradient = values_of(xg::gradients(loss, {in.weight})[0]);
  CHECK(gradient[9] != 0);            // row 3, as an output
  CHECK(gradient[0] != gradient[9]);  // row 0, as an input, too
}

TEST_CASE("Embedding: what doesn't fit is an error that names it") {
  xg::Random random{2};
  const auto message = [](const auto& call) { return message_of<xg::Error>(call); };
  CHECK(contains(message([&] { return Embedding{0, 2, random}; }), "[Embedding] of 0 rows of 2 elements"));
  CHECK(contains(message([&] { return Embedding{3, 2, random, {.padding = 3}}; }), "padding index 3 of 3 rows"));
  CHECK(contains(message([&] { return Embedding{3, 2, random, {.padding = -4}}; }), "expected -3 to 2"));
  CHECK(contains(message([&] { return Embedding{3, 2, random, {.dtype = xg::int64}}; }), "of int64"));
  CHECK(contains(message([&] { return Embedding{3, 2, random, {.weight = {}}}; }), "empty initializer"));
  CHECK(contains(message([&] { return Embedding{xg::ones({3})}; }), "the weight is (count, width), not (3,)"));
  const Embedding table{3, 2, random};
  CHECK(contains(message([&] { return table(xg::ones({3})); }), "the indices are float32; expected int64"));
  CHECK(contains(message([&] { return table(Tensor{}); }), "undefined"));
  CHECK_THROWS_AS(table(indices({3})).eval(), xg::ValueError);
}

TEST_CASE("EmbeddingBag: offsets and rows give the same; a bag without rows is 0 in all modes") {
  xg::Random random{2};
  for (const BagMode mode : {BagMode::sum, BagMode::mean, BagMode::max}) {
    const EmbeddingBag bag{5, 3, random, mode, {.padding = 1, .dtype = float64}};
    bag.weight.set(random.normal({5, 3}, -2, 1, float64));
    const Tensor rows = bag(indices({{0, 2, 1}, {4, 4, 3}, {1, 1, 1}}));
    const Tensor flat = bag.bags(indices({0, 2, 1, 4, 4, 3, 1, 1, 1}), indices({0, 3, 6}));
    CHECK(values_of(rows) == values_of(flat));
    CHECK(values_of(xg::slice(rows, {.start = 2, .stop = 3, .step = 1})) == Values{0, 0, 0});
    const Tensor holes = bag.bags(indices({0, 2}), indices({0, 0, 2, 2}));
    CHECK(values_of(xg::slice(holes, {.start = 0, .stop = 1, .step = 1})) == Values{0, 0, 0});
    CHECK(values_of(xg::slice(holes, {.start = 1, .stop = 2, .step = 1})) ==
          values_of(xg::slice(rows, {.start = 0, .stop = 1, .step = 1})));
    CHECK(values_of(xg::slice(holes, {.start = 2, .stop = 4, .step = 1})) == Values(6, 0));
    CHECK(values_of(bag(xg::zeros({2, 0}, xg::int64))) == Values(6, 0));
    CHECK(bag.bags(xg::zeros({0}, xg::int64), indices({0, 0})).shape() == Shape{2, 3});
    CHECK(bag(xg::zeros({0, 4}, xg::int64)).shape() == Shape{0, 3});
    CHECK(values_of(xg::gradients(xg::sum(flat), {bag.weight})[0])[3] == 0);
  }
}

TEST_CASE("EmbeddingBag: what doesn't fit is an error that names it") {
  xg::Random random{2};
  const EmbeddingBag bag{5, 3, random, BagMode::sum};
  const EmbeddingBag mean{5, 3, random, BagMode::mean};
  const auto message = [](const auto& call) { return message_of<xg::Error>(call); };
  CHECK(contains(message([&] { return bag(indices({1, 2})); }), "[EmbeddingBag] takes indices (N, L), not (2,)"));
  CHECK(contains(message([&] { return bag.bags(indices({{1, 2}}), indices({0})); }), "not (1, 2) and (1,)"));
  CHECK(contains(message([&] { return bag.bags(indices({1}), xg::zeros({1})); }), "the offsets are float32"));
  CHECK(contains(message([&] { return bag(indices({{1, 2}}), xg::ones({2})); }), "weights per sample (2,)"));
  CHECK(contains(message([&] { return bag(indices({{1, 2}}), xg::ones({1, 2}, float64)); }), "are float64"));
  CHECK(contains(message([&] { return mean(indices({{1, 2}}), xg::ones({1, 2})); }), "but for a sum"));
  for (const BagMode mode : {BagMode::sum, BagMode::mean, BagMode::max}) {
    const EmbeddingBag any{bag.weight, mode};
    // Bags that don't start at 0, that fall, or start behind the indices.
    CHECK_THROWS_AS(any.bags(indices({1, 2, 3}), indices({1, 2})).eval(), xg::ValueError);
    CHECK_THROWS_AS(any.bags(indices({1, 2, 3}), indices({0, 2, 1})).eval(), xg::ValueError);
    CHECK_THROWS_AS(any.bags(indices({1, 2, 3}), indices({0, 4})).eval(), xg::ValueError);
    CHECK_THROWS_AS(any.bags(indices({1, 2, 5}), indices({0})).eval(), xg::ValueError);
  }
}

TEST_CASE("LearnedPositions: adds rows from the first on") {
  xg::Random random{2};
  const xg::nn::LearnedPositions positions{4, 2, random};
  positions.weight.set(xg::tensor({{1, 2}, {3, 4}, {5, 6}, {7, 8}}));
  const Tensor x = xg::zeros({1, 2, 2});
  CHECK(positions(x).to_vector<float>() == std::vector<float>{1, 2, 3, 4});
  CHECK(positions(x, 2).to_vector<float>() == std::vector<float>{5, 6, 7, 8});
  CHECK(contains(message_of<xg::ShapeError>([&] { return positions(x, 3); }), "positions 3 to 5 of 4"));
  CHECK(contains(message_of<xg::ShapeError>([&] { return positions(x, -1); }), "positions -1"));
  CHECK(contains(message_of<xg::ShapeError>([&] { return positions(xg::ones({2, 3})); }), "takes (…, T, 2)"));
  CHECK(xg::nn::parameters(positions)[0].name == "weight");
}

TEST_CASE("SinusoidalPositions: adds sines and cosines from the first position on") {
  const xg::nn::SinusoidalPositions positions;
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    const double tolerance = dtype == xg::float32 ? 1e-6 : 1e-14;
    const Tensor y = positions(xg::full({2, 3, 4}, 0.5, dtype), 5);
    REQUIRE(y.shape() == xg::Shape{2, 3, 4});
    CHECK(y.dtype() == dtype);
    const std::vector<double> found = xg::cast(y, xg::float64).to_vector<double>();
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double angle = static_cast<double>(5 + i / 4 % 3) / (i % 4 < 2 ? 1 : 100);
      CHECK(found[i] == doctest::Approx(0.5 + (i % 2 == 0 ? std::sin(angle) : std::cos(angle))).epsilon(tolerance));
    }
  }
  CHECK(xg::nn::parameters(xg::nn::Sequential{positions}).empty());
  CHECK_THROWS_AS(static_cast<void>(positions(xg::ones({4}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(positions(xg::ones({2, 3}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(positions(xg::ones({2, 4}), -1)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(positions(Tensor{})), xg::ValueError);
}
