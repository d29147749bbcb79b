// Sums and means that end a fused pass, against sums in long double: along rows, down columns and over all, on shapes
// around the borders of vectors and tiles. The bound, (8 + 2 √n) ε Σ|y| for n terms y, is kept by any sensible order of
// adding up, and broken by a term too many or too few.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::Tensor;

namespace {

template <class T>
std::vector<T> random_values(std::int64_t count, unsigned seed) {
  std::mt19937 engine{seed};
  std::uniform_real_distribution<double> uniform{-1, 1};
  std::vector<T> values(static_cast<std::size_t>(count));
  std::generate(values.begin(), values.end(), [&] { return static_cast<T>(uniform(engine)); });
  return values;
}

/// Which elements of a matrix go into which sum.
enum class Over : std::uint8_t { rows, columns, all };

struct LongSum {
  long double sum = 0;
  long double size = 0;
};

template <class T>
std::vector<LongSum> exact_sums(const std::vector<T>& y, std::int64_t rows, std::int64_t columns, Over over) {
  const std::int64_t count = over == Over::all ? 1 : over == Over::rows ? columns : rows;
  std::vector<LongSum> sums(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      LongSum& sum = sums[static_cast<std::size_t>(over == Over::all ? 0 : over == Over::rows ? j : i)];
      const long double term = y[static_cast<std::size_t>(i * columns + j)];
      sum.sum += term;
      sum.size += std::abs(term);
    }
  }
  return sums;
}

template <class T>
int wrong_sums(const Tensor& found, const std::vector<LongSum>& exact, std::int64_t terms, bool is_mean) {
  const auto values = found.data<T>();
  if (values.size() != exact.size()) {
    return 1;
  }
  const long double factor = (8 + 2 * std::sqrt(static_cast<long double>(terms))) * std::numeric_limits<T>::epsilon();
  const long double divisor = is_mean ? static_cast<long double>(terms) : 1;
  int wrong = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const long double error = std::abs(static_cast<long double>(values[i]) - exact[i].sum / divisor);
    wrong += error <= factor * exact[i].size / divisor ? 0 : 1;
  }
  return wrong;
}

// y = x² + b for a row, column or number b, and all of its sums and means in one plan.
template <class T>
void check_sums(std::int64_t rows, std::int64_t columns, const xg::Shape& b_shape, bool hold) {
  CAPTURE(rows);
  CAPTURE(columns);
  CAPTURE(b_shape);
  const std::vector<T> x = random_values<T>(rows * columns, 1);
  const std::vector<T> b = random_values<T>(b_shape.size(), 2);
  std::vector<T> y(x.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t column = i % static_cast<std::size_t>(columns);
    const std::size_t row = i / static_cast<std::size_t>(columns);
    const bool is_column = b_shape.rank() == 2;
    const T square = x[i] * x[i];
    y[i] = square + b[b_shape.size() == 1 ? 0 : is_column ? row : column];
  }
  Tensor chain = xg::square(xg::from_vector(x, {rows, columns})) + xg::from_vector(b, b_shape);
  const std::vector<Tensor> results{xg::sum(chain, 0),        xg::sum(chain, 1),  xg::sum(chain),
                                    xg::mean(chain, 0, true), xg::mean(chain, 1), xg::mean(chain)};
  const Tensor held = hold ? chain : Tensor{};
  chain = Tensor{};
  if (rows > 1 && columns > 1) {
    const std::string text = xg::describe_plan(results);
    CHECK(contains(text, "2 fused: square add, then sum, then sum, then sum, then mean, then mean, then mean"));
  }
  xg::eval(results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    CAPTURE(i);
    const Over over = i % 3 == 0 ? Over::rows : i % 3 == 1 ? Over::columns : Over::all;
    const std::int64_t terms = over == Over::all ? rows * columns : over == Over::rows ? rows : columns;
    CHECK(wrong_sums<T>(results[i], exact_sums(y, rows, columns, over), terms, i >= 3) == 0);
  }
  if (hold) {
    CHECK(held.to_vector<T>() == y);
  }
}

constexpr std::int64_t borders[]{1, 2, 63, 64, 65, 255, 256, 257, 1023, 1024, 1025, 2047, 2048, 2049};

}  // namespace

TEST_CASE_TEMPLATE("plan: sums and means that end a pass are right on shapes around tile borders", T, float, double) {
  bool hold = false;
  for (const std::int64_t columns : {1, 3, 7, 30, 64, 1000, 2100}) {
    for (const std::int64_t rows : borders) {
      if (rows * columns > 300'000) {
        continue;
      }
      hold = !hold;
      check_sums<T>(rows, columns, {columns}, hold);
      check_sums<T>(rows, columns, {rows, 1}, hold);
      check_sums<T>(rows, columns, {}, !hold);
    }
  }
}

TEST_CASE_TEMPLATE("plan: sums of one long axis, as a row and as a column", T, float, double) {
  for (const std::int64_t length : borders) {
    check_sums<T>(1, length, {length}, false);
    check_sums<T>(length, 1, {}, true);
  }
  check_sums<T>(1, 1'000'003, {}, false);
  check_sums<T>(1'000'003, 1, {}, false);
}

TEST_CASE_TEMPLATE("plan: sums over any axes of three end a pass or follow it", T, float, double) {
  constexpr std::int64_t a = 5;
  constexpr std::int64_t b = 37;
  constexpr std::int64_t c = 23;
  const std::vector<T> x = random_values<T>(a * b * c, 3);
  for (const std::vector<std::int64_t>& axes :
       std::vector<std::vector<std::int64_t>>{{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}, {0, 1, 2}}) {
    CAPTURE(axes);
    const auto gone = [&](std::int64_t axis) { return std::find(axes.begin(), axes.end(), axis) != axes.end(); };
    const std::int64_t terms = (gone(0) ? a : 1) * (gone(1) ? b : 1) * (gone(2) ? c : 1);
    std::vector<LongSum> exact(static_cast<std::size_t>(a * b * c / terms));
    for (std::int64_t i = 0; i < a; ++i) {
      for (std::int64_t j = 0; j < b; ++j) {
        for (std::int64_t k = 0; k < c; ++k) {
          std::int64_t at = gone(0) ? 0 : i;
          at = gone(1) ? at : at * b + j;
          at = gone(2) ? at : at * c + k;
          const T value = x[static_cast<std::size_t>((i * b + j) * c + k)];
          const T term = -value * value;
          exact[static_cast<std::size_t>(at)].sum += term;
          exact[static_cast<std::size_t>(at)].size += std::abs(term);
        }
      }
    }
    const Tensor t = xg::from_vector(x, {a, b, c});
    CHECK(wrong_sums<T>(xg::sum(-t * t, xg::Axes{axes}), exact, terms, false) == 0);
    CHECK(wrong_sums<T>(xg::mean(-t * t, xg::Axes{axes}, true), exact, terms, true) == 0);
  }
}

TEST_CASE_TEMPLATE("plan: NaN and infinity pass into the sums that they belong to, and no others", T, float, double) {
  const T infinity = std::numeric_limits<T>::infinity();
  for (const auto& [rows, columns] : {std::pair{3, 5}, std::pair{70, 64}, std::pair{3, 2100}, std::pair{900, 7}}) {
    for (const T special : {infinity, -infinity, std::numeric_limits<T>::quiet_NaN()}) {
      const auto row_count = static_cast<std::size_t>(rows);
      const auto column_count = static_cast<std::size_t>(columns);
      std::vector<T> x(row_count * column_count, T{1});
      const std::size_t row = row_count - 1;
      const std::size_t column = column_count - 2;
      x[row * column_count + column] = special;
      const Tensor t = xg::from_vector(x, {rows, columns});
      const Tensor chain = t * t * t + T{0};
      const auto check = [&](const Tensor& sums, std::size_t where, double usual) {
        const auto values = sums.to_vector<T>();
        int wrong = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
          const bool right = i != where            ? values[i] == static_cast<T>(usual)
                             : std::isnan(special) ? std::isnan(values[i])
                                                   : values[i] == special;
          wrong += right ? 0 : 1;
        }
        CHECK(wrong == 0);
      };
      check(xg::sum(chain, 0), column, rows);
      check(xg::sum(t * t * t, 1), row, columns);
      check(xg::sum(t * t * t), 0, 0);
      check(xg::mean(t * t * t, 0), column, 1);
      check(xg::mean(t * t * t, 1), row, 1);
    }
    std::vector<T> both(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns), T{1});
    both.front() = infinity;
    both.back() = -infinity;
    const Tensor t = xg::from_vector(both, {rows, columns});
    CHECK(std::isnan(xg::sum(t * t * t).item()));
    CHECK(xg::sum(t * t * t, 1).template to_vector<T>().front() == infinity);
    CHECK(xg::sum(t * t * t, 1).template to_vector<T>().back() == -infinity);
  }
}

TEST_CASE_TEMPLATE("plan: sums of nothing are 0, and means NaN", T, float, double) {
  const xg::DType dtype = xg::dtype_of<T>;
  const auto chain = [&](const xg::Shape& shape) { return xg::exp(xg::zeros(shape, dtype)) * 2.0; };
  CHECK(xg::sum(chain({0})).item() == 0);
  CHECK(std::isnan(xg::mean(chain({0})).item()));
  CHECK(xg::sum(chain({0, 3}), 0).template to_vector<T>() == std::vector<T>{0, 0, 0});
  CHECK(xg::sum(chain({3, 0}), 1).template to_vector<T>() == std::vector<T>{0, 0, 0});
  CHECK(xg::sum(chain({3, 0}), 0).template to_vector<T>().empty());
  CHECK(xg::sum(chain({0, 0})).item() == 0);
  CHECK(xg::sum(chain({2, 0, 4}), {1, 2}, true).template to_vector<T>() == std::vector<T>{0, 0});
  for (const T value : xg::mean(chain({0, 3}), 0).template to_vector<T>()) {
    CHECK(std::isnan(value));
  }
  for (const T value : xg::mean(chain({3, 0}), 1).template to_vector<T>()) {
    CHECK(std::isnan(value));
  }
}
