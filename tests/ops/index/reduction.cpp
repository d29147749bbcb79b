// Reductions beside loops over the reduced elements.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/reduce.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Reduce = Tensor (*)(const Tensor&, const Axes&, bool);
using Fold = std::function<double(std::span<const double>)>;
constexpr double infinity = std::numeric_limits<double>::infinity();

double mean_of(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}
double variance_of(std::span<const double> x, double ddof) {
  const double mean = mean_of(x);
  double total = 0;
  for (const double value : x) {
    total += (value - mean) * (value - mean);
  }
  return total / (static_cast<double>(x.size()) - ddof);
}
double sum_of(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 0.0);
}
double product_of(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 1.0, std::multiplies<>{});
}
double logsumexp_of(std::span<const double> x) {
  double total = 0;
  for (const double value : x) {
    total += std::exp(value);
  }
  return std::log(total);
}

FormulaCase& reduce_case(const std::string& name, const std::string& title, Kind kind, Reduce reduce, const Fold& f,
                         const Values& x, const std::vector<std::int64_t>& axes, bool keep_dims = false) {
  return formula_case(name, title, kind, {x},
                      one([=](const Tensors& in) { return reduce(in[0], Axes{axes}, keep_dims); }),
                      one([=](const ManyValues& in) { return fold(in[0], axes, keep_dims, f); }));
}

// Elements in a scrambled order, each at least 0.1 from the next: differences never change which is largest.
Values separated(const Shape& shape) {
  const std::int64_t count = shape.size();
  Values result = counting(shape);
  for (std::int64_t i = 0; i < count; ++i) {
    result.data[static_cast<std::size_t>(i)] = 0.1 * static_cast<double>((i * 7 + 3) % 29) - 1.3;
  }
  return result;
}

template <class MakeInput>
void reduction(const std::string& name, Reduce reduce, const Fold& f, MakeInput input) {
  const Values cube = input(Shape{2, 3, 4});
  reduce_case(name, "everything", Kind::plain, reduce, f, cube, {});
  reduce_case(name, "everything, keep_dims", Kind::plain, reduce, f, cube, {}, true);
  reduce_case(name, "first axis", Kind::plain, reduce, f, cube, {0});
  reduce_case(name, "middle axis", Kind::plain, reduce, f, cube, {1});
  reduce_case(name, "last axis, negative", Kind::plain, reduce, f, cube, {-1});
  reduce_case(name, "middle axis, negative, keep_dims", Kind::plain, reduce, f, cube, {-2}, true);
  reduce_case(name, "outer axes, unsorted", Kind::plain, reduce, f, cube, {-1, 0});
  reduce_case(name, "inner axes, keep_dims", Kind::plain, reduce, f, cube, {1, 2}, true);
  reduce_case(name, "an axis of length 1", Kind::plain, reduce, f, input(Shape{3, 1}), {1});
  reduce_case(name, "zero rank", Kind::zero_rank, reduce, f, input(Shape{}), {});
  reduce_case(name, "empty result", Kind::empty, reduce, f, input(Shape{0, 3}), {1});
  direct_call(name, {{2, 3}}, [reduce](const Tensors& in) { return reduce(in[0], 0, false); });
  error_case(name, "axis 2 of a matrix", Fault::shape, [reduce] { return reduce(ones({2, 3}), 2, false); });
  error_case(name, "axis -3 of a matrix", Fault::shape, [reduce] { return reduce(ones({2, 3}), -3, false); });
  error_case(name, "an axis named twice", Fault::shape, [reduce] { return reduce(ones({2, 3}), {1, -1}, false); });
  error_case(name, "axis 0 of a scalar", Fault::shape, [reduce] { return reduce(scalar(1), 0, false); });
}

// What there is to compare when whole rows or columns are long enough for vector loops and blocks.
void long_reduction(const std::string& name, Reduce reduce, const Fold& f, double low, double high,
                    double float32_tolerance) {
  const auto add = [&](const std::string& title, const Values& x, std::int64_t axis) {
    FormulaCase& added = reduce_case(name, title, Kind::plain, reduce, f, x, {axis});
    added.derivatives = false;
    added.tolerance = 1e-12;
    added.float32_tolerance = float32_tolerance;
  };
  add("long rows", uniform({3, 5003}, low, high, 1), 1);
  add("long columns", uniform({5003, 3}, low, high, 2), 0);
  add("long between", uniform({2, 1009, 3}, low, high, 3), 1);
}

auto from(double low, double high) {
  return [=](const Shape& shape) { return uniform(shape, low, high, 21 + shape.rank()); };
}

Tensor default_var(const Tensor& x, const Axes& axes, bool keep_dims) {
  return var(x, axes, keep_dims);
}
Tensor sample_var(const Tensor& x, const Axes& axes, bool keep_dims) {
  return var(x, axes, keep_dims, 1);
}

const Registration folds{[] {
  reduction("sum", &sum, sum_of, from(-2, 2));
  long_reduction("sum", &sum, sum_of, -1, 2, 3e-6);
  reduction("mean", &mean, mean_of, from(-2, 2));
  long_reduction("mean", &mean, mean_of, -1, 2, 3e-6);
  reduction("prod", &prod, product_of, from(0.5, 2));
  long_reduction("prod", &prod, product_of, 0.999, 1.001, 2e-4);
  reduction(
      "max", &max, [](auto x) { return *std::max_element(x.begin(), x.end()); }, separated);
  long_reduction(
      "max", &max, [](auto x) { return *std::max_element(x.begin(), x.end()); }, -2, 2, 0);
  reduction(
      "min", &min, [](auto x) { return *std::min_element(x.begin(), x.end()); }, separated);
  long_reduction(
      "min", &min, [](auto x) { return *std::min_element(x.begin(), x.end()); }, -2, 2, 0);
  reduction(
      "var", &default_var, [](auto x) { return variance_of(x, 0); }, from(-2, 2));
  long_reduction(
      "var", &default_var, [](auto x) { return variance_of(x, 0); }, 10, 12, 3e-6);
  reduction(
      "norm", &norm,
      [](std::span<const double> x) { return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)); },
      from(-2, 2));
  reduction("logsumexp", &logsumexp, logsumexp_of, from(-2, 2));
  long_reduction("logsumexp", &logsumexp, logsumexp_of, -2, 2, 3e-6);

  reduce_case("var", "ddof 1", Kind::plain, &sample_var, [](auto x) { return variance_of(x, 1); },
              uniform({2, 4}, -2, 2, 5), {1});
  // Any number of zeros among the factors; third derivatives need the products without three of them.
  reduce_case("prod", "no, one, two, three zeros", Kind::plain, &prod, product_of,
              {Shape{4, 4}, {1.5, 2, -1, 0.5, 0, 3, 2, -1, 0, 2, 0, 1.5, 0, 0, 0, 2}}, {1});
  reduce_case("prod", "zeros, everything", Kind::plain, &prod, product_of, vector_of({2, 0, -1.5, 3}), {});
}};

const Registration nothing_to_reduce{[] {
  const auto of_nothing = [](const std::string& name, Reduce reduce, double expected) {
    for (const DType dtype : {float32, float64}) {
      exact_case(
          name, "over an axis of length 0", Kind::empty,
          [=] {
            return reduce(zeros({2, 0}, dtype), 1, false);
          },
          dtype, vector_of({expected, expected}));
      exact_case(name, "of no elements, keep_dims", Kind::empty,
                 [=] {
                   return reduce(zeros({0, 3}, dtype), {}, true);
                 },
                 dtype, {Shape{1, 1}, {expected}});
    }
  };
  of_nothing("sum", &sum, 0);
  of_nothing("prod", &prod, 1);
  of_nothing("mean", &mean, nan);
  of_nothing("var", &default_var, nan);
  of_nothing("logsumexp", &logsumexp, -infinity);
  const auto refuses = [](const std::string& name, Reduce reduce) {
    error_case(name, "over an axis of length 0", Fault::empty, [reduce] { return reduce(zeros({2, 0}), 1, false); });
    error_case(name, "of no elements", Fault::empty, [reduce] { return reduce(zeros({0}), {}, false); });
  };
  refuses("max", &max);
  refuses("min", &min);
  exact_case("sum", "gradient of a sum of nothing", Kind::empty,
             [] {
               return gradient_at([](const Tensor& x) { return sum(x, 1); }, {Shape{2, 0}, {}});
             },
             float64, {Shape{2, 0}, {}});
}};

const Registration integers{[] {
  const auto whole = [](const std::string& name, Reduce reduce, std::vector<double> expected) {
    exact_case(
        name, "int64", Kind::plain,
        [reduce] {
          return reduce(to_tensor({Shape{2, 3}, {4, -2, 3, 0, 5, 5}}, int64), 1, false);
        },
        int64, vector_of(std::move(expected)));
  };
  whole("sum", &sum, {5, 10});
  whole("prod", &prod, {-24, 0});
  whole("max", &max, {4, 5});
  whole("min", &min, {-2, 0});
  exact_case(
      "sum", "of no int64", Kind::empty, [] { return sum(zeros({0}, int64)); }, int64, scalar_of(0));
  exact_case(
      "prod", "of no int64", Kind::empty, [] { return prod(zeros({0}, int64)); }, int64, scalar_of(1));
  exact_case(
      "var", "one element, ddof 1", Kind::plain, [] { return var(ones({1}, float64), {}, false, 1); }, float64,
      scalar_of(nan));
}};

using ArgReduce = Tensor (*)(const Tensor&, std::int64_t, bool);

template <class Better>
void arg_reduction(const std::string& name, ArgReduce reduce, Better better) {
  const auto first_best = [better](std::span<const double> x) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < x.size(); ++i) {
      best = better(x[i], x[best]) ? i : best;
    }
    return static_cast<double>(best);
  };
  const auto add = [&](const std::string& title, Kind kind, const Values& x, std::int64_t axis,
                       bool keep_dims = false) {
    formula_case(name, title, kind, {x}, one([=](const Tensors& in) { return reduce(in[0], axis, keep_dims); }),
                 one([=](const ManyValues& in) { return fold(in[0], {axis}, keep_dims, first_best); }))
        .result = int64;
  };
  add("rows", Kind::plain, separated({3, 4}), -1);
  add("columns", Kind::plain, separated({3, 4}), 0);
  add("middle axis, keep_dims", Kind::plain, separated({2, 3, 4}), -2, true);
  add("long rows", Kind::plain, uniform({2, 5003}, -1, 1, 4), 1);
  add("the first of equals", Kind::plain, vector_of({2, 1, 3, 3, 1}), 0);
  add("empty result", Kind::empty, {Shape{0, 3}, {}}, 1);
  direct_call(name, {{2, 3}}, [reduce](const Tensors& in) { return reduce(in[0], 0, false); });
  error_case(name, "axis 2 of a matrix", Fault::shape, [reduce] { return reduce(ones({2, 3}), 2, false); });
  error_case(name, "of a scalar", Fault::zero_rank, [reduce] { return reduce(scalar(1), -1, false); });
  error_case(name, "over an axis of length 0", Fault::empty, [reduce] { return reduce(zeros({2, 0}), 1, false); });
  exact_case(
      name, "int64", Kind::plain,
      [reduce] {
        return reduce(to_tensor(vector_of({5, -1, -1, 5}), int64), 0, false);
      },
      int64, scalar_of(better(5, -1) ? 0 : 1));
}

const Registration positions{[] {
  arg_reduction("argmax", &argmax, [](double a, double b) { return a > b; });
  arg_reduction("argmin", &argmin, [](double a, double b) { return a < b; });
}};

std::vector<double> softmax_of(std::span<const double> x) {
  std::vector<double> result;
  double total = 0;
  for (const double value : x) {
    result.push_back(std::exp(value));
    total += result.back();
  }
  for (double& value : result) {
    value /= total;
  }
  return result;
}
std::vector<double> log_softmax_of(std::span<const double> x) {
  std::vector<double> result = softmax_of(x);
  std::transform(result.begin(), result.end(), result.begin(), [](double value) { return std::log(value); });
  return result;
}
std::vector<double> running_sums(std::span<const double> x) {
  std::vector<double> result(x.size());
  std::partial_sum(x.begin(), x.end(), result.begin());
  return result;
}
std::vector<double> running_sums_from_the_end(std::span<const double> x) {
  std::vector<double> result(x.size());
  std::partial_sum(x.rbegin(), x.rend(), result.rbegin());
  return result;
}

using Along = Tensor (*)(const Tensor&, std::int64_t);
using Line = std::vector<double> (*)(std::span<const double>);

void along_axis(const std::string& name, Along operation, Line f) {
  const auto add = [&](const std::string& title, Kind kind, const Shape& shape, std::int64_t axis,
                       bool derivatives = true) {
    FormulaCase& added = formula_case(name, title, kind, {uniform(shape, -2, 2, 31 + shape.rank())},
                                      one([=](const Tensors& in) { return operation(in[0], axis); }),
                                      one([=](const ManyValues& in) { return along(in[0], axis, f); }));
    added.derivatives = derivatives;
    added.tolerance = derivatives ? 1e-14 : 1e-12;
    added.float32_tolerance = derivatives ? 1e-6 : 3e-6;
    added.floor = std::max(1.0, largest(along(added.inputs[0], axis, f)));
  };
  add("a vector", Kind::plain, {5}, 0);
  add("rows", Kind::plain, {2, 3}, -1);
  add("columns", Kind::plain, {2, 3}, 0);
  add("middle axis", Kind::plain, {2, 3, 2}, 1);
  add("an axis of length 1", Kind::plain, {3, 1}, 1);
  add("long rows", Kind::plain, {3, 2003}, 1, false);
  add("long columns", Kind::plain, {2003, 3}, 0, false);
  add("no rows", Kind::empty, {0, 3}, 1);
  add("rows without elements", Kind::empty, {2, 0}, -1);
  direct_call(name, {{2, 3}}, [operation](const Tensors& in) { return operation(in[0], -1); });
  error_case(name, "axis 2 of a matrix", Fault::shape, [operation] { return operation(ones({2, 3}), 2); });
  error_case(name, "of a scalar", Fault::zero_rank, [operation] { return operation(scalar(1), -1); });
}

Tensor forwards(const Tensor& x, std::int64_t axis) {
  return cumsum(x, axis);
}
Tensor backwards(const Tensor& x, std::int64_t axis) {
  return cumsum(x, axis, true);
}

const Registration lines{[] {
  along_axis("softmax", &softmax, softmax_of);
  along_axis("log_softmax", &log_softmax, log_softmax_of);
  along_axis("cumsum", &forwards, running_sums);
  along_axis("cumsum", &backwards, running_sums_from_the_end);
  exact_case(
      "cumsum", "int64", Kind::plain,
      [] {
        return cumsum(to_tensor(vector_of({1, -2, 5}), int64));
      },
      int64, vector_of({1, -1, 4}));
}};

const Registration adjoint_of_broadcast{[] {
  const auto add = [](const std::string& title, Kind kind, const Shape& from_shape, const Shape& to_shape) {
    formula_case("sum_to", title + " " + to_string(to_shape), kind, {uniform(from_shape, -2, 2, 41)},
                 one([=](const Tensors& in) { return sum_to(in[0], to_shape); }), one([=](const ManyValues& in) {
                   Values result{to_shape, std::vector<double>(static_cast<std::size_t>(to_shape.size()))};
                   for_each_position(from_shape, [&](const Position& p) {
                     Position own(p.end() - static_cast<std::ptrdiff_t>(to_shape.rank()), p.end());
                     for (std::size_t i = 0; i < own.size(); ++i) {
                       own[i] = to_shape[i] == 1 ? 0 : own[i];
                     }
                     result(own) += in[0](p);
                   });
                   return result;
                 }));
  };
  add("a row", Kind::plain, {2, 3}, {3});
  add("a column", Kind::plain, {2, 3}, {2, 1});
  add("a scalar", Kind::plain, {2, 3}, {});
  add("a matrix of one", Kind::plain, {2, 3}, {1, 1});
  add("a middle axis", Kind::plain, {2, 3, 4}, {3, 1});
  add("the same shape", Kind::plain, {2, 3}, {2, 3});
  add("zero rank", Kind::zero_rank, {}, {});
  add("no elements", Kind::empty, {0, 3}, {3});
  add("no elements left", Kind::empty, {2, 0}, {0});
  direct_call("sum_to", {{2, 3}}, [](const Tensors& in) { return sum_to(in[0], {3}); });
  error_case("sum_to", "(2, 3) to (2,)", Fault::shape, [] { return sum_to(ones({2, 3}), {2}); });
  error_case("sum_to", "(3,) to (2, 3)", Fault::shape, [] { return sum_to(ones({3}), {2, 3}); });
  exact_case(
      "sum_to", "int64", Kind::plain,
      [] {
        return sum_to(full({2, 2}, 3, int64), {2});
      },
      int64, vector_of({6, 6}));
}};

}  // namespace

}  // namespace xgrad::test
