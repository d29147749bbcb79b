// The cross-entropy by hand beside nn::CrossEntropy, three ways.
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
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
using xg::nn::CrossEntropy;
using xg::nn::Reduction;
namespace manual = xg::check::manual;
using namespace xgrad::test;

namespace {

ManualLayer cross_entropy(const Tensor& z, const Tensor& target, const CrossEntropy& loss, const Tensor& weights = {}) {
  return {[=](const std::vector<Tensor>& in) { return loss(in[0], target, weights); },
          {{"z", z}},
          {},
          [=](const std::vector<Tensor>& in, const Tensor& dy) {
            const auto hand = manual::cross_entropy(in[0], target, dy,
                                                    {.reduction = loss.reduction,
                                                     .class_weights = loss.class_weights,
                                                     .weights = weights,
                                                     .ignore_index = loss.ignore_index,
                                                     .label_smoothing = loss.label_smoothing,
                                                     .axis = loss.axis});
            return ByHand{hand.loss, {hand.dz}};
          }};
}

Tensor drawn(const Shape& shape, xg::DType dtype) {
  return xg::Random{6}.normal(shape, 0, 1, dtype).eval();
}

Tensor distributions(const Shape& shape, xg::DType dtype, std::int64_t axis) {
  return xg::softmax(xg::Random{7}.normal(shape, 0, 1, dtype), axis).eval();
}

}  // namespace

TEST_CASE("manual cross_entropy: equal to nn::CrossEntropy and to differences, with every option and reduction") {
  const Tensor target = xg::tensor({0, 3, 1, 3, 2}, xg::int64);
  const Tensor in_space = xg::tensor({{0, 3}, {1, 3}, {2, 2}}, xg::int64);
  for (const xg::DType dtype : {float64, float32}) {
    const Tensor class_weights = xg::cast(xg::tensor({0.5, 2, 1, 0.25}, float64), dtype).eval();
    const Tensor weights = xg::cast(xg::tensor({1, 0, 2, 0.5, 3}, float64), dtype).eval();
    for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
      CAPTURE(dtype);
      CAPTURE(reduction);
      const Tensor z = drawn({5, 4}, dtype);
      check_three_ways(cross_entropy(z, target, {.reduction = reduction}));
      check_three_ways(cross_entropy(z, target, {.reduction = reduction, .label_smoothing = 0.1}));
      check_three_ways(cross_entropy(z, target, {.reduction = reduction, .class_weights = class_weights}));
      check_three_ways(cross_entropy(z, target, {.reduction = reduction, .ignore_index = 3}));
      const CrossEntropy all{
          .reduction = reduction, .class_weights = class_weights, .ignore_index = 1, .label_smoothing = 0.3};
      check_three_ways(cross_entropy(z, target, all));
      check_three_ways(cross_entropy(z, target, all, weights));
      check_three_ways(cross_entropy(drawn({3, 4, 2}, dtype), in_space, all));
      CrossEntropy last = all;
      last.axis = -1;
      check_three_ways(cross_entropy(drawn({3, 2, 4}, dtype), in_space, last));
      const CrossEntropy soft{.reduction = reduction, .class_weights = class_weights, .label_smoothing = 0.2};
      check_three_ways(cross_entropy(z, distributions({5, 4}, dtype, 1), soft));
      check_three_ways(cross_entropy(z, distributions({5, 4}, dtype, 1), {.reduction = reduction}, weights));
      check_three_ways(cross_entropy(drawn({4}, dtype), xg::tensor(2, xg::int64), {.reduction = reduction}));
      check_three_ways(cross_entropy(drawn({1, 3}, dtype), xg::tensor({1}, xg::int64),
                                     {.reduction = reduction, .label_smoothing = 0.2}));
    }
  }
}

TEST_CASE("manual cross_entropy: one class has nothing to learn") {
  check_manual_is_automatic(cross_entropy(drawn({3, 1}, float64), xg::zeros({3}, xg::int64), {}), {"z"});
}

TEST_CASE("manual cross_entropy: of ignored samples alone, and of none, the mean is NaN") {
  const auto nothing = manual::cross_entropy(xg::zeros({0, 3}), xg::zeros({0}, xg::int64), xg::scalar(1));
  CHECK(std::isnan(nothing.loss.item()));
  CHECK(nothing.dz.shape() == Shape{0, 3});
  const auto ignored =
      manual::cross_entropy(xg::zeros({2, 3}), xg::ones({2}, xg::int64), xg::scalar(1), {.ignore_index = 1});
  CHECK(std::isnan(ignored.loss.item()));
  CHECK(ignored.dz.to_vector<float>() == std::vector<float>(6, 0.0F));
  const CrossEntropy loss{.ignore_index = 1};
  CHECK(std::isnan(loss(xg::zeros({2, 3}), xg::ones({2}, xg::int64)).item()));
}

TEST_CASE("manual cross_entropy: large logits, and one of −∞ that no target has") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor z = xg::tensor({{1000, -1000, 0}, {-infinity, 1, 2}}, float64);
  const Tensor target = xg::tensor({1, 2}, xg::int64);
  const auto hand = manual::cross_entropy(z, target, xg::scalar(1, float64), {.reduction = Reduction::sum});
  CHECK(hand.loss.item() == doctest::Approx(2000 + std::log1p(std::exp(-1.0))));
  CHECK(hand.dz.at({1, 0}).item() == 0);
  CHECK(hand.dz.at({0, 1}).item() == -1);
}

TEST_CASE("manual cross_entropy: a wrong gradient is found") {
  check_every_mistake_is_found(
      cross_entropy(drawn({5, 4}, float64), xg::tensor({0, 3, 1, 3, 2}, xg::int64), {.label_smoothing = 0.1}));
}

TEST_CASE("manual cross_entropy: what doesn't fit is named") {
  const auto message = [](const Tensor& target, const manual::CrossEntropyOptions& options) {
    return message_of<xg::Error>([&] {
      return manual::cross_entropy(xg::zeros({2, 3}, float64), target, xg::scalar(1, float64), options);
    });
  };
  const Tensor target = xg::tensor({0, 2}, xg::int64);
  CHECK(contains(message(xg::tensor({0, 3}, xg::int64), {}), "[manual::cross_entropy] class index 3, expected one of"));
  CHECK(contains(message(xg::tensor({0, -1}, xg::int64), {}), "class index -1, expected one of"));
  CHECK(contains(message(xg::zeros({3}, xg::int64), {}), "the target of indices has shape (3,), expected (2,)"));
  CHECK(contains(message(xg::zeros({2, 3}, float64), {.ignore_index = 1}), "ignore_index beside distributions"));
  CHECK(contains(message(target, {.label_smoothing = 1.5}), "label_smoothing 1.5, expected a number in [0, 1]"));
  CHECK(contains(message(target, {.class_weights = xg::ones({2}, float64)}), "class_weights has shape (2,)"));
  CHECK(contains(message(target, {.reduction = Reduction::none}), "dloss has shape (), expected (2,)"));
  CHECK(contains(message(target, {.axis = 2}), "classes along axis 2 of (2, 3)"));
}
