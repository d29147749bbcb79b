// An embedding by hand beside nn::Embedding, three ways.
#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/manual_layer.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float32;
using xg::float64;
using xg::Shape;
using xg::Tensor;
namespace manual = xg::check::manual;
using namespace xgrad::test;

namespace {

ManualLayer embedding(const Tensor& indices, std::optional<std::int64_t> padding, xg::DType dtype) {
  const Tensor table = xg::Random{7}.normal({5, 3}, 0, 1, dtype).eval();
  const xg::nn::Embedding layer{table, padding};
  return {[layer, indices](const std::vector<Tensor>&) { return layer(indices); },
          {},
          {{"weight", layer.weight}},
          [layer, indices, padding](const std::vector<Tensor>&, const Tensor& dy) {
            const auto hand = manual::embedding(layer.weight, indices, dy, padding);
            return ByHand{hand.y, {hand.dweight}};
          }};
}

Tensor indices_of(const xg::NestedList& values) {
  return xg::tensor(values, xg::int64);
}

}  // namespace

TEST_CASE("manual embedding: equal to nn::Embedding and to differences, rows that are used again and never") {
  for (const xg::DType dtype : {float64, float32}) {
    CAPTURE(dtype);
    check_three_ways(embedding(indices_of({0, 1, 2, 3, 4}), {}, dtype));
    check_three_ways(embedding(indices_of({{1, 1, 4}, {1, 0, 4}}), {}, dtype));
    check_three_ways(embedding(indices_of({{{2}}, {{-1}}}), {}, dtype));
    check_three_ways(embedding(indices_of(3), {}, dtype));
  }
}

TEST_CASE("manual embedding: the padding row has no gradient, however it is counted") {
  // Differences see that the row matters: the rows below it are compared with the automatic gradient alone.
  for (const std::int64_t padding : {1, -4}) {
    const ManualLayer layer = embedding(indices_of({{1, 2, -4}, {2, 0, 3}}), padding, float64);
    check_output(layer);
    const xg::check::Report report = compared(layer);
    CHECK(report.parameters[0].manual_automatic.verdict == xg::check::Verdict::right);
    const auto hand =
        manual::embedding(xg::zeros({5, 3}, float64), indices_of({1, 2, -4}), xg::ones({3, 3}, float64), padding);
    CHECK(xg::sum(hand.dweight, 1).eval().to_vector<double>() == std::vector<double>{0, 0, 3, 0, 0});
  }
}

TEST_CASE("manual embedding: no indices, and a wrong gradient") {
  const auto hand = manual::embedding(xg::ones({4, 2}), xg::zeros({3, 0}, xg::int64), xg::zeros({3, 0, 2}));
  CHECK(hand.y.shape() == Shape{3, 0, 2});
  CHECK(hand.dweight.to_vector<float>() == std::vector<float>(8, 0.0F));
  check_every_mistake_is_found(embedding(indices_of({{1, 1, 4}, {1, 0, 4}}), {}, float64));
}

TEST_CASE("manual embedding: what doesn't fit is named") {
  const auto message = [](const Tensor& indices, std::optional<std::int64_t> padding) {
    return message_of<xg::Error>([&] {
      return manual::embedding(xg::ones({4, 2}), indices, xg::zeros({2, 2}), padding);
    });
  };
  CHECK(contains(message(indices_of({1, 4}), {}), "[manual::embedding] index 4 of 4 rows, expected -4 to 3"));
  CHECK(contains(message(indices_of({1, 2}), -5), "padding index -5 of 4 rows"));
  CHECK(contains(message(xg::zeros({2}), {}), "the indices are float32, expected int64"));
  CHECK(contains(message(indices_of({1, 2, 3}), {}), "dy has shape (2, 2), expected (3, 2)"));
}
