// Elements that a pass repeats over many tiles, by plain loops.
#include <algorithm>
#include <doctest/doctest.h>
#include <random>
#include <utility>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/thread_count.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xgrad::test::ThreadCount;

namespace {

template <class T>
std::vector<T> random_values(std::size_t count, unsigned seed) {
  std::mt19937 engine{seed};
  std::uniform_real_distribution<double> uniform{-1, 1};
  std::vector<T> values(count);
  std::generate(values.begin(), values.end(), [&] { return static_cast<T>(uniform(engine)); });
  return values;
}

// How many elements of x ⊙ column + 1 are wrong, of x (rows, columns), in one plan with one set of values after the
// other.
template <class T>
std::size_t wrong_elements(std::int64_t rows, std::int64_t columns) {
  auto pass = xg::compile([](const Tensor& x, const Tensor& column) { return x * column + 1.0; });
  std::size_t wrong = 0;
  for (const unsigned seed : {1U, 2U}) {
    const auto x = random_values<T>(static_cast<std::size_t>(rows * columns), seed);
    const auto column = random_values<T>(static_cast<std::size_t>(rows), seed + 2);
    const auto y =
        pass(xg::from_vector(x, {rows, columns}), xg::from_vector(column, {rows, 1})).template to_vector<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      wrong += y[i] == x[i] * column[i / static_cast<std::size_t>(columns)] + T{1} ? 0U : 1U;
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE_TEMPLATE("plan: a pass repeats an element over any number of tiles", T, float, double) {
  for (const auto& [rows, columns] :
       {std::pair{7, 9973}, {3, 40000}, {1, 70001}, {50, 1024}, {9, 4096}, {200, 31}, {300, 33}}) {
    CAPTURE(rows);
    CAPTURE(columns);
    CHECK(wrong_elements<T>(rows, columns) == 0);
  }
}

TEST_CASE_TEMPLATE("plan: likewise on several threads, which begin in the middle of a row", T, float, double) {
  for (const int count : {1, 2, 3}) {
    const ThreadCount threads{count};
    CHECK(wrong_elements<T>(2, 400000) == 0);
  }
}
