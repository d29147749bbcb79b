// Sorted elements beside an insertion sort of each line.
#include "xgrad/sorting.hpp"

#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/threads.hpp"

#include "support/message_of.hpp"
#include "support/op_case.hpp"
#include "support/thread_count.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// The indices of a line's elements in order, which has no NaN: each is put behind all that aren't after it.
std::vector<std::size_t> order_of(std::span<const double> line, bool descending) {
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < line.size(); ++k) {
    std::size_t place = order.size();
    while (place > 0 && (descending ? line[order[place - 1]] < line[k] : line[order[place - 1]] > line[k])) {
      --place;
    }
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), k);
  }
  return order;
}

Values sorted_along(const Values& x, std::int64_t axis, bool descending) {
  return along(x, axis, [=](std::span<const double> line) {
    std::vector<double> result;
    for (const std::size_t k : order_of(line, descending)) {
      result.push_back(line[k]);
    }
    return result;
  });
}

Values order_along(const Values& x, std::int64_t axis, bool descending) {
  return along(x, axis, [=](std::span<const double> line) {
    const auto order = order_of(line, descending);
    return std::vector<double>(order.begin(), order.end());
  });
}

Values first_along(const Values& x, std::size_t axis, std::int64_t count) {
  return build(x.shape.with(axis, count), [&](const Position& p) { return x(p); });
}

// Elements in a scrambled order, each at least 0.1 from the next: differences never change their order.
Values separated(const Shape& shape) {
  Values result = counting(shape);
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    result.data[i] = 0.1 * static_cast<double>((i * 7 + 3) % 29) - 1.3;
  }
  return result;
}

// Whole numbers, most of which are there more than once.
Values with_ties(const Shape& shape, double range) {
  return map(uniform(shape, 0, range, 77), [](double x) { return std::floor(x); });
}

struct Line {
  const char* title;
  Kind kind;
  Values x;
  std::int64_t axis;
  bool derivatives;
};

std::vector<Line> lines() {
  return {{"a vector", Kind::plain, separated({5}), 0, true},
          {"rows", Kind::plain, separated({3, 4}), -1, true},
          {"columns", Kind::plain, separated({4, 3}), 0, true},
          {"middle axis", Kind::plain, separated({2, 3, 2}), -2, true},
          {"an axis of length 1", Kind::plain, separated({3, 1}), 1, true},
          {"ties", Kind::plain, with_ties({2, 40}, 7), 1, false},
          {"ties in columns", Kind::plain, with_ties({40, 3}, 7), 0, false},
          {"long rows", Kind::plain, uniform({3, 2003}, -1, 1, 71), 1, false},
          {"many rows", Kind::plain, uniform({9000, 9}, -1, 1, 72), 1, false},
          {"rows without elements", Kind::empty, {Shape{2, 0}, {}}, 1, true},
          {"no rows", Kind::empty, {Shape{0, 3}, {}}, 1, true}};
}

void refuse_axes(const std::string& name, const std::function<Tensor(const Tensor&, std::int64_t)>& call) {
  direct_call(name, {{2, 3}}, [=](const Tensors& in) { return call(in[0], -1); });
  error_case(name, "axis 2 of a matrix", Fault::shape, [=] { return call(ones({2, 3}), 2); });
  error_case(name, "of a scalar", Fault::zero_rank, [=] { return call(scalar(1), 0); });
}

const Registration sorting{[] {
  for (const bool descending : {false, true}) {
    const std::string order = descending ? ", descending" : "";
    for (const Line& line : lines()) {
      const std::int64_t axis = line.axis;
      formula_case("sort", line.title + order, line.kind, {line.x},
                   one([=](const Tensors& in) { return sort(in[0], axis, descending); }),
                   one([=](const ManyValues& in) { return sorted_along(in[0], axis, descending); }))
          .derivatives = line.derivatives;
      formula_case("argsort", line.title + order, line.kind, {line.x},
                   one([=](const Tensors& in) { return argsort(in[0], axis, descending); }),
                   one([=](const ManyValues& in) { return order_along(in[0], axis, descending); }))
          .result = int64;
    }
  }
  refuse_axes("sort", [](const Tensor& x, std::int64_t axis) { return sort(x, axis); });
  refuse_axes("argsort", [](const Tensor& x, std::int64_t axis) { return argsort(x, axis); });
  const Values x = vector_of({infinity, nan, -infinity, 1e4, nan, 0, -0.0});
  for (const DType dtype : {float32, float64}) {
    const auto of_x = [=](Tensor (*f)(const Tensor&, std::int64_t, bool), bool descending) {
      return [=] { return f(to_tensor(x, dtype), 0, descending); };
    };
    exact_case("sort", "NaN last", Kind::extreme, of_x(&sort, false), dtype,
               vector_of({-infinity, 0, -0.0, 1e4, infinity, nan, nan}));
    exact_case("sort", "descending, NaN last", Kind::extreme, of_x(&sort, true), dtype,
               vector_of({infinity, 1e4, 0, -0.0, -infinity, nan, nan}));
    exact_case("argsort", "NaN last, zeros are equal", Kind::extreme, of_x(&argsort, false), int64,
               vector_of({2, 5, 6, 3, 0, 1, 4}));
    exact_case("argsort", "descending, NaN last, zeros are equal", Kind::extreme, of_x(&argsort, true), int64,
               vector_of({0, 3, 5, 6, 2, 1, 4}));
    exact_case(
        "sort", "the gradient goes where the element was", Kind::extreme,
        [=] {
          return gradient_at([](const Tensor& t) { return sort(t); }, vector_of({infinity, nan, 1}), dtype, {1, 2, 3});
        },
        dtype, vector_of({2, 3, 1}));
  }
  exact_case(
      "sort", "int64", Kind::plain,
      [] {
        return sort(to_tensor(vector_of({3, -1, 2, -1}), int64));
      },
      int64, vector_of({-1, -1, 2, 3}));
  exact_case(
      "argsort", "int64", Kind::plain,
      [] {
        return argsort(to_tensor(vector_of({3, -1, 2, -1}), int64), -1, true);
      },
      int64, vector_of({0, 2, 1, 3}));
}};

const Registration best{[] {
  for (const bool largest : {true, false}) {
    for (const Line& line : lines()) {
      const std::size_t axis = normalize_axis(line.axis, line.x.shape.rank(), "test");
      const std::int64_t length = line.x.shape[axis];
      for (const std::int64_t k : {length, length / 2, std::min<std::int64_t>(length, 1)}) {
        const std::string title = line.title + std::string{largest ? ", largest " : ", smallest "} + std::to_string(k);
        const Kind kind = k == 0 ? Kind::empty : line.kind;
        formula_case(
            "topk", title, kind, {line.x},
            one([=](const Tensors& in) { return topk(in[0], k, line.axis, largest).values; }),
            one([=](const ManyValues& in) { return first_along(sorted_along(in[0], line.axis, largest), axis, k); }))
            .derivatives = line.derivatives;
        FormulaCase& indices = formula_case(
            "topk", title + ", indices", kind, {line.x},
            one([=](const Tensors& in) { return topk(in[0], k, line.axis, largest).indices; }),
            one([=](const ManyValues& in) { return first_along(order_along(in[0], line.axis, largest), axis, k); }));
        indices.result = int64;
        indices.derivatives = false;
      }
    }
  }
  refuse_axes("topk", [](const Tensor& x, std::int64_t axis) { return topk(x, 1, axis).values; });
  error_case("topk", "4 of 3", Fault::shape, [] { return topk(ones({2, 3}), 4).values; });
  error_case("topk", "-1 of 3", Fault::shape, [] { return topk(ones({2, 3}), -1).values; });
  const Values x = vector_of({infinity, nan, -infinity, 1e4, nan});
  for (const bool largest : {true, false}) {
    for (const DType dtype : {float32, float64}) {
      exact_case(
          "topk", "a NaN counts as largest and as smallest", Kind::extreme,
          [=] { return topk(to_tensor(x, dtype), 4, 0, largest).values; }, dtype,
          largest ? vector_of({nan, nan, infinity, 1e4}) : vector_of({nan, nan, -infinity, 1e4}));
      exact_case(
          "topk", "indices of NaN", Kind::extreme, [=] { return topk(to_tensor(x, dtype), 4, 0, largest).indices; },
          int64, largest ? vector_of({1, 4, 0, 3}) : vector_of({1, 4, 2, 3}));
    }
  }
  exact_case(
      "topk", "int64", Kind::plain,
      [] {
        return topk(to_tensor(vector_of({3, -1, 7, 2}), int64), 2).values;
      },
      int64, vector_of({7, 3}));
}};

// Σ over the two nearest ranks, weighted by how near they are.
double quantile_of(std::span<const double> x, double q) {
  const auto order = order_of(x, false);
  double total = 0;
  const double h = q * static_cast<double>(x.size() - 1);
  for (std::size_t rank = 0; rank < x.size(); ++rank) {
    total += x[order[rank]] * std::max(0.0, 1 - std::abs(h - static_cast<double>(rank)));
  }
  return total;
}

using Of = std::function<Tensor(const Tensor&, const Axes&, bool)>;

void quantile_cases(const std::string& name, const std::string& title, double q, const Of& call) {
  const auto add = [&](const std::string& what, Kind kind, const Values& x, const std::vector<std::int64_t>& axes,
                       bool keep_dims = false) {
    formula_case(
        name, title + what, kind, {x}, one([=](const Tensors& in) { return call(in[0], Axes{axes}, keep_dims); }),
        one([=](const ManyValues& in) {
          return fold(in[0], axes, keep_dims, [=](std::span<const double> line) { return quantile_of(line, q); });
        }))
        .derivatives = x.data.size() < 100;
  };
  const Values cube = separated({2, 3, 4});
  add("everything", Kind::plain, cube, {});
  add("everything, keep_dims", Kind::plain, cube, {}, true);
  add("first axis", Kind::plain, cube, {0});
  add("middle axis, negative, keep_dims", Kind::plain, cube, {-2}, true);
  add("last axis", Kind::plain, cube, {2});
  add("outer axes, unsorted", Kind::plain, cube, {-1, 0});
  add("ties", Kind::plain, with_ties({3, 40}, 9), {1});
  add("long rows", Kind::plain, uniform({3, 2003}, -1, 1, 73), {1});
  add("zero rank", Kind::zero_rank, scalar_of(1.5), {});
  add("empty result", Kind::empty, {Shape{0, 3}, {}}, {1});
}

void quantile_edges(const std::string& name, const Of& call) {
  direct_call(name, {{2, 3}}, [=](const Tensors& in) { return call(in[0], 0, false); });
  error_case(name, "axis 2 of a matrix", Fault::shape, [=] { return call(ones({2, 3}), 2, false); });
  error_case(name, "an axis named twice", Fault::shape, [=] { return call(ones({2, 3}), {1, -1}, false); });
  error_case(name, "over an axis of length 0", Fault::empty, [=] { return call(zeros({2, 0}), 1, false); });
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "NaN and infinities", Kind::extreme,
        [=] {
          return call(
              to_tensor({Shape{4, 3}, {nan, 1, 2, infinity, 1, nan, -infinity, 1, infinity, infinity, infinity, 1}},
                        dtype),
              1, false);
        },
        dtype, vector_of({nan, nan, 1, infinity}));
    exact_case(
        name, "the gradient of NaN is NaN", Kind::extreme,
        [=] {
          return gradient_at([=](const Tensor& t) { return call(t, {}, false); }, vector_of({1, nan, 2}), dtype);
        },
        dtype, vector_of({0, nan, 0}));
    exact_case(
        name, "of ties the first ones get the gradient", Kind::plain,
        [=] {
          return gradient_at([=](const Tensor& t) { return call(t, {}, false); }, vector_of({2, 1, 1, 2}), dtype, {4});
        },
        dtype, vector_of({2, 0, 2, 0}));
  }
}

// In no order and one twice; the first axis is that of q.
void several_quantiles() {
  const std::vector<double> all{0.77, 0, 0.25, 1, 0.25, 0.5};
  const auto add = [&](const std::string& title, Kind kind, const Values& x, const std::vector<double>& q,
                       const std::vector<std::int64_t>& axes, bool keep_dims = false) {
    formula_case("quantile", "several q, " + title, kind, {x},
                 one([=](const Tensors& in) { return quantile(in[0], q, Axes{axes}, keep_dims); }),
                 one([=](const ManyValues& in) {
                   std::vector<double> data;
                   Shape shape = fold(in[0], axes, keep_dims, [](std::span<const double>) { return 0.0; }).shape;
                   for (const double each : q) {
                     const Values of_each = fold(in[0], axes, keep_dims,
                                                 [=](std::span<const double> line) { return quantile_of(line, each); });
                     data.insert(data.end(), of_each.data.begin(), of_each.data.end());
                   }
                   return Values{shape.inserted(0, static_cast<std::int64_t>(q.size())), data};
                 }))
        .derivatives = x.data.size() < 100;
  };
  const Values cube = separated({2, 3, 4});
  add("everything", Kind::plain, cube, all, {});
  add("everything, keep_dims", Kind::plain, cube, {0.1, 0.9}, {}, true);
  add("middle axis, keep_dims", Kind::plain, cube, all, {-2}, true);
  add("outer axes", Kind::plain, cube, {0.6, 0.3}, {-1, 0});
  add("one q", Kind::plain, cube, {0.4}, {2});
  add("the ends", Kind::plain, cube, {1, 0}, {2});
  add("ties", Kind::plain, with_ties({3, 40}, 9), all, {1});
  add("long rows", Kind::plain, uniform({3, 2003}, -1, 1, 74), all, {1});
  add("one element", Kind::zero_rank, scalar_of(1.5), {0, 0.3, 1}, {});
  add("no rows", Kind::empty, {Shape{0, 3}, {}}, {0.5, 1}, {1});
  add("no q", Kind::empty, cube, {}, {1});
  for (const DType dtype : {float32, float64}) {
    const Values x{Shape{3, 3}, {nan, 1, 2, infinity, 1, 0, -infinity, 1, 2}};
    exact_case("quantile", "several q, NaN and infinities", Kind::extreme,
               [=] {
                 return quantile(to_tensor(x, dtype), {0, 0.5, 0.75, 1}, 1);
               },
               dtype, {Shape{4, 3}, {nan, 0, -infinity, nan, 1, 1, nan, infinity, 1.5, nan, infinity, 2}});
    exact_case("quantile", "several q, gradient", Kind::extreme,
               [=] {
                 const auto some = [](const Tensor& t) { return quantile(t, {0.5, 0.75}, 1); };
                 return gradient_at(some, x, dtype, {1, 1, 1, 4, 4, 4});
               },
               dtype, {Shape{3, 3}, {nan, 0, 0, 2, 3, 0, 0, 3, 2}});
  }
}

const Registration quantiles{[] {
  for (const double q : {0.0, 0.1, 0.25, 0.5, 0.77, 1.0}) {
    quantile_cases("quantile", "q " + std::to_string(q) + ", ", q,
                   [q](const Tensor& x, const Axes& axes, bool keep) { return quantile(x, q, axes, keep); });
  }
  quantile_cases("median", "", 0.5, &median);
  quantile_edges("quantile",
                 [](const Tensor& x, const Axes& axes, bool keep_dims) { return quantile(x, 0.5, axes, keep_dims); });
  quantile_edges("median", &median);
  several_quantiles();
  for (const double q : {-0.1, 1.1, nan}) {
    error_case("quantile", "one q of three is " + std::to_string(q), Fault::value, [q] {
      return quantile(ones({3}), {0.5, q, 0});
    });
    error_case("quantile", "q is " + std::to_string(q), Fault::value, [q] { return quantile(ones({3}), q); });
  }
}};

}  // namespace

TEST_CASE("topk: NaNs come first, then numbers in order, for few and for many of them") {
  // 0, 1, … 39, but every fifth is NaN.
  const Values x = build({40}, [](const Position& p) { return p[0] % 5 == 0 ? nan : static_cast<double>(p[0]); });
  for (const bool largest : {true, false}) {
    std::vector<double> expected;
    for (int k = 0; k < 40; k += 5) {
      expected.push_back(k);
    }
    for (int i = 0; i < 40; ++i) {
      const int k = largest ? 39 - i : i;
      if (k % 5 != 0) {
        expected.push_back(k);
      }
    }
    for (const std::int64_t k : {1, 5, 8, 9, 16, 17, 30, 40}) {
      const Values first = vector_of({expected.begin(), expected.begin() + k});
      CHECK_EQ(difference(to_values(topk(to_tensor(x), k, 0, largest).indices), first, 0), "");
    }
  }
}

TEST_CASE("sort, topk, quantile: the same bits for any number of threads") {
  const Tensor x = to_tensor(with_ties({40000, 7}, 5), float32);
  const auto all = [&] {
    return std::vector{to_values(argsort(x)), to_values(topk(x, 3).indices), to_values(argsort(x, 0)),
                       to_values(quantile(x, 0.3, 1)), to_values(quantile(x, {0.3, 0.8}, 1))};
  };
  const auto alone = all();
  const ThreadCount several{3};
  const auto shared = all();
  for (std::size_t i = 0; i < alone.size(); ++i) {
    CHECK_EQ(difference(shared[i], alone[i], 0), "");
  }
}

}  // namespace xgrad::test
