// Rows taken together by segment, beside loops over the rows of each.
#include "xgrad/segments.hpp"

#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/reduce.hpp"

#include "support/message_of.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Indices = std::vector<std::int64_t>;
using Call = Tensor (*)(const Tensor&, const Tensor&, std::int64_t);

Tensor whole(const Indices& indices) {
  return from_vector(indices, {static_cast<std::int64_t>(indices.size())});
}

// The elements of x in one column of a segment.
std::vector<double> members(const Values& x, const Indices& segments, std::int64_t count, const Position& at) {
  std::vector<double> result;
  for (std::size_t row = 0; row < segments.size(); ++row) {
    if ((segments[row] + count) % count == at[0]) {
      Position p = at;
      p[0] = static_cast<std::int64_t>(row);
      result.push_back(x(p));
    }
  }
  return result;
}

double total_of(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 0.0);
}
double mean_of(std::span<const double> x) {
  return x.empty() ? 0 : total_of(x) / static_cast<double>(x.size());
}
double largest_of(std::span<const double> x) {
  return x.empty() ? 0 : *std::max_element(x.begin(), x.end());
}

Values folded(const Values& x, const Indices& segments, std::int64_t count, double (*f)(std::span<const double>)) {
  return build(x.shape.with(0, count), [&](const Position& at) { return f(members(x, segments, count, at)); });
}

Values shares(const Values& x, const Indices& segments, std::int64_t count) {
  return build(x.shape, [&](const Position& p) {
    Position at = p;
    at[0] = (segments[static_cast<std::size_t>(p[0])] + count) % count;
    double sum = 0;
    for (const double other : members(x, segments, count, at)) {
      sum += std::exp(other - x(p));
    }
    return 1 / sum;
  });
}

// All different, by more than differences take for a step.
Values separated(const Shape& shape) {
  Values result = counting(shape);
  for (double& x : result.data) {
    x = 0.1 * std::fmod(x * 7, 29) - 1.3;
  }
  return result;
}

struct Example {
  const char* title;
  Kind kind;
  Shape shape;
  Indices segments;
  std::int64_t count;
};

const std::vector<Example> examples{
    {"a vector", Kind::plain, {5}, {1, 0, 1, 1, 0}, 2},
    {"rows", Kind::plain, {4, 3}, {2, 0, 0, 2}, 3},
    {"matrices, negative segments", Kind::plain, {3, 2, 2}, {-1, 1, 0}, 2},
    {"one segment", Kind::plain, {3, 2}, {0, 0, 0}, 1},
    {"each its own", Kind::plain, {3}, {2, 0, 1}, 3},
    {"no rows", Kind::empty, {0, 2}, {}, 2},
    {"rows of no elements", Kind::empty, {2, 0}, {0, 1}, 2},
    {"no rows and no segments", Kind::empty, {0, 3}, {}, 0},
};

void faults(const std::string& name, Call call) {
  direct_call(name, {{3}}, [=](const Tensors& in) { return call(in[0], whole({1, 0, 1}), 2); });
  error_case(name, "2 segments of 3 rows", Fault::shape, [=] { return call(ones({3, 2}), whole({0, 1}), 2); });
  error_case(name, "a matrix of segments", Fault::shape, [=] { return call(ones({3}), zeros({3, 1}, int64), 2); });
  error_case(name, "-1 segments", Fault::shape, [=] { return call(ones({1}), whole({0}), -1); });
  error_case(name, "of a scalar", Fault::zero_rank, [=] { return call(scalar(1), zeros({}, int64), 2); });
  error_case(name, "float segments", Fault::dtype, [=] { return call(ones({3}), ones({3}), 2); });
}

void out_of_range(const std::string& name, Call call) {
  error_case(name, "segment 2 of 2", Fault::value, [=] { return call(ones({2, 2}), whole({0, 2}), 2); });
  error_case(name, "segment -3 of 2", Fault::value, [=] { return call(ones({2}), whole({0, -3}), 2); });
  error_case(name, "a segment of none", Fault::value, [=] { return call(ones({1}), whole({0}), 0); });
}

const Registration by_loops{[] {
  const auto fold_case = [](const std::string& name, Call call, double (*f)(std::span<const double>)) {
    for (const Example& example : examples) {
      formula_case(name, example.title, example.kind, {separated(example.shape)},
                   one([=](const Tensors& in) { return call(in[0], whole(example.segments), example.count); }),
                   one([=](const ManyValues& in) { return folded(in[0], example.segments, example.count, f); }));
    }
    faults(name, call);
  };
  fold_case("segment_sum", &segment_sum, &total_of);
  fold_case("segment_mean", &segment_mean, &mean_of);
  fold_case("segment_max", &segment_max, &largest_of);
  for (const Example& example : examples) {
    formula_case("segment_softmax", example.title, example.kind, {separated(example.shape)},
                 one([=](const Tensors& in) { return segment_softmax(in[0], whole(example.segments), example.count); }),
                 one([=](const ManyValues& in) { return shares(in[0], example.segments, example.count); }));
  }
  faults("segment_softmax", &segment_softmax);
  out_of_range("segment_sum", &segment_sum);
  out_of_range("segment_max", &segment_max);
  out_of_range("segment_softmax", &segment_softmax);
}};

// y at the values, or dy/dx with a cotangent.
void exact(const std::string& name, const std::string& title, Call call, const Values& x, const Indices& segments,
           std::int64_t count, const Values& expected, const std::vector<double>& cotangent = {}) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, title + " in " + std::string{to_string(dtype)}, Kind::extreme,
        [=] {
          const auto y = [=](const Tensor& at) { return call(at, whole(segments), count); };
          return cotangent.empty() ? y(to_tensor(x, dtype)) : gradient_at(y, x, dtype, cotangent);
        },
        dtype, expected, dtype == float32 ? 1e-6 : 1e-15);
  }
}

const Registration extremes{[] {
  const Indices pairs{0, 1, 0, 1, 2};
  const Values mixed = vector_of({1, nan, 2, 5, infinity});
  exact("segment_sum", "NaN and infinity stay in their segments", &segment_sum, mixed, pairs, 4,
        vector_of({3, nan, infinity, 0}));
  exact("segment_mean", "NaN and infinity stay in their segments", &segment_mean, mixed, pairs, 4,
        vector_of({1.5, nan, infinity, 0}));
  exact("segment_max", "NaN and infinity stay in their segments", &segment_max, mixed, pairs, 4,
        vector_of({2, nan, infinity, 0}));
  exact("segment_max", "NaN comes second", &segment_max, vector_of({3, nan, 4}), {0, 0, 0}, 1, vector_of({nan}));
  exact("segment_max", "all are −∞", &segment_max, vector_of({-infinity, -infinity}), {0, 0}, 1,
        vector_of({-infinity}));
  exact("segment_max", "ties share the gradient", &segment_max, vector_of({2, 7, 2, 1, 7}), {0, 1, 0, 0, 1}, 2,
        vector_of({2, 4.5, 2, 0, 4.5}), {4, 9});
  exact("segment_max", "the gradient of NaN is NaN, in its segment", &segment_max, vector_of({1, nan, 2}), {0, 0, 1}, 2,
        vector_of({nan, nan, 5}), {1, 5});
  exact("segment_max", "a cotangent of 0 stays 0", &segment_max, vector_of({nan, infinity, 2}), {0, 0, 1}, 2,
        vector_of({0, 0, 5}), {0, 5});
  exact("segment_softmax", "large elements", &segment_softmax, vector_of({1e4, 3, 1e4, -1e4, -1e4}), {0, 0, 0, 1, 1}, 2,
        vector_of({0.5, 0, 0.5, 0.5, 0.5}));
  exact("segment_softmax", "one ∞ takes all, two share", &segment_softmax,
        vector_of({infinity, 3, infinity, infinity, 0}), {0, 0, 1, 1, 1}, 2, vector_of({1, 0, 0.5, 0.5, 0}));
  exact("segment_softmax", "−∞ gets nothing, and alone NaN", &segment_softmax,
        vector_of({-infinity, 3, -infinity, -infinity}), {0, 0, 1, 1}, 2, vector_of({0, 1, nan, nan}));
  exact("segment_softmax", "NaN makes its segment NaN", &segment_softmax, vector_of({1, nan, 2, 2}), {0, 0, 1, 1}, 2,
        vector_of({nan, nan, 0.5, 0.5}));
  // s (g − Σ g s) for s = ½, ½: g = 1, 2 and 0, 0
  exact("segment_softmax", "slope", &segment_softmax, vector_of({1e4, 5, 1e4, 6}), {0, 1, 0, 1}, 2,
        vector_of({-0.25, 0, 0.25, 0}), {1, 0, 2, 0});
  exact("segment_softmax", "an infinite cotangent where the share is 0 counts as 0", &segment_softmax,
        vector_of({-infinity, 3}), {0, 0}, 1, vector_of({0, 0}), {infinity, 1});
  for (const Call call : {&segment_sum, &segment_max}) {
    exact_case(
        call == &segment_sum ? "segment_sum" : "segment_max", "int64", Kind::plain,
        [=] {
          return call(to_tensor(vector_of({5, -6, 7}), int64), whole({2, 0, -1}), 3);
        },
        int64, call == &segment_sum ? vector_of({-6, 0, 12}) : vector_of({-6, 0, 7}));
  }
}};

}  // namespace

TEST_CASE("segments: of sorted rows of equal number, the same as along an axis") {
  constexpr std::int64_t count = 40;
  constexpr std::int64_t each = 25;
  constexpr std::int64_t width = 3;
  for (const DType dtype : {float32, float64}) {
    const Tensor cube = to_tensor(uniform({count, each, width}, -3, 3, 5), dtype);
    const Tensor rows = reshape(cube, {count * each, width});
    Indices of_row;
    for (std::int64_t i = 0; i < count * each; ++i) {
      of_row.push_back(i / each);
    }
    const double tolerance = dtype == float32 ? 1e-6 : 1e-14;
    const auto same = [&](const Tensor& found, const Tensor& expected) {
      CHECK_EQ(difference(to_values(found), to_values(expected), tolerance), "");
    };
    same(segment_sum(rows, whole(of_row), count), sum(cube, 1));
    same(segment_mean(rows, whole(of_row), count), mean(cube, 1));
    same(segment_max(rows, whole(of_row), count), max(cube, 1));
    same(segment_softmax(rows, whole(of_row), count), reshape(softmax(cube, 1), {count * each, width}));
  }
}

TEST_CASE("segments: float32 sums of many rows are as exact as few") {
  constexpr std::int64_t rows = 200'000;
  const Tensor x = full({rows}, 0.1, float32);
  const Tensor all = zeros({rows}, int64);
  CHECK_EQ(difference(to_values(segment_mean(x, all, 1)), vector_of({static_cast<double>(0.1F)}), 2e-7, 0), "");
  CHECK_EQ(difference(to_values(sum(segment_softmax(x, all, 1))), scalar_of(1), 1e-5), "");
  CHECK_EQ(difference(to_values(max(segment_softmax(x, all, 1))), scalar_of(1.0 / rows), 2e-7, 0), "");
}

TEST_CASE("segments: an error says which segment of how many") {
  const std::string message = message_of<ValueError>([] {
    return segment_softmax(ones({2}), whole({0, 5}), 3).eval();
  });
  CHECK(contains(message, "[segment_softmax] index 5"));
  CHECK(contains(message, "length 3"));
}

}  // namespace xgrad::test
