// Products and diagonals beside triple loops.
#include "xgrad/linalg.hpp"

#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

// The last two axes of a position that broadcasting would read, with the batch axes before them.
Position matrix_position(const Position& batch, const Shape& of, std::int64_t row, std::int64_t column) {
  const std::size_t own = of.rank() - 2;
  Position result(batch.end() - static_cast<std::ptrdiff_t>(own), batch.end());
  for (std::size_t i = 0; i < own; ++i) {
    result[i] = of[i] == 1 ? 0 : result[i];
  }
  result.push_back(row);
  result.push_back(column);
  return result;
}

Values with_shape(Values x, const Shape& shape) {
  x.shape = shape;
  return x;
}

Shape batch_of(const Shape& shape) {
  return Shape{std::span<const std::int64_t>{shape.begin(), shape.rank() - 2}};
}

// NumPy's matmul by its definition, Σ_k a_ik b_kj for every matrix of the batch.
Values matmul_of(const Values& a, const Values& b) {
  const bool row = a.shape.rank() == 1;
  const bool column = b.shape.rank() == 1;
  const Values left = row ? with_shape(a, a.shape.inserted(0, 1)) : a;
  const Values right = column ? with_shape(b, b.shape.inserted(1, 1)) : b;
  const Shape batch = common_shape(batch_of(left.shape), batch_of(right.shape));
  const std::int64_t inner_length = left.shape.back();
  Shape full = batch.inserted(batch.rank(), left.shape[left.shape.rank() - 2]);
  full = full.inserted(full.rank(), right.shape.back());
  Values result = build(full, [&](const Position& p) {
    const Position place(p.begin(), p.end() - 2);
    double total = 0;
    for (std::int64_t k = 0; k < inner_length; ++k) {
      total += left(matrix_position(place, left.shape, p[p.size() - 2], k)) *
               right(matrix_position(place, right.shape, k, p.back()));
    }
    return total;
  });
  if (column) {
    result.shape = result.shape.without(result.shape.rank() - 1);
  }
  if (row) {
    result.shape = result.shape.without(result.shape.rank() - (column ? 1 : 2));
  }
  return result;
}

Values transposed(const Values& x) {
  const std::size_t rank = x.shape.rank();
  const Shape shape = x.shape.with(rank - 2, x.shape[rank - 1]).with(rank - 1, x.shape[rank - 2]);
  return build(shape, [&](const Position& p) {
    Position source = p;
    std::swap(source[rank - 1], source[rank - 2]);
    return x(source);
  });
}

FormulaCase& product(const std::string& title, Kind kind, const Shape& a, const Shape& b) {
  return formula_case("matmul", title + " " + to_string(a) + to_string(b), kind,
                      {uniform(a, -2, 2, 1), uniform(b, -2, 2, 2)},
                      one([](const Tensors& in) { return matmul(in[0], in[1]); }),
                      one([](const ManyValues& in) { return matmul_of(in[0], in[1]); }));
}

// One or both operands given as a transpose.
void transposed_product(const Shape& a, const Shape& b, bool flip_a, bool flip_b) {
  formula_case("matmul", std::string{"transposed "} + (flip_a ? "left" : "") + (flip_b ? " right" : ""), Kind::plain,
               {uniform(a, -2, 2, 3), uniform(b, -2, 2, 4)}, one([=](const Tensors& in) {
                 return matmul(flip_a ? transpose(in[0]) : in[0], flip_b ? transpose(in[1]) : in[1]);
               }),
               one([=](const ManyValues& in) {
                 return matmul_of(flip_a ? transposed(in[0]) : in[0], flip_b ? transposed(in[1]) : in[1]);
               }));
}

const Registration products{[] {
  product("matrices", Kind::plain, {2, 3}, {3, 4});
  product("matrix and vector", Kind::plain, {2, 3}, {3});
  product("vector and matrix", Kind::plain, {3}, {3, 4});
  product("vectors", Kind::plain, {3}, {3});
  product("column and row", Kind::plain, {3, 1}, {1, 2});
  product("row and column", Kind::plain, {1, 3}, {3, 1});
  product("batches", Kind::plain, {2, 2, 3}, {2, 3, 2});
  product("a batch by a matrix", Kind::broadcast, {2, 2, 3}, {3, 2});
  product("a matrix by a batch", Kind::broadcast, {2, 3}, {2, 3, 2});
  product("broadcast batches", Kind::broadcast, {2, 1, 2, 3}, {3, 3, 2});
  product("a batch of one", Kind::broadcast, {1, 2, 3}, {2, 3, 2});
  product("a batch by a vector", Kind::broadcast, {2, 2, 3}, {3});
  product("a vector by a batch", Kind::broadcast, {3}, {2, 3, 2});
  product("no rows", Kind::empty, {0, 3}, {3, 2});
  product("no columns", Kind::empty, {2, 3}, {3, 0});
  product("nothing to add up", Kind::empty, {2, 0}, {0, 3});
  product("empty vectors", Kind::empty, {0}, {0});
  product("an empty batch", Kind::empty, {0, 2, 3}, {3, 2});
  product("a batch without columns", Kind::empty, {2, 2, 3}, {3, 0});
  product("a batch with nothing to add up", Kind::empty, {2, 2, 0}, {0, 3});
  transposed_product({3, 2}, {3, 4}, true, false);
  transposed_product({2, 3}, {4, 3}, false, true);
  transposed_product({3, 2}, {4, 3}, true, true);
  transposed_product({2, 3, 2}, {2, 4, 3}, true, true);
  for (const auto& [a, b] : {std::pair{Shape{67, 129}, Shape{129, 70}}, std::pair{Shape{300, 5}, Shape{5, 3}},
                             std::pair{Shape{1, 784}, Shape{784, 30}}, std::pair{Shape{200, 100}, Shape{100}}}) {
    FormulaCase& added = product("large", Kind::plain, a, b);
    added.derivatives = false;
    added.tolerance = 1e-13;
    added.float32_tolerance = 5e-6;
    added.floor = 30;
  }
  formula_case("matmul", "a matrix by itself", Kind::plain, {uniform({3, 3}, -2, 2, 5)},
               one([](const Tensors& in) { return matmul(in[0], in[0]); }),
               one([](const ManyValues& in) { return matmul_of(in[0], in[0]); }));
  formula_case("matmul", "a matrix by its transpose", Kind::plain, {uniform({2, 3}, -2, 2, 6)},
               one([](const Tensors& in) { return matmul(in[0], transpose(in[0])); }),
               one([](const ManyValues& in) { return matmul_of(in[0], transposed(in[0])); }));
  direct_call("matmul", {{2, 3}, {3, 2}}, [](const Tensors& in) { return matmul(in[0], in[1]); });
  error_case("matmul", "inner lengths 3 and 2", Fault::shape, [] { return matmul(ones({2, 3}), ones({2, 3})); });
  error_case("matmul", "inner lengths of vectors", Fault::shape, [] { return matmul(ones({2}), ones({3})); });
  error_case("matmul", "batches of 2 and 3", Fault::shape, [] { return matmul(ones({2, 2, 2}), ones({3, 2, 2})); });
  error_case("matmul", "a scalar on the left", Fault::zero_rank, [] { return matmul(scalar(2), ones({2, 2})); });
  error_case("matmul", "a scalar on the right", Fault::zero_rank, [] { return matmul(ones({2}), scalar(2)); });
}};

const Registration vectors{[] {
  const auto pair_of = [](std::int64_t m, std::int64_t n) {
    return ManyValues{uniform({m}, -2, 2, 7), uniform({n}, -2, 2, 8)};
  };
  const auto dot_call = one([](const Tensors& in) { return dot(in[0], in[1]); });
  const auto dot_formula = one([](const ManyValues& in) { return scalar_of(inner(in[0], in[1])); });
  formula_case("dot", "vectors", Kind::plain, pair_of(5, 5), dot_call, dot_formula);
  formula_case("dot", "vectors of one", Kind::plain, pair_of(1, 1), dot_call, dot_formula);
  formula_case("dot", "empty vectors", Kind::empty, pair_of(0, 0), dot_call, dot_formula);
  FormulaCase& long_dot = formula_case("dot", "long vectors", Kind::plain, pair_of(3001, 3001), dot_call, dot_formula);
  long_dot.derivatives = false;
  long_dot.tolerance = 1e-13;
  long_dot.float32_tolerance = 5e-6;
  long_dot.floor = 100;
  direct_call("dot", {{3}, {3}}, [](const Tensors& in) { return dot(in[0], in[1]); });
  error_case("dot", "lengths 2 and 3", Fault::shape, [] { return dot(ones({2}), ones({3})); });
  error_case("dot", "length 1 doesn't broadcast", Fault::shape, [] { return dot(ones({1}), ones({3})); });
  error_case("dot", "a matrix", Fault::shape, [] { return dot(ones({2, 2}), ones({2})); });
  error_case("dot", "scalars", Fault::zero_rank, [] { return dot(scalar(1), scalar(2)); });

  const auto outer_call = one([](const Tensors& in) { return outer(in[0], in[1]); });
  const auto outer_formula = one([](const ManyValues& in) {
    return build({in[0].shape[0], in[1].shape[0]}, [&](const Position& p) { return in[0]({p[0]}) * in[1]({p[1]}); });
  });
  formula_case("outer", "vectors", Kind::plain, pair_of(2, 3), outer_call, outer_formula);
  formula_case("outer", "an empty vector", Kind::empty, pair_of(0, 3), outer_call, outer_formula);
  formula_case("outer", "an empty second vector", Kind::empty, pair_of(2, 0), outer_call, outer_formula);
  formula_case("outer", "of a vector and itself", Kind::plain, {uniform({3}, -2, 2, 9)},
               one([](const Tensors& in) { return outer(in[0], in[0]); }), one([](const ManyValues& in) {
                 return build({3, 3}, [&](const Position& p) { return in[0]({p[0]}) * in[0]({p[1]}); });
               }));
  direct_call("outer", {{2}, {3}}, [](const Tensors& in) { return outer(in[0], in[1]); });
  error_case("outer", "a matrix", Fault::shape, [] { return outer(ones({2, 2}), ones({2})); });
  error_case("outer", "a scalar", Fault::zero_rank, [] { return outer(ones({2}), scalar(2)); });
}};

const Registration diagonals{[] {
  const auto call = one([](const Tensors& in) { return diag(in[0]); });
  const auto to_matrix = one([](const ManyValues& in) {
    const std::int64_t n = in[0].shape[0];
    return build({n, n}, [&](const Position& p) { return p[0] == p[1] ? in[0]({p[0]}) : 0.0; });
  });
  const auto to_vector = one([](const ManyValues& in) {
    return build({std::min(in[0].shape[0], in[0].shape[1])}, [&](const Position& p) { return in[0]({p[0], p[0]}); });
  });
  formula_case("diag", "vector to matrix", Kind::plain, {uniform({3}, -2, 2, 1)}, call, to_matrix);
  formula_case("diag", "of a square matrix", Kind::plain, {uniform({3, 3}, -2, 2, 2)}, call, to_vector);
  formula_case("diag", "of a wide matrix", Kind::plain, {uniform({2, 4}, -2, 2, 3)}, call, to_vector);
  formula_case("diag", "of a tall matrix", Kind::plain, {uniform({4, 2}, -2, 2, 4)}, call, to_vector);
  formula_case("diag", "empty vector", Kind::empty, {uniform({0}, -2, 2, 5)}, call, to_matrix);
  formula_case("diag", "empty matrix", Kind::empty, {uniform({0, 3}, -2, 2, 6)}, call, to_vector);
  exact_case("diag", "int64", Kind::plain,
             [] {
               return diag(to_tensor(vector_of({1, 2}), int64));
             },
             int64, {Shape{2, 2}, {1, 0, 0, 2}});
  exact_case("diag", "bool", Kind::plain, [] { return diag(ones({2}, boolean)); }, boolean,
             {Shape{2, 2}, {1, 0, 0, 1}});
  direct_call("diag", {{3}}, [](const Tensors& in) { return diag(in[0]); });
  error_case("diag", "rank 3", Fault::shape, [] { return diag(ones({2, 2, 2})); });
  error_case("diag", "a scalar", Fault::zero_rank, [] { return diag(scalar(1)); });
}};

}  // namespace

}  // namespace xgrad::test
