#include <algorithm>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <numeric>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/data.hpp"
#include "xgrad/error.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;

namespace {

constexpr std::int64_t classes = 4;

/// Sample i has features (i, −i, i / 2) and label 3 i mod 4.
template <class T>
xg::data::Dataset numbered(std::int64_t samples) {
  std::vector<T> inputs;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < samples; ++i) {
    const T value = static_cast<T>(i);
    inputs.insert(inputs.end(), {value, -value, value / 2});
    labels.push_back(3 * i % classes);
  }
  return xg::data::dataset(xg::from_vector(inputs, {samples, 3}), xg::from_vector(labels, {samples}), classes);
}

/// The number of each sample in the order handed out. Checks that the rest of its row and its target belong to it.
template <class T>
std::vector<std::int64_t> samples_of(const xg::data::Batches& batches) {
  std::vector<std::int64_t> samples;
  for (const xg::data::Batch& batch : batches) {
    const xg::Tensor& x = batch.inputs;
    const xg::Tensor& y = batch.targets;
    const auto inputs = x.data<T>();
    const auto targets = y.data<T>();
    REQUIRE(x.shape() == xg::Shape{x.dim(0), 3});
    REQUIRE(y.shape() == xg::Shape{x.dim(0), classes});
    for (std::size_t i = 0; i < static_cast<std::size_t>(x.dim(0)); ++i) {
      const auto sample = static_cast<std::int64_t>(inputs[3 * i]);
      CHECK(inputs[3 * i + 1] == -inputs[3 * i]);
      CHECK(inputs[3 * i + 2] == inputs[3 * i] / 2);
      for (std::int64_t k = 0; k < classes; ++k) {
        CHECK(targets[4 * i + static_cast<std::size_t>(k)] == (k == 3 * sample % classes ? T{1} : T{0}));
      }
      samples.push_back(sample);
    }
  }
  return samples;
}

std::vector<std::int64_t> sizes_of(const xg::data::Batches& batches) {
  std::vector<std::int64_t> sizes;
  for (const auto& [x, y] : batches) {
    CHECK(x.dim(0) == y.dim(0));
    sizes.push_back(x.dim(0));
  }
  return sizes;
}

std::vector<std::int64_t> up_to(std::int64_t count) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

template <class T>
std::vector<T> sorted(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace

TEST_CASE_TEMPLATE("batches: without shuffling the samples come in their order, in the dataset's dtype", T, float,
                   double) {
  const auto data = numbered<T>(23);
  for (const std::int64_t size : {1, 2, 7, 22, 23, 24, 0}) {
    CAPTURE(size);
    CHECK(samples_of<T>(xg::data::batches(data, {.size = size})) == up_to(23));
  }
}

TEST_CASE_TEMPLATE("batches: shuffled, every sample comes exactly once, with its own target", T, float, double) {
  const auto data = numbered<T>(101);
  xg::Random random{4};
  for (const std::int64_t size : {1, 10, 101, 1000, 0}) {
    CAPTURE(size);
    const auto samples = samples_of<T>(xg::data::batches(data, {.size = size, .shuffle = random}));
    CHECK(samples != up_to(101));
    CHECK(sorted(samples) == up_to(101));
  }
}

TEST_CASE("batches: the order is Random's permutation, drawn once at construction") {
  const auto data = numbered<float>(50);
  xg::Random random{8};
  xg::Random same{8};
  const auto pass = xg::data::batches(data, {.size = 7, .shuffle = random});
  CHECK(samples_of<float>(pass) == same.permutation(50));
  CHECK(samples_of<float>(pass) == xg::Random{8}.permutation(50));
  CHECK(samples_of<float>(xg::data::batches(data, {.size = 7, .shuffle = random})) == same.permutation(50));
}

TEST_CASE("batches: the same seed gives the same passes, a new call shuffles anew") {
  const auto data = numbered<float>(50);
  const auto passes = [&](std::uint64_t seed) {
    xg::Random random{seed};
    std::vector<std::vector<std::int64_t>> orders;
    orders.reserve(3);
    for (int pass = 0; pass < 3; ++pass) {
      orders.push_back(samples_of<float>(xg::data::batches(data, {.size = 9, .shuffle = random})));
    }
    return orders;
  };
  const auto first = passes(1);
  CHECK(first == passes(1));
  CHECK(first != passes(2));
  CHECK(first[0] != first[1]);
  CHECK(first[1] != first[2]);
}

TEST_CASE("batches: sizes, the number of batches, and what drop_last leaves out") {
  using Sizes = std::vector<std::int64_t>;
  const auto data = numbered<float>(10);
  const auto check = [&](const xg::data::BatchOptions& options, const Sizes& expected) {
    const auto batches = xg::data::batches(data, options);
    CHECK(batches.size() == static_cast<std::int64_t>(expected.size()));
    CHECK(sizes_of(batches) == expected);
  };
  check({}, {10});
  check({.size = 4}, {4, 4, 2});
  check({.size = 5}, {5, 5});
  check({.size = 10}, {10});
  check({.size = 11}, {10});
  check({.size = 0}, {10});
  check({.size = std::numeric_limits<std::int64_t>::max()}, {10});
  check({.size = 4, .drop_last = true}, {4, 4});
  check({.size = 5, .drop_last = true}, {5, 5});
  check({.size = 10, .drop_last = true}, {10});
  check({.size = 0, .drop_last = true}, {10});
}

TEST_CASE("batches: labels are the classes of the one-hot rows of the same pass") {
  const auto data = numbered<float>(30);
  xg::Random random{3};
  xg::Random same{3};
  const auto rows = xg::data::batches(data, {.size = 8, .shuffle = random});
  const auto indices = xg::data::batches(data, {.size = 8, .shuffle = same, .labels = true});
  auto index = indices.begin();
  for (const auto& [x, y] : rows) {
    const auto [same_x, labels] = *index;
    ++index;
    CHECK(same_x.to_vector<float>() == x.to_vector<float>());
    CHECK(labels.shape() == xg::Shape{x.dim(0)});
    const auto one_hot = y.data<float>();
    const auto classes_of_x = labels.to_vector<std::int64_t>();
    for (std::size_t i = 0; i < classes_of_x.size(); ++i) {
      CHECK(one_hot[i * classes + static_cast<std::size_t>(classes_of_x[i])] == 1);
    }
  }
  CHECK(index == indices.end());
}

TEST_CASE("batches: a batch is a copy that outlives the range and the dataset") {
  xg::data::Batch kept;
  {
    const auto data = numbered<float>(6);
    for (auto batch : xg::data::batches(data, {.size = 4})) {
      kept = batch;
    }
  }
  CHECK(kept.inputs.to_vector<float>() == std::vector<float>{4, -4, 2, 5, -5, 2.5});
  CHECK(kept.inputs.evaluated());
  CHECK_FALSE(kept.inputs.has_history());
}

TEST_CASE("batches: an empty dataset, a negative size, and no whole batch with drop_last are ValueErrors") {
  const auto error = [](std::int64_t samples, const xg::data::BatchOptions& options) {
    return message_of<xg::ValueError>([&] { return xg::data::batches(numbered<float>(samples), options); });
  };
  CHECK(contains(error(0, {}), "[batches] the dataset is empty"));
  CHECK(contains(error(0, {.size = 0}), "[batches] the dataset is empty"));
  CHECK(contains(error(3, {.size = -1}), "[batches] size -1"));
  CHECK(contains(error(3, {.size = 4, .drop_last = true}), "[batches] size 4 with drop_last leaves no batch of 3"));
  CHECK_THROWS_AS(static_cast<void>(xg::data::batches({})), xg::ValueError);
  const auto batches = xg::data::batches(numbered<float>(3), {.size = 2});
  CHECK_THROWS_AS(static_cast<void>(*batches.end()), xg::ValueError);
}

TEST_CASE("batches: a dataset whose tensors disagree is an error before anything is drawn") {
  auto data = numbered<float>(4);
  data.labels = xg::zeros({3}, xg::int64);
  xg::Random random{1};
  CHECK_THROWS_AS(static_cast<void>(xg::data::batches(data, {.shuffle = random})), xg::ShapeError);
  data.labels = xg::zeros({4});
  CHECK_THROWS_AS(static_cast<void>(xg::data::batches(data, {.shuffle = random})), xg::DTypeError);
  CHECK(random.permutation(20) == xg::Random{1}.permutation(20));
}
