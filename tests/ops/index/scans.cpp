// What runs along an axis beside loops over each line.
#include "xgrad/scans.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Along = std::function<Tensor(const Tensor&, std::int64_t)>;
using Line = std::function<std::vector<double>(std::span<const double>)>;

std::vector<double> running_products(std::span<const double> x) {
  std::vector<double> result;
  double product = 1;
  for (const double value : x) {
    result.push_back(product *= value);
  }
  return result;
}

// Each from all elements up to it, by the definition.
std::vector<double> running_logsumexp(std::span<const double> x) {
  std::vector<double> result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double largest = *std::max_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    double total = 0;
    for (std::size_t j = 0; j <= i; ++j) {
      total += std::exp(x[j] - largest);
    }
    result.push_back(largest + std::log(total));
  }
  return result;
}

template <class Better>
Line running_index(Better better) {
  return [better](std::span<const double> x) {
    std::vector<double> result;
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::size_t best = 0;
      for (std::size_t j = 1; j <= i; ++j) {
        best = better(x[j], x[best]) ? j : best;
      }
      result.push_back(static_cast<double>(best));
    }
    return result;
  };
}

Line at_indices(const Line& indices) {
  return [indices](std::span<const double> x) {
    std::vector<double> result = indices(x);
    std::transform(result.begin(), result.end(), result.begin(),
                   [&](double index) { return x[static_cast<std::size_t>(index)]; });
    return result;
  };
}

Values separated(const Shape& shape) {
  Values result = counting(shape);
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    result.data[i] = 0.1 * static_cast<double>((i * 7 + 3) % 29) - 1.3;
  }
  return result;
}

void line_case(const std::string& name, const std::string& title, Kind kind, const Along& operation, const Line& f,
               const Values& x, std::int64_t axis, bool derivatives = true) {
  FormulaCase& added =
      formula_case(name, title, kind, {x}, one([=](const Tensors& in) { return operation(in[0], axis); }),
                   one([=](const ManyValues& in) { return along(in[0], axis, f); }));
  added.derivatives = derivatives;
  added.tolerance = derivatives ? 1e-14 : 1e-12;
  added.float32_tolerance = derivatives ? 1e-6 : 3e-6;
}

template <class MakeInput>
void cases(const std::string& name, const Along& operation, const Line& f, MakeInput input) {
  line_case(name, "a vector", Kind::plain, operation, f, input(Shape{5}), 0);
  line_case(name, "rows", Kind::plain, operation, f, input(Shape{2, 3}), -1);
  line_case(name, "columns", Kind::plain, operation, f, input(Shape{3, 2}), 0);
  line_case(name, "middle axis", Kind::plain, operation, f, input(Shape{2, 3, 2}), 1);
  line_case(name, "an axis of length 1", Kind::plain, operation, f, input(Shape{3, 1}), 1);
  line_case(name, "an axis of length 2", Kind::plain, operation, f, input(Shape{3, 2}), 1);
  line_case(name, "no rows", Kind::empty, operation, f, {Shape{0, 3}, {}}, 1);
  line_case(name, "rows without elements", Kind::empty, operation, f, {Shape{2, 0}, {}}, -1);
  direct_call(name, {{2, 3}}, [operation](const Tensors& in) { return operation(in[0], -1); });
  error_case(name, "axis 2 of a matrix", Fault::shape, [operation] { return operation(ones({2, 3}), 2); });
  error_case(name, "of a scalar", Fault::zero_rank, [operation] { return operation(scalar(1), -1); });
}

void long_lines(const std::string& name, const Along& operation, const Line& f, double low, double high) {
  line_case(name, "long rows", Kind::plain, operation, f, uniform({3, 1003}, low, high, 81), 1, false);
  line_case(name, "long columns", Kind::plain, operation, f, uniform({503, 3}, low, high, 82), 0, false);
  line_case(name, "many columns", Kind::plain, operation, f, uniform({2, 3, 601}, low, high, 83), 1, false);
}

void extreme(const std::string& name, const Along& f, const std::vector<double>& in, const std::vector<double>& out) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "extreme values, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] { return f(to_tensor(vector_of(in), dtype), 0); }, dtype, vector_of(out), dtype == float32 ? 1e-6 : 1e-14);
  }
}

void slope(const std::string& name, const Along& f, const std::vector<double>& x, const std::vector<double>& cotangent,
           const std::vector<double>& expected) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "gradient at extremes, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] { return gradient_at([=](const Tensor& t) { return f(t, 0); }, vector_of(x), dtype, cotangent); }, dtype,
        vector_of(expected), dtype == float32 ? 1e-6 : 1e-14);
  }
}

auto from(double low, double high) {
  return [=](const Shape& shape) { return uniform(shape, low, high, 84 + shape.rank()); };
}

const Registration products{[] {
  cases("cumprod", &cumprod, running_products, from(-2, 2));
  long_lines("cumprod", &cumprod, running_products, 0.999, 1.001);
  // Third derivatives need the products without three of the factors.
  line_case("cumprod", "no, one, two, three zeros", Kind::plain, &cumprod, running_products,
            {Shape{4, 4}, {1.5, 2, -1, 0.5, 0, 3, 2, -1, 0, 2, 0, 1.5, 0, 0, 0, 2}}, 1);
  line_case("cumprod", "zeros in columns", Kind::plain, &cumprod, running_products, {Shape{3, 2}, {2, 0, 0, 0, -1, 3}},
            0);
  extreme("cumprod", &cumprod, {1e4, -1e4, infinity, 0, 1}, {1e4, -1e8, -infinity, nan, nan});
  extreme("cumprod", &cumprod, {2, nan, 0}, {2, nan, nan});
  slope("cumprod", &cumprod, {0, 0, 3}, {1, 1, 1}, {1, 0, 0});
  slope("cumprod", &cumprod, {2, infinity, 3}, {1, 0, 0}, {1, 0, 0});  // a cotangent of 0 stays 0
  slope("cumprod", &cumprod, {2, nan, 3}, {1, 0, 0}, {1, 0, 0});
  exact_case(
      "cumprod", "int64", Kind::plain,
      [] {
        return cumprod(to_tensor(vector_of({2, -3, 0, 5}), int64));
      },
      int64, vector_of({2, -6, 0, 0}));
}};

template <class Better>
void extremum(const std::string& name, Selected (*operation)(const Tensor&, std::int64_t), Better better) {
  const Along values = [operation](const Tensor& x, std::int64_t axis) { return operation(x, axis).values; };
  const Along indices = [operation](const Tensor& x, std::int64_t axis) { return operation(x, axis).indices; };
  const Line index = running_index(better);
  cases(name, values, at_indices(index), separated);
  long_lines(name, values, at_indices(index), -2, 2);
  for (const auto& [x, axis] :
       {std::pair{separated({3, 4}), 1}, std::pair{separated({4, 3}), 0}, std::pair{uniform({2, 503}, -1, 1, 86), 1},
        std::pair{vector_of({1, 2, 1, 2, 3, 1, 3}), 0}}) {
    const auto along_axis = static_cast<std::int64_t>(axis);
    FormulaCase& added = formula_case(name, "indices along " + std::to_string(axis), Kind::plain, {x},
                                      one([=](const Tensors& in) { return indices(in[0], along_axis); }),
                                      one([=](const ManyValues& in) { return along(in[0], along_axis, index); }));
    added.result = int64;
    added.derivatives = false;
  }
  exact_case(
      name, "int64", Kind::plain,
      [=] {
        return values(to_tensor(vector_of({2, -3, 5, 5}), int64), 0);
      },
      int64, better(5, -3) ? vector_of({2, 2, 5, 5}) : vector_of({2, -3, -3, -3}));
  slope(name, values, {2, 2, 2}, {1, 2, 4}, {7, 0, 0});  // the first of equals
  slope(name, values, {1, nan, 3}, {1, 2, 4}, {1, 6, 0});
}

const Registration extrema{[] {
  extremum("cummax", &cummax, [](double a, double b) { return a > b; });
  extremum("cummin", &cummin, [](double a, double b) { return a < b; });
  const std::vector<double> x{0, -infinity, infinity, nan, 1, nan};
  for (const DType dtype : {float32, float64}) {
    const auto indices = [=](Selected (*operation)(const Tensor&, std::int64_t)) {
      return [=] { return operation(to_tensor(vector_of(x), dtype), 0).indices; };
    };
    exact_case("cummax", "indices, NaN", Kind::extreme, indices(&cummax), int64, vector_of({0, 0, 2, 3, 3, 3}));
    exact_case("cummin", "indices, NaN", Kind::extreme, indices(&cummin), int64, vector_of({0, 1, 1, 3, 3, 3}));
    exact_case(
        "cummax", "indices of nothing but NaN", Kind::extreme,
        [=] {
          return cummax(to_tensor(vector_of({nan, nan}), dtype), 0).indices;
        },
        int64, vector_of({0, 0}));
  }
  extreme("cummax", [](const Tensor& t, std::int64_t axis) { return cummax(t, axis).values; }, x,
          {0, 0, infinity, nan, nan, nan});
  extreme("cummin", [](const Tensor& t, std::int64_t axis) { return cummin(t, axis).values; }, x,
          {0, -infinity, -infinity, nan, nan, nan});
}};

const Registration logarithms{[] {
  const double log_2 = 0.69314718055994531;
  cases("logcumsumexp", &logcumsumexp, running_logsumexp, from(-2, 2));
  long_lines("logcumsumexp", &logcumsumexp, running_logsumexp, -2, 2);
  extreme("logcumsumexp", &logcumsumexp, {1e4, 1e4, -1e4}, {1e4, 1e4 + log_2, 1e4 + log_2});
  extreme("logcumsumexp", &logcumsumexp, {-1e4, -1e4, 1e4}, {-1e4, -1e4 + log_2, 1e4});
  extreme("logcumsumexp", &logcumsumexp, {-infinity, -infinity, 0, -infinity, 0}, {-infinity, -infinity, 0, 0, log_2});
  extreme("logcumsumexp", &logcumsumexp, {0, infinity, infinity, 0}, {0, infinity, infinity, infinity});
  extreme("logcumsumexp", &logcumsumexp, {0, nan, infinity}, {0, nan, nan});
  extreme("logcumsumexp", &logcumsumexp, {infinity, nan, -infinity}, {infinity, nan, nan});
  slope("logcumsumexp", &logcumsumexp, {1e4, 1e4}, {0, 1}, {0.5, 0.5});
  slope("logcumsumexp", &logcumsumexp, {-1e4, -1e4}, {1, 2}, {2, 1});
  slope("logcumsumexp", &logcumsumexp, {-1e4, 1e4}, {1, 1}, {1, 1});
  slope("logcumsumexp", &logcumsumexp, {1e4, -1e4}, {1, 1}, {2, 0});
  slope("logcumsumexp", &logcumsumexp, {-infinity, -infinity, 0, 0}, {0, 0, 1, 2}, {0, 0, 2, 1});
  slope("logcumsumexp", &logcumsumexp, {0, -infinity}, {1, 2}, {3, 0});
  slope("logcumsumexp", &logcumsumexp, {0, nan}, {1, 0}, {1, 0});
  slope("logcumsumexp", &logcumsumexp, {1e4, 1e4, 1e4, 1e4}, {0, 0, 0, 1}, {0.25, 0.25, 0.25, 0.25});
  slope("logcumsumexp", &logcumsumexp, {-30, 0, 0}, {0, 1, 0}, {9.3576229688392989e-14, 0.99999999999990642, 0});
  slope("logcumsumexp", &logcumsumexp, {-infinity, 0}, {1, 2}, {1, 2});
  slope("logcumsumexp", &logcumsumexp, {-infinity, -infinity}, {0, 1}, {nan, nan});
  slope("logcumsumexp", &logcumsumexp, {0, infinity, 0, infinity}, {0, 1, 1, 2}, {0, 3, 0, 1});
}};

}  // namespace

}  // namespace xgrad::test
