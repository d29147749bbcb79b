#include "support/rule_cases.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "xgrad/xgrad.hpp"

#include "graph/node.hpp"
#include "support/counting_operation.hpp"

namespace xgrad::test {

namespace {

using Doubles = std::vector<double>;

const double infinity = std::numeric_limits<double>::infinity();

Tensor doubles(const NestedList& values) {
  return tensor(values, float64);
}
Tensor evaluated(const Tensor& tensor) {
  return tensor.eval();
}
// A product whose operand is a transpose that matmul() hasn't seen.
Tensor raw_product(const Tensor& a, const Tensor& b) {
  return apply(matmul(ones({2, 2}), ones({2, 2})).node()->operation, {a, b});
}

// The sample that most cases are about.
const Doubles sample{-2, -0.5, 0.25, 3};
Tensor x() {
  return doubles({-2, -0.5, 0.25, 3});
}
Tensor y() {
  return doubles({5, 7, -11, 13});
}
// What normalize's derivative makes of g, with means of g along one axis and of g ⊙ n along another; or without
// mean(g).
Tensor adjoint(const Tensor& g, const Tensor& n, const Tensor& d, std::int64_t axis, std::int64_t other_axis) {
  return chain_div(g - mean(g, axis, true) - chain_mul(mean(chain_mul(g, n), other_axis, true), n), d);
}
Tensor rms_adjoint(const Tensor& g, const Tensor& n, const Tensor& factor, const Tensor& d) {
  return chain_div(g - chain_mul(mean(chain_mul(g, n), -1, true), factor), d);
}
Tensor cotangents() {
  return doubles({{1, 2, 3, 6}, {4, -4, 0, 0}});
}
Tensor normal() {
  return doubles({{1, -1, 2, 1}, {2, 1, -3, 5}});
}
// (2, 2, run): 0 1 2 3 0 1 …, by 2 in the first of the middle axis and −1 in the second.
Tensor counts(std::int64_t run) {
  return fmod(arange(0, 4.0 * static_cast<double>(run), 1, float64), 4.0).eval();
}
Tensor shaped(const Tensor& values, std::int64_t run) {
  return reshape(values, {2, 2, run}).eval();
}
Tensor signs(std::int64_t run) {
  return broadcast_to(doubles({{{2}, {-1}}, {{2}, {-1}}}), {2, 2, run}).eval();
}
Tensor matrix() {
  return doubles({{1, 2, 3}, {4, 5, 6}});
}
Tensor condition() {
  return x() > 0.0;
}

}  // namespace

std::vector<Applies> applies() {
  return {
      {"no operation", "stop_gradient(x)", [] { return stop_gradient(x()); }, "", sample},
      {"times one", "x · 1", [] { return x() * 1.0; }, "", sample},
      {"times one", "1 · x", [] { return 1.0 * x(); }, "", sample},
      {"times one", "x / 1", [] { return x() / 1.0; }, "", sample},
      {"times minus one", "x · (−1)", [] { return x() * -1.0; }, "neg", {2, 0.5, -0.25, -3}},
      {"times minus one", "(−1) · x", [] { return -1.0 * x(); }, "neg", {2, 0.5, -0.25, -3}},
      {"times minus one", "x / (−1)", [] { return x() / -1.0; }, "neg", {2, 0.5, -0.25, -3}},
      {"minus zero", "x − 0", [] { return x() - 0.0; }, "", sample},
      {"double negation", "−(−x)", [] { return -(-x()); }, "", sample},
      {"signs of terms", "x + (−y)", [] { return x() + (-y()); }, "sub", {-7, -7.5, 11.25, -10}},
      {"signs of terms", "(−y) + x", [] { return (-y()) + x(); }, "sub", {-7, -7.5, 11.25, -10}},
      {"signs of terms", "x − (−y)", [] { return x() - (-y()); }, "add", {3, 6.5, -10.75, 16}},
      {"signs of factors", "(−x) (−y)", [] { return (-x()) * (-y()); }, "mul", {-10, -3.5, -2.75, 39}},
      {"signs of factors", "(−y) / (−x)", [] { return (-y()) / (-x()); }, "div", {-2.5, -14, -44, 13.0 / 3}},
      {"same branches", "c ? x : x",
       [] {
         const Tensor same = x();
         return where(condition(), same, same);
       },
       "", sample},
      {"permuted twice",
       "(xᵀ)ᵀ",
       [] {
         return permute(permute(matrix(), {1, 0}), {1, 0});
       },
       "",
       {1, 2, 3, 4, 5, 6}},
      {"permuted twice",
       "a cycle and a cycle are the cycle back",
       [] {
         return permute(permute(reshape(matrix(), {1, 2, 3}).eval(), {1, 2, 0}), {1, 2, 0});
       },
       "permute",
       {1, 4, 2, 5, 3, 6}},
      {"reshaped twice",
       "to another shape",
       [] {
         return reshape(reshape(matrix(), {6}), {3, 2});
       },
       "reshape",
       {1, 2, 3, 4, 5, 6}},
      {"reshaped twice",
       "there and back",
       [] {
         return reshape(reshape(matrix(), {6}), {2, 3});
       },
       "",
       {1, 2, 3, 4, 5, 6}},
      {"broadcast twice",
       "a number to a row to a matrix",
       [] {
         return broadcast_to(broadcast_to(doubles(8), {2}), {2, 2});
       },
       "broadcast_to",
       {8, 8, 8, 8}},
      {"broadcast operand",
       "a row beside a matrix",
       [] {
         return matrix() + broadcast_to(doubles({10, 20, 30}), {2, 3});
       },
       "add",
       {11, 22, 33, 14, 25, 36}},
      {"broadcast operand",
       "a scalar with an axis more",
       [] { return x() * reshape(doubles(3), {1}); },
       "mul",
       {-6, -1.5, 0.75, 9}},
      {"broadcast operand",
       "a column before a matrix",
       [] {
         return broadcast_to(doubles({{10}, {20}}), {2, 3}) - matrix();
       },
       "sub",
       {9, 8, 7, 16, 15, 14}},
      {"sum of a broadcast",
       "a row, down the columns",
       [] {
         return sum(broadcast_to(doubles({1, 2, 3}), {4, 3}), 0);
       },
       "mul",
       {4, 8, 12}},
      {"sum of a broadcast",
       "a column, along the rows, axis kept",
       [] {
         return sum(broadcast_to(doubles({{1}, {2}}), {2, 5}), 1, true);
       },
       "mul",
       {5, 10}},
      {"sum of a broadcast",
       "a number, over all",
       [] {
         return sum(broadcast_to(doubles(2.5), {2, 3}));
       },
       "mul",
       {15}},
      {"sum of one",
       "sum",
       [] {
         return sum(doubles({{1}, {2}}), 1);
       },
       "reshape",
       {1, 2}},
      {"sum of one",
       "mean",
       [] {
         return mean(doubles({{1, 2}}), 0);
       },
       "reshape",
       {1, 2}},
      {"adjoint of a normalisation",
       "with both means",
       [] {
         return adjoint(cotangents(), normal(), doubles({{2}, {4}}), -1, 1);
       },
       "normalize_adjoint",
       {-2.375, 0.875, -2.75, 0.125, 0.5, -1.25, 0.75, -1.25}},
      {"adjoint of a normalisation",
       "without the mean",
       [] {
         const Tensor n = normal();
         return rms_adjoint(cotangents(), n, n, doubles({{2}, {4}}));
       },
       "rms_normalize_adjoint",
       {-0.875, 2.375, -1.25, 1.625, 0.5, -1.25, 0.75, -1.25}},
      {"sum of products",
       "around a kept axis",
       [] {
         return sum(chain_mul(shaped(counts(16), 16), signs(16)), {0, 2});
       },
       "sum_of_products",
       {96, -48}},
      {"transposed operand",
       "at the left",
       [] {
         return raw_product(transpose(matrix()), doubles({{1}, {10}}));
       },
       "matmul",
       {41, 52, 63}},
      {"transposed operand",
       "at the right",
       [] {
         return raw_product(doubles({{1, 10, 100}}), transpose(matrix()));
       },
       "matmul",
       {321, 654}},
      {"transposed operand",
       "of a batch",
       [] {
         return raw_product(permute(doubles({{{1, 2}}, {{3, 4}}}), {0, 2, 1}), doubles({{{10}}, {{100}}}));
       },
       "matmul",
       {10, 20, 300, 400}},
      {"constant folding",
       "sin(1)",
       [] {
         return sin(doubles({1, 2}));
       },
       "",
       {std::sin(1), std::sin(2)},
       true},
      {"powers of two", "s (2 x)", [] { return doubles(3) * (2.0 * x()); }, "mul mul", {-12, -3, 1.5, 18}, true},
      {"powers of two", "(x · ½) s", [] { return (x() * 0.5) * doubles(3); }, "mul mul", {-3, -0.75, 0.375, 4.5}, true},
  };
}

std::vector<NearMiss> near_misses() {
  return {
      {"no operation", "a cast to another dtype", [] { return cast(x(), float32); }},
      {"times one", "1 / x", [] { return 1.0 / x(); }},
      {"times one", "a number next to 1", [] { return x() * std::nextafter(1.0, 2.0); }},
      {"times one", "an array of ones",
       [] {
         return x() * doubles({1, 1, 1, 1});
       }},
      {"times one", "int64", [] { return tensor({5}, int64) * scalar(1, int64); }},
      {"times one", "a parameter that holds 1", [] { return x() * Parameter{doubles(1)}.value(); }},
      {"times one", "a variable that holds 1", [] { return x() * variable(doubles(1)); }},
      {"times one", "a user's operation called mul",
       [] {
         return apply(std::make_shared<FalseProduct>(7), {x(), doubles(1)});
       }},
      {"times minus one", "−1 / x", [] { return -1.0 / x(); }},
      {"times minus one", "int64", [] { return tensor({5}, int64) * scalar(-1, int64); }},
      {"minus zero", "x + 0", [] { return x() + 0.0; }},
      {"minus zero", "x − (−0)", [] { return x() - -0.0; }},
      {"minus zero", "0 − x", [] { return 0.0 - x(); }},
      {"minus zero", "int64", [] { return tensor({5}, int64) - scalar(0, int64); }},
      {"double negation", "the inner one has its value", [] { return -evaluated(-x()); }},
      {"double negation", "of another operation", [] { return -abs(x()); }},
      {"signs of terms", "(−x) − y", [] { return (-x()) - y(); }},
      {"signs of terms", "the negative has its value", [] { return x() + evaluated(-y()); }},
      {"signs of factors", "(−x) y", [] { return (-x()) * y(); }},
      {"signs of factors", "(−x) + (−y)", [] { return (-x()) + (-y()); }},
      {"same branches", "c ? x : y", [] { return where(condition(), x(), y()); }},
      {"same branches", "equal values in two tensors", [] { return where(condition(), x(), x()); }},
      {"same branches", "a number where the condition gives the shape",
       [] {
         const Tensor same = doubles(2);
         return where(condition(), same, same);
       }},
      {"permuted twice", "with a reshape between",
       [] {
         return permute(reshape(permute(matrix(), {1, 0}), {2, 3}), {1, 0});
       }},
      {"reshaped twice", "with a transpose between",
       [] {
         return reshape(transpose(reshape(matrix(), {3, 2})), {6});
       }},
      {"broadcast twice", "with an operation between",
       [] {
         return broadcast_to(sin(broadcast_to(doubles(8), {2})), {2, 2});
       }},
      {"broadcast operand", "no other operand has the shape",
       [] {
         return broadcast_to(doubles({1, 2, 3}), {2, 3}) + doubles({{1}, {2}});
       }},
      {"broadcast operand", "one element that is no scalar", [] { return x() * reshape(doubles({{3}}), {1}); }},
      {"broadcast operand", "a scalar with an axis more than the other",
       [] { return doubles(2) * reshape(doubles(3), {1}); }},
      {"broadcast operand", "two broadcasts",
       [] { return broadcast_to(doubles(1), {2}) + evaluated(broadcast_to(doubles(1), {1})); }},
      {"sum of a broadcast", "over an axis that the source has",
       [] {
         return sum(broadcast_to(doubles({1, 2, 3}), {4, 3}), 1);
       }},
      {"sum of a broadcast", "over a part of what was broadcast",
       [] {
         return sum(broadcast_to(doubles(2), {4, 3}), 0);
       }},
      {"sum of a broadcast", "int64", [] { return sum(broadcast_to(tensor({1}, int64), {4}), 0); }},
      {"sum of a broadcast", "of nothing", [] { return sum(broadcast_to(doubles(infinity), {0})); }},
      {"sum of one", "over a longer axis",
       [] {
         return sum(doubles({{1}, {2}}), 0);
       }},
      {"sum of one", "of nothing",
       [] {
         return sum(zeros({0, 1}, float64), 1);
       }},
      {"adjoint of a normalisation", "means along two axes",
       [] {
         return adjoint(normal(), normal(), doubles({{2}, {4}}), 0, 1);
       }},
      {"adjoint of a normalisation", "another factor of the mean",
       [] {
         return rms_adjoint(cotangents(), normal(), cotangents(), doubles({{2}, {4}}));
       }},
      {"adjoint of a normalisation", "a divisor for each element",
       [] { return adjoint(cotangents(), normal(), normal(), 1, 1); }},
      {"adjoint of a normalisation", "down columns, whose elements lie apart",
       [] {
         return adjoint(cotangents(), normal(), doubles({{2, 4, 1, 8}}), 0, 0);
       }},
      {"sum of products", "along the last axes",
       [] {
         return sum(chain_mul(shaped(counts(16), 16), signs(16)), {1, 2});
       }},
      {"sum of products", "of short runs",
       [] {
         return sum(chain_mul(shaped(counts(8), 8), signs(8)), {0, 2});
       }},
      {"sum of products", "of a factor that broadcasts",
       [] {
         return sum(chain_mul(shaped(counts(16), 16), doubles({{2}, {-1}})), {0, 2});
       }},
      {"transposed operand", "another permutation",
       [] {
         return raw_product(permute(ones({2, 2, 2}, float64), {1, 0, 2}), ones({2, 2, 2}, float64));
       }},
      {"transposed operand", "the transpose has its value",
       [] {
         return raw_product(evaluated(transpose(matrix())), doubles({{1}, {10}}));
       }},
      {"constant folding", "leaves that may differ from run to run",
       [] {
         return sin(doubles({1, 2}));
       },
       false},
      {"constant folding", "a large result", [] { return sin(zeros({4097}, float64)); }, true},
      {"constant folding", "of what is pending", [] { return sin(cos(x())); }, true},
      {"powers of two", "s (3 x)", [] { return doubles(5) * (3.0 * x()); }, true},
      {"powers of two", "s (2 x) with an array s", [] { return y() * (2.0 * x()); }, true},
      {"powers of two", "2 (2 x)", [] { return 2.0 * (2.0 * x()); }, true},
      {"powers of two", "s (2 t) of numbers", [] { return doubles(3) * (2.0 * doubles(5)); }, true},
      {"powers of two", "a number that may change", [] { return doubles(3) * (2.0 * x()); }},
      {"powers of two", "a number whose double overflows", [] { return doubles(1e308) * (2.0 * x()); }, true},
      {"powers of two", "a number whose half loses bits", [] { return doubles(5e-324) * (0.5 * x()); }, true},
  };
}

}  // namespace xgrad::test
