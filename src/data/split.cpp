#include <cmath>
#include <fmt/format.h>
#include <span>
#include <vector>

#include "xgrad/error.hpp"

#include "data/dataset.hpp"
#include "data/rows.hpp"

namespace xgrad::data {
namespace {

Dataset gather(const Dataset& dataset, std::span<const std::int64_t> rows) {
  return {gather_rows(dataset.inputs, rows), gather_rows(dataset.targets, rows), gather_rows(dataset.labels, rows)};
}

}  // namespace

TrainTest split(const Dataset& dataset, double test_fraction, std::uint64_t seed, std::string_view operation) {
  const Dataset whole = checked(dataset, operation);
  const std::int64_t count = whole.size();
  const bool is_fraction = test_fraction > 0 && test_fraction < 1;  // false for NaN
  if (!is_fraction) {
    throw ValueError(
        fmt::format("[{}] test_fraction {}: expected more than 0 and less than 1", operation, test_fraction));
  }
  const std::int64_t test = std::llround(test_fraction * static_cast<double>(count));
  if (test < 1 || test >= count) {
    throw ValueError(
        fmt::format("[{}] test_fraction {} of {} samples gives {} to train and {} to test: expected at "
                    "least one each",
                    operation, test_fraction, count, count - test, test));
  }
  const std::vector<std::int64_t> order = Random{seed}.permutation(count);
  const std::span<const std::int64_t> rows{order};
  const auto train = static_cast<std::size_t>(count - test);
  return {gather(whole, rows.first(train)), gather(whole, rows.subspan(train))};
}

TrainTest split(const Dataset& dataset, double test_fraction, std::uint64_t seed) {
  return split(dataset, test_fraction, seed, "split");
}

}  // namespace xgrad::data
