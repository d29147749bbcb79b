// where, comparisons and logic.
#include <cmath>
#include <limits>
#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Binary = Tensor (*)(const Tensor&, const Tensor&);
using WithNumber = Tensor (*)(const Tensor&, double);
using Relation = std::function<bool(double, double)>;

// Whole numbers, so that equality happens.
Values whole(const Shape& shape, std::uint64_t seed) {
  return map(uniform(shape, 0, 3, seed), [](double x) { return std::floor(x); });
}

void relation_case(const std::string& name, const std::string& title, Kind kind, const Values& a, const Values& b,
                   const std::function<Tensor(const Tensors&)>& call, const Relation& holds) {
  formula_case(name, title, kind, {a, b}, one(call), one([holds](const ManyValues& in) {
                 return zip(in[0], in[1], [holds](double p, double q) { return holds(p, q) ? 1.0 : 0.0; });
               }))
      .result = boolean;
}

void all_shapes(const std::string& name, const std::function<Tensor(const Tensors&)>& call, const Relation& holds) {
  relation_case(name, "equal shapes", Kind::plain, whole({3, 4}, 1), whole({3, 4}, 2), call, holds);
  relation_case(name, "more than a tile", Kind::plain, whole({20011}, 3), whole({20011}, 4), call, holds);
  relation_case(name, "a row", Kind::broadcast, whole({3, 4}, 5), whole({4}, 6), call, holds);
  relation_case(name, "a column and a row", Kind::broadcast, whole({5, 1}, 7), whole({1, 4}, 8), call, holds);
  relation_case(name, "a scalar", Kind::broadcast, whole({}, 9), whole({6}, 10), call, holds);
  relation_case(name, "zero rank", Kind::zero_rank, scalar_of(1), scalar_of(1), call, holds);
  relation_case(name, "no elements", Kind::empty, whole({0, 4}, 1), whole({4}, 1), call, holds);
}

void comparison(const std::string& name, Binary operation, WithNumber with_number, const Relation& holds) {
  all_shapes(
      name, [operation](const Tensors& in) { return operation(in[0], in[1]); }, holds);
  direct_call(name, {{2, 3}, {3}}, [operation](const Tensors& in) { return operation(in[0], in[1]); });
  error_case(name, "lengths 2 and 3", Fault::shape, [operation] { return operation(ones({2}), ones({3})); });
  const auto expected = [&](const Values& a, const Values& b) {
    return zip(a, b, [&](double p, double q) { return holds(p, q) ? 1.0 : 0.0; });
  };
  const Values special = vector_of({0, 1, 2, nan, infinity, -infinity, nan, -0.0});
  const Values other = vector_of({1, 1, 1, 1, infinity, infinity, nan, 0.0});
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "NaN, infinities, both zeros", Kind::extreme,
        [=] { return operation(to_tensor(special, dtype), to_tensor(other, dtype)); }, boolean,
        expected(special, other));
    exact_case(
        name, "a number on the right", Kind::plain, [=] { return with_number(to_tensor(special, dtype), 1); }, boolean,
        expected(special, scalar_of(1)));
  }
  for (const DType dtype : {int64, boolean}) {
    const Values a = vector_of({0, 0, 1, 1});
    const Values b = vector_of({0, 1, 0, 1});
    exact_case(
        name, std::string{to_string(dtype)}, Kind::plain,
        [=] { return operation(to_tensor(a, dtype), to_tensor(b, dtype)); }, boolean, expected(a, b));
  }
}

const Registration comparisons{[] {
  comparison("equal", &equal, &equal, [](double a, double b) { return a == b; });
  comparison("not_equal", &not_equal, &not_equal, [](double a, double b) { return a != b; });
  comparison("less", &less, &less, [](double a, double b) { return a < b; });
  comparison("less_equal", &less_equal, &less_equal, [](double a, double b) { return a <= b; });
  comparison("greater", &greater, &greater, [](double a, double b) { return a > b; });
  comparison("greater_equal", &greater_equal, &greater_equal, [](double a, double b) { return a >= b; });

  const auto by_operator = [](const std::string& name, Tensor (*call)(const Tensor&, const Tensor&),
                              const Relation& holds) {
    relation_case(
        name, "as an operator", Kind::plain, whole({7}, 1), whole({7}, 2),
        [call](const Tensors& in) { return call(in[0], in[1]); }, holds);
  };
  by_operator("less", &operator<, [](double a, double b) { return a < b; });
  by_operator("less_equal", &operator<=, [](double a, double b) { return a <= b; });
  by_operator("greater", &operator>, [](double a, double b) { return a > b; });
  by_operator("greater_equal", &operator>=, [](double a, double b) { return a >= b; });
}};

const Registration logic{[] {
  const auto connective = [](const std::string& name, Binary operation, const Relation& holds) {
    all_shapes(
        name, [operation](const Tensors& in) { return operation(in[0] > 0, in[1] > 0); },
        [holds](double a, double b) { return holds(a > 0, b > 0); });
    direct_call(name, {{2, 3}, {3}}, [operation](const Tensors& in) { return operation(in[0], in[1]); });
    error_case(name, "lengths 2 and 3", Fault::shape,
               [operation] { return operation(ones({2}, boolean), ones({3}, boolean)); });
    exempt(name, "extreme", "bool has two values, both among the plain cases");
  };
  connective("logical_and", &logical_and, [](double a, double b) { return a != 0 && b != 0; });
  connective("logical_or", &logical_or, [](double a, double b) { return a != 0 || b != 0; });

  for (const auto& [kind, x] : {std::pair{Kind::plain, whole({3, 4}, 1)}, std::pair{Kind::plain, whole({9001}, 2)},
                                std::pair{Kind::zero_rank, scalar_of(1)}, std::pair{Kind::empty, whole({0}, 1)}}) {
    formula_case("logical_not", "of x > 0", kind, {x}, one([](const Tensors& in) { return logical_not(in[0] > 0); }),
                 one([](const ManyValues& in) { return map(in[0], [](double v) { return v > 0 ? 0.0 : 1.0; }); }))
        .result = boolean;
  }
  direct_call("logical_not", {{3}}, [](const Tensors& in) { return logical_not(in[0]); });
  exempt("logical_not", "wrong shape", "one tensor of any shape");
  exempt("logical_not", "extreme", "bool has two values, both among the plain cases");
}};

// A condition that holds at every other position.
Values alternating(const Shape& shape) {
  double last = 0;
  return build(shape, [&](const Position&) { return last = 1 - last; });
}

double pick(double condition, double a, double b) {
  return condition != 0 ? a : b;
}

void where_case(const std::string& title, Kind kind, const Shape& condition, const Shape& a, const Shape& b) {
  const Values chosen = alternating(condition);
  const Tensor flags = to_tensor(chosen, boolean);
  formula_case("where", title, kind, {uniform(a, -2, 2, 1), uniform(b, -2, 2, 2)},
               one([flags](const Tensors& in) { return where(flags, in[0], in[1]); }),
               one([chosen](const ManyValues& in) {
                 const Shape common = common_shape(chosen.shape, common_shape(in[0].shape, in[1].shape));
                 return build(common, [&](const Position& p) {
                   return pick(broadcast_at(chosen, p), broadcast_at(in[0], p), broadcast_at(in[1], p));
                 });
               }));
}

const Registration choices{[] {
  where_case("equal shapes", Kind::plain, {2, 3}, {2, 3}, {2, 3});
  where_case("all different", Kind::broadcast, {2, 1, 1}, {3, 1}, {4});
  where_case("a row of conditions", Kind::broadcast, {3}, {2, 3}, {2, 3});
  where_case("scalars chosen from", Kind::broadcast, {2, 3}, {}, {});
  where_case("one condition", Kind::broadcast, {}, {2, 3}, {3});
  where_case("zero rank", Kind::zero_rank, {}, {}, {});
  where_case("no elements", Kind::empty, {0, 3}, {3}, {1, 3});

  const Values chosen = alternating({5});
  const Tensor flags = to_tensor(chosen, boolean);
  formula_case("where", "a number where it doesn't hold", Kind::plain, {uniform({5}, -2, 2, 3)},
               one([flags](const Tensors& in) { return where(flags, in[0], -7); }), one([chosen](const ManyValues& in) {
                 return build({5}, [&](const Position& p) { return pick(chosen(p), in[0](p), -7); });
               }));
  formula_case("where", "a number where it holds", Kind::plain, {uniform({5}, -2, 2, 4)},
               one([flags](const Tensors& in) { return where(flags, 7, in[0]); }), one([chosen](const ManyValues& in) {
                 return build({5}, [&](const Position& p) { return pick(chosen(p), 7, in[0](p)); });
               }));
  direct_call("where", {{2}, {2}}, [](const Tensors& in) {
    return where(to_tensor(vector_of({1, 0}), boolean), in[0], in[1]);
  });
  error_case("where", "condition (2,), branches (3,)", Fault::shape,
             [] { return where(ones({2}, boolean), ones({3}), ones({3})); });
  error_case("where", "branches (2,) and (3,)", Fault::shape,
             [] { return where(ones({1}, boolean), ones({2}), ones({3})); });
  error_case("where", "a float condition", Fault::dtype, [] { return where(ones({2}), ones({2}), ones({2})); });
  exact_case(
      "where", "int64 branches", Kind::plain,
      [] {
        return where(to_tensor(vector_of({1, 0}), boolean), full({2}, 3, int64), full({2}, 4, int64));
      },
      int64, vector_of({3, 4}));
  exact_case(
      "where", "bool branches", Kind::plain,
      [] {
        return where(to_tensor(vector_of({1, 0}), boolean), ones({2}, boolean), zeros({2}, boolean));
      },
      boolean, vector_of({1, 0}));
  exact_case(
      "where", "NaN and infinity in the branch not taken don't show", Kind::extreme,
      [] {
        return where(to_tensor(vector_of({1, 0, 1}), boolean), to_tensor(vector_of({1, nan, infinity})),
                     to_tensor(vector_of({nan, 2, -infinity})));
      },
      float64, vector_of({1, 2, infinity}));
  exact_case(
      "where", "the branch not taken gets exactly 0, also of an infinite cotangent", Kind::extreme,
      [] {
        return gradient_at(
            [](const Tensor& x) {
              return where(to_tensor(vector_of({1, 0, 0}), boolean), x, 0.0);
            },
            vector_of({1, 2, 3}), float32, {infinity, infinity, nan});
      },
      float32, vector_of({infinity, 0, 0}));
}};

}  // namespace

}  // namespace xgrad::test
