// Metrics, worked by hand; the values of the larger example are scikit-learn's definitions in plain loops.
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;
using doctest::Approx;
using nn::Average;
using xg::float64;
using xg::Tensor;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

Tensor integers(const std::vector<std::int64_t>& values) {
  return xg::from_vector(values, {static_cast<std::int64_t>(values.size())});
}

}  // namespace

TEST_CASE("top k accuracy: the label is among the k largest, ties by index, a NaN is wrong") {
  const Tensor outputs = xg::tensor({{3, 2, 1}, {1, 2, 3}, {1, 1, 1}, {nan_value, 0, 5}}, float64);
  const Tensor labels = integers({1, 0, 1, 2});
  CHECK(nn::top_k_accuracy(outputs, labels, 1) == 0);
  CHECK(nn::top_k_accuracy(outputs, labels, 2) == 0.5);
  CHECK(nn::top_k_accuracy(outputs, labels, 3) == 0.75);
  const Tensor first = integers({0, 2, 0, 2});
  CHECK(nn::top_k_accuracy(outputs, first, 1) == nn::accuracy(outputs, first));
  CHECK_THROWS_WITH_AS(static_cast<void>(nn::top_k_accuracy(outputs, labels, 4)),
                       "[top_k_accuracy] k 4; expected 1 to 3 for outputs (4, 3)", xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::top_k_accuracy(outputs, labels, 0)), xg::ValueError);
  CHECK(contains(message_of<xg::ValueError>([&] {
                   return nn::top_k_accuracy(outputs, integers({1, 0, 3, 0}), 1);
                 }),
                 "[top_k_accuracy] the label of row 2 is 3"));
}

TEST_CASE("confusion matrix: rows are classes, columns what they were taken for") {
  const auto counts = nn::confusion_matrix(integers({0, 2, 2, 1, 0}), integers({0, 1, 2, 1, 1}), 4);
  CHECK(counts == std::vector<std::vector<std::int64_t>>{{1, 0, 0, 0}, {1, 1, 1, 0}, {0, 0, 1, 0}, {0, 0, 0, 0}});
  CHECK_THROWS_AS(static_cast<void>(nn::confusion_matrix(integers({0}), integers({0}), 0)), xg::ValueError);
  CHECK(contains(message_of<xg::ValueError>([] {
                   return nn::confusion_matrix(integers({0, 2}), integers({0, 1}), 2);
                 }),
                 "[confusion_matrix] the class at row 1 of the predictions is 2; expected 0 to 1"));
  CHECK_THROWS_AS(static_cast<void>(nn::confusion_matrix(integers({0}), integers({0, 1}), 2)), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::confusion_matrix(xg::zeros({1}), integers({0}), 2)), xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(nn::confusion_matrix(integers({}), integers({}), 2)), xg::ValueError);
}

TEST_CASE("precision, recall, f1: of class 1, and averaged both ways") {
  const Tensor labels = integers({1, 1, 1, 0, 0, 0});
  const Tensor predictions = integers({1, 1, 0, 1, 0, 0});
  CHECK(nn::precision(predictions, labels) == Approx(2.0 / 3));
  CHECK(nn::recall(predictions, labels) == Approx(2.0 / 3));
  CHECK(nn::f1(predictions, labels) == Approx(2.0 / 3));
  // Class 0: taken 2, of it 3, hits 1. Class 2: taken 3, of it 2, hits 1. Class 4: taken 1, of it 1, hits 1. No class
  // 1, 3.
  const Tensor many = integers({0, 0, 0, 2, 2, 4});
  const Tensor guessed = integers({0, 2, 2, 2, 0, 4});
  CHECK(nn::precision(guessed, many, Average::macro) == Approx((1.0 / 2 + 1.0 / 3 + 1) / 3).epsilon(1e-14));
  CHECK(nn::recall(guessed, many, Average::macro) == Approx((1.0 / 3 + 1.0 / 2 + 1) / 3).epsilon(1e-14));
  CHECK(nn::f1(guessed, many, Average::macro) == Approx((2.0 / 5 + 2.0 / 5 + 1) / 3).epsilon(1e-14));
  for (const auto& metric : {&nn::precision, &nn::recall, &nn::f1}) {
    CHECK(metric(guessed, many, Average::micro) == 0.5);
    CHECK_THROWS_AS(static_cast<void>(metric(guessed, many, Average::binary)), xg::ValueError);
    CHECK_THROWS_AS(static_cast<void>(metric(integers({-1}), integers({0}), Average::macro)), xg::ValueError);
  }
  // A share of nothing is 0.
  CHECK(nn::precision(integers({0, 0}), integers({1, 1})) == 0);
  CHECK(nn::recall(integers({1, 1}), integers({0, 0})) == 0);
  CHECK(nn::f1(integers({0, 0}), integers({0, 0})) == 0);
}

TEST_CASE("auc: the share of pairs in order, ties counting half") {
  const Tensor labels = integers({0, 0, 1, 1, 0, 1, 1});
  const std::vector<double> scores{0.1, 0.4, 0.4, 0.8, 0.4, -1, 2};
  double pairs = 0;
  const auto classes = labels.to_vector<std::int64_t>();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (classes[i] == 1 && classes[j] == 0) {
        pairs += scores[i] > scores[j] ? 1 : (scores[i] == scores[j] ? 0.5 : 0);
      }
    }
  }
  CHECK(nn::auc(xg::from_vector(scores, {7}), labels) == Approx(pairs / 12).epsilon(1e-15));
  CHECK(nn::auc(xg::tensor({1, 2, 3}), integers({0, 0, 1})) == 1);
  CHECK(nn::auc(xg::tensor({1, 2, 3}), integers({1, 1, 0})) == 0);
  CHECK(nn::auc(xg::tensor({5, 5, 5}), integers({1, 0, 0})) == 0.5);
  CHECK_THROWS_WITH_AS(static_cast<void>(nn::auc(xg::tensor({1, nan_value}), integers({0, 1}))),
                       "[auc] the score of row 1 is NaN, which has no rank", xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::auc(xg::tensor({1, 2}), integers({1, 1}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::auc(xg::tensor({1, 2}), integers({1, 2}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::auc(integers({1, 2}), integers({0, 1}))), xg::DTypeError);
}

TEST_CASE("perplexity: of equal logits the number of classes") {
  CHECK(nn::perplexity(xg::zeros({3, 5}), integers({0, 4, 2})) == Approx(5).epsilon(1e-14));
  CHECK(nn::perplexity(xg::zeros({2, 5, 3}), xg::zeros({2, 3}, xg::int64)) == Approx(5).epsilon(1e-14));
  CHECK(std::isnan(nn::perplexity(xg::full({1, 2}, nan_value), integers({0}))));
  CHECK_THROWS_AS(static_cast<void>(nn::perplexity(xg::zeros({3, 5}), integers({0, 4, 5}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::perplexity(xg::zeros({3, 5}), integers({0, 4}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::perplexity(xg::zeros({0, 5}), integers({}))), xg::ValueError);
}

TEST_CASE("r squared and mean absolute error: by hand, NaN for NaN") {
  const Tensor y = xg::tensor({1, 2, 3, 6}, float64);
  const Tensor a = xg::tensor({1, 3, 3, 4}, float64);
  CHECK(nn::r_squared(a, y) == Approx(1 - 5.0 / 14).epsilon(1e-15));
  CHECK(nn::r_squared(y, y) == 1);
  CHECK(nn::mean_absolute_error(a, y) == 0.75);
  CHECK(nn::mean_absolute_error(xg::reshape(a, {2, 2}), xg::reshape(y, {2, 2})) == 0.75);
  CHECK(std::isnan(nn::r_squared(xg::full({4}, nan_value, float64), y)));
  CHECK(std::isnan(nn::r_squared(y, xg::full({4}, nan_value, float64))));
  CHECK(std::isnan(nn::mean_absolute_error(xg::full({4}, nan_value, float64), y)));
  CHECK_THROWS_AS(static_cast<void>(nn::r_squared(a, xg::ones({4}, float64))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::r_squared(a, xg::ones({3}, float64))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::mean_absolute_error(a, xg::ones({4}))), xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(nn::mean_absolute_error(xg::zeros({0}), xg::zeros({0}))), xg::ValueError);
}
