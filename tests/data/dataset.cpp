#include <algorithm>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/data.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;

namespace {

/// Sample i has features (10 i, 10 i + 1) and label i mod 3.
xg::data::Dataset counted(std::int64_t samples, xg::DType dtype = xg::float32) {
  std::vector<float> single;
  std::vector<double> twice;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < samples; ++i) {
    for (const std::int64_t value : {10 * i, 10 * i + 1}) {
      single.push_back(static_cast<float>(value));
      twice.push_back(static_cast<double>(value));
    }
    labels.push_back(i % 3);
  }
  const xg::Shape shape{samples, 2};
  return xg::data::dataset(dtype == xg::float32 ? xg::from_vector(single, shape) : xg::from_vector(twice, shape),
                           xg::from_vector(labels, {samples}), 3);
}

xg::Tensor labels_of(const std::vector<std::int64_t>& values) {
  return xg::from_vector(values, {static_cast<std::int64_t>(values.size())});
}

}  // namespace

TEST_CASE("dataset: targets are the labels one-hot, in the inputs' dtype") {
  const auto data = xg::data::dataset(xg::zeros({3, 2}, xg::float64), labels_of({2, 0, 2}), 4);
  CHECK(data.size() == 3);
  CHECK(data.features() == 2);
  CHECK(data.classes() == 4);
  CHECK(data.targets.to_vector<double>() == std::vector<double>{0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0});
  const auto single = xg::data::dataset(xg::zeros({1, 1}), labels_of({1}), 2);
  CHECK(single.targets.to_vector<float>() == std::vector<float>{0, 1});
}

TEST_CASE("dataset: inputs that are computed, or have a history, are values without one") {
  const xg::Tensor x = xg::variable(xg::from_vector<float>({1, 2, 3, 4}, {2, 2}));
  const auto data = xg::data::dataset(x + x, labels_of({0, 1}), 2);
  CHECK_FALSE(data.inputs.has_history());
  CHECK(data.inputs.to_vector<float>() == std::vector<float>{2, 4, 6, 8});
}

TEST_CASE("dataset: no samples are a dataset, of which nothing can be split off") {
  const auto none = xg::data::dataset(xg::zeros({0, 2}), labels_of({}), 2);
  CHECK(none.size() == 0);
  CHECK(none.targets.shape() == xg::Shape{0, 2});
  CHECK_THROWS_AS(static_cast<void>(xg::data::split(none, 0.5, 0)), xg::ValueError);
}

TEST_CASE("dataset: shapes, dtypes and labels that don't fit are errors that say what was found") {
  const xg::Tensor inputs = xg::zeros({3, 2});
  const auto shape_error = [](const xg::Tensor& x, const xg::Tensor& labels) {
    return message_of<xg::ShapeError>([&] { return xg::data::dataset(x, labels, 2); });
  };
  CHECK(contains(shape_error(xg::zeros({3}), labels_of({0, 1, 0})), "[dataset] inputs (3,)"));
  CHECK(contains(shape_error(xg::zeros({}), labels_of({0, 1, 0})), "[dataset] inputs ()"));
  CHECK(contains(shape_error(xg::zeros({3, 2, 2}), labels_of({0, 1})), "[dataset] labels (2,) and inputs (3, 2, 2)"));
  CHECK(contains(shape_error(inputs, labels_of({0, 1})), "[dataset] labels (2,) and inputs (3, 2)"));
  CHECK(contains(shape_error(inputs, xg::zeros({3, 1}, xg::int64)), "[dataset] labels (3, 1) and inputs (3, 2)"));
  CHECK_THROWS_AS(static_cast<void>(xg::data::dataset(xg::zeros({3, 2}, xg::int64), labels_of({0, 0, 0}), 2)),
                  xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(xg::data::dataset(inputs, xg::zeros({3}), 2)), xg::DTypeError);
  const auto value_error = [&](const std::vector<std::int64_t>& labels, std::int64_t classes) {
    return message_of<xg::ValueError>([&] { return xg::data::dataset(inputs, labels_of(labels), classes); });
  };
  CHECK(contains(value_error({0, 1, 2}, 2), "[dataset] label 2 of sample 2: expected 0 to 1"));
  CHECK(contains(value_error({0, -1, 0}, 2), "[dataset] label -1 of sample 1: expected 0 to 1"));
  CHECK(contains(value_error({0, 0, 0}, 0), "[dataset] 0 classes"));
  CHECK_THROWS_AS(static_cast<void>(xg::data::dataset({}, labels_of({0}), 2)), xg::ValueError);
}

TEST_CASE("split: the two parts are the samples, each once, with rows, labels and targets kept together") {
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    const auto [train, test] = xg::data::split(counted(20, dtype), 0.3, 9);
    CHECK(train.size() == 14);
    CHECK(test.size() == 6);
    std::vector<std::int64_t> seen;
    for (const xg::data::Dataset& part : {train, test}) {
      CHECK(part.inputs.dtype() == dtype);
      CHECK(part.targets.dtype() == dtype);
      for (std::int64_t i = 0; i < part.size(); ++i) {
        const auto sample = static_cast<std::int64_t>(part.inputs.at({i, 0}).item()) / 10;
        CHECK(part.inputs.at({i, 1}).item() == static_cast<double>(10 * sample + 1));
        CHECK(part.labels.at({i}).item() == static_cast<double>(sample % 3));
        for (std::int64_t k = 0; k < 3; ++k) {
          CHECK(part.targets.at({i, k}).item() == (k == sample % 3 ? 1 : 0));
        }
        seen.push_back(sample);
      }
    }
    std::sort(seen.begin(), seen.end());
    for (std::int64_t i = 0; i < 20; ++i) {
      CHECK(seen[static_cast<std::size_t>(i)] == i);
    }
  }
}

TEST_CASE("split, batches: samples may have several axes, which stay") {
  auto whole = xg::data::dataset(xg::reshape(xg::arange(0, 48), {4, 1, 3, 4}), labels_of({0, 1, 2, 0}), 3);
  CHECK(whole.features() == 12);
  CHECK(xg::data::dataset(xg::zeros({0, 3, 4}), labels_of({}), 2).features() == 12);
  const auto [train, test] = xg::data::split(whole, 0.5, 1);
  CHECK(train.inputs.shape() == xg::Shape{2, 1, 3, 4});
  std::vector<float> firsts;
  for (const xg::data::Dataset& part : {train, test}) {
    for (const auto& [x, y] : xg::data::batches(part, {.size = 1, .labels = true})) {
      CHECK(x.shape() == xg::Shape{1, 1, 3, 4});
      const auto values = x.data<float>();
      for (std::size_t i = 0; i < values.size(); ++i) {
        CHECK(values[i] == values[0] + static_cast<float>(i));
      }
      firsts.push_back(values[0]);
      CHECK(y.item() == static_cast<double>(static_cast<std::int64_t>(values[0]) / 12 % 3));
    }
  }
  std::sort(firsts.begin(), firsts.end());
  CHECK(firsts == std::vector<float>{0, 12, 24, 36});

  xg::Random random{1};
  whole.inputs = xg::reshape(whole.inputs, {-1, 4, 3});  // pending until a batch is read
  for (const auto& [x, y] : xg::data::batches(whole, {.size = 2, .shuffle = random})) {
    CHECK(x.shape() == xg::Shape{2, 4, 3});
  }
}

TEST_CASE("split: rounds the test part and refuses an empty one") {
  CHECK(xg::data::split(counted(10), 0.25, 0).test.size() == 3);
  CHECK(xg::data::split(counted(10), 0.24, 0).test.size() == 2);
  CHECK(xg::data::split(counted(2), 0.5, 0).test.size() == 1);
  for (const double fraction : {0.04, 0.96, 0.0, 1.0, -1.0, std::nan("")}) {
    CAPTURE(fraction);
    CHECK(contains(message_of<xg::ValueError>([=] { return xg::data::split(counted(10), fraction, 0); }),
                   "[split] test_fraction "));
  }
  CHECK_THROWS_AS(static_cast<void>(xg::data::split(counted(1), 0.5, 0)), xg::ValueError);
}

TEST_CASE("split: a hand-made dataset whose tensors disagree is an error") {
  auto data = counted(4);
  data.targets = xg::zeros({3, 3});
  CHECK(contains(message_of<xg::ShapeError>([&] { return xg::data::split(data, 0.5, 0); }), "[split] targets (3, 3)"));
  data.targets = xg::zeros({4, 3}, xg::float64);
  CHECK(contains(message_of<xg::DTypeError>([&] { return xg::data::split(data, 0.5, 0); }),
                 "[split] targets are float64"));
  data.targets = {};
  CHECK_THROWS_AS(static_cast<void>(xg::data::split(data, 0.5, 0)), xg::ValueError);
}
