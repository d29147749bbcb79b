// Rows of tables by index, beside loops over positions.
#include "xgrad/rows.hpp"

#include <limits>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Indices = std::vector<std::int64_t>;

Tensor whole(const Indices& indices) {
  return from_vector(indices, {static_cast<std::int64_t>(indices.size())});
}

bool same_row(std::int64_t a, std::int64_t b, std::int64_t length) {
  return (a - b) % length == 0;
}

void sum_case(const std::string& title, Kind kind, const Shape& x, const Indices& indices, std::int64_t length) {
  formula_case("index_sums", title, kind, {uniform(x, -2, 2, 211)},
               one([=](const Tensors& in) { return index_sums(in[0], whole(indices), length); }),
               one([=](const ManyValues& in) {
                 return build(x, [&](const Position& p) {
                   double sum = 0;
                   Position q = p;
                   for (std::size_t k = 0; k < indices.size(); ++k) {
                     q[0] = static_cast<std::int64_t>(k);
                     sum += same_row(indices[k], indices[static_cast<std::size_t>(p[0])], length) ? in[0](q) : 0;
                   }
                   return sum;
                 });
               }));
}

const Registration sums{[] {
  sum_case("with repeats", Kind::plain, {6, 3}, {2, 0, 2, 7, 0, 2}, 8);
  sum_case("none repeats", Kind::plain, {3, 2}, {5, 0, 3}, 6);
  sum_case("all equal", Kind::plain, {5, 2}, {1, 1, 1, 1, 1}, 3);
  sum_case("numbers", Kind::plain, {4}, {1, 2, 1, 2}, 4);
  sum_case("matrices", Kind::plain, {3, 2, 2}, {1, 0, 1}, 2);
  sum_case("wide rows", Kind::plain, {4, 19}, {3, 1, 3, 3}, 5);
  sum_case("counted from the front and from the back", Kind::plain, {4, 2}, {-1, 5, 0, -6}, 6);
  sum_case("rows that meet in a table of a power of two", Kind::plain, {4}, {0, 1 << 20, 1 << 21, 1 << 20}, 1 << 22);
  sum_case("no rows", Kind::empty, {0, 3}, {}, 4);
  sum_case("rows of nothing", Kind::empty, {2, 0}, {1, 1}, 4);
  direct_call("index_sums", {{3, 2}}, [](const Tensors& in) { return index_sums(in[0], whole({1, 0, 1}), 2); });
  error_case("index_sums", "three rows, two indices", Fault::shape, [] {
    return index_sums(ones({3}), whole({0, 1}), 4);
  });
  error_case("index_sums", "a matrix of indices", Fault::shape, [] {
    return index_sums(ones({2, 2}), from_vector<std::int64_t>({0, 1, 0, 1}, {2, 2}), 4);
  });
  error_case("index_sums", "a negative length", Fault::shape, [] { return index_sums(ones({1}), whole({0}), -1); });
  error_case("index_sums", "a scalar", Fault::zero_rank, [] { return index_sums(scalar(1), whole({0}), 1); });
  error_case("index_sums", "index 4 of 4", Fault::value, [] { return index_sums(ones({2}), whole({0, 4}), 4); });
  error_case("index_sums", "index -5 of 4", Fault::value, [] { return index_sums(ones({1}), whole({-5}), 4); });
  error_case("index_sums", "into nothing", Fault::value, [] { return index_sums(ones({1}), whole({0}), 0); });
  error_case("index_sums", "float indices", Fault::dtype, [] { return index_sums(ones({1}), ones({1}), 4); });
  for (const DType dtype : {float32, float64}) {
    exact_case(
        "index_sums", "NaN and infinity stay with their index, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] {
          return index_sums(to_tensor(vector_of({infinity, nan, 1, -infinity, 2}), dtype), whole({0, 1, 0, 0, 1}), 2);
        },
        dtype, vector_of({nan, nan, nan, nan, nan}));
    exact_case(
        "index_sums", "an infinity elsewhere, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] {
          return index_sums(to_tensor(vector_of({infinity, 1, 1, 2}), dtype), whole({3, 1, 3, 1}), 4);
        },
        dtype, vector_of({infinity, 3, infinity, 3}));
  }
  exact_case(
      "index_sums", "int64", Kind::plain,
      [] {
        return index_sums(to_tensor(vector_of({5, 6, 7}), int64), whole({2, 0, 2}), 3);
      },
      int64, vector_of({12, 6, 12}));
  exact_case(
      "index_sums", "float32: a million small ones beside a large one", Kind::extreme,
      [] {
        const std::int64_t count = 1'000'001;
        const Tensor x = concatenate({full({1}, 1e8, float32), ones({count - 1}, float32)}, 0);
        return slice(index_sums(x, zeros({count}, int64), 1), {0, 1});
      },
      float32, vector_of({1.01e8}));
}};

void put_case(const std::string& title, Kind kind, const Shape& x, const Indices& indices) {
  const auto count = static_cast<std::int64_t>(indices.size());
  formula_case("put_rows", title, kind, {uniform(x, -2, 2, 212), uniform(x.with(0, count), 3, 4, 213)},
               one([=](const Tensors& in) { return put_rows(in[0], whole(indices), in[1]); }),
               one([=](const ManyValues& in) {
                 Values result = in[0];
                 for_each_position(in[1].shape, [&](const Position& p) {
                   Position target = p;
                   const std::int64_t index = indices[static_cast<std::size_t>(p[0])];
                   target[0] = index < 0 ? index + x[0] : index;
                   result(target) = in[1](p);
                 });
                 return result;
               }));
}

const Registration puts{[] {
  put_case("some rows", Kind::plain, {4, 3}, {2, 0});
  put_case("of equal indices the last one", Kind::plain, {4, 2}, {2, 0, 2, -2, 0});
  put_case("all rows, turned", Kind::plain, {3, 2}, {2, 1, 0});
  put_case("numbers", Kind::plain, {5}, {-1, 0});
  put_case("matrices", Kind::plain, {3, 2, 2}, {1});
  put_case("no indices", Kind::empty, {3, 2}, {});
  put_case("rows of nothing", Kind::empty, {3, 0}, {1});
  direct_call("put_rows", {{3, 2}, {1, 2}}, [](const Tensors& in) { return put_rows(in[0], whole({2}), in[1]); });
  error_case("put_rows", "longer rows", Fault::shape, [] { return put_rows(ones({3, 2}), whole({0}), ones({1, 3})); });
  error_case("put_rows", "two rows at one index", Fault::shape, [] {
    return put_rows(ones({3, 2}), whole({0}), ones({2, 2}));
  });
  error_case("put_rows", "a row without its axis", Fault::shape, [] {
    return put_rows(ones({3, 2}), whole({0}), ones({2}));
  });
  error_case("put_rows", "one index without axis", Fault::shape, [] {
    return put_rows(ones({3, 2}), from_vector<std::int64_t>({0}, {}), ones({2}));
  });
  error_case("put_rows", "a scalar", Fault::zero_rank, [] { return put_rows(scalar(1), whole({0}), ones({1})); });
  error_case("put_rows", "index 3 of 3", Fault::value, [] { return put_rows(ones({3}), whole({0, 3}), ones({2})); });
  error_case("put_rows", "index -4 of 3", Fault::value, [] { return put_rows(ones({3}), whole({-4}), ones({1})); });
  error_case("put_rows", "float indices", Fault::dtype, [] { return put_rows(ones({3}), ones({1}), ones({1})); });
  for (const DType dtype : {float32, float64}) {
    exact_case(
        "put_rows", "NaN and infinity arrive, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] {
          return put_rows(to_tensor(vector_of({infinity, 1, nan}), dtype), whole({1}), full({1}, -infinity, dtype));
        },
        dtype, vector_of({infinity, -infinity, nan}));
    exact_case(
        "put_rows", "x's gradient is exactly 0 where it is replaced, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] {
          return gradient_at([=](const Tensor& x) { return put_rows(x, whole({1}), ones({1}, dtype)); },
                             vector_of({1, 2}), dtype, {infinity, infinity});
        },
        dtype, vector_of({infinity, 0}));
    exact_case(
        "put_rows", "only the last of equal indices gets a gradient, " + std::string{to_string(dtype)}, Kind::plain,
        [=] {
          return gradient_at(
              [=](const Tensor& rows) {
                return put_rows(zeros({3}, dtype), whole({1, 2, 1}), rows);
              },
              vector_of({1, 2, 3}), dtype, {4, 5, 6});
        },
        dtype, vector_of({0, 6, 5}));
  }
  for (const DType dtype : {int64, boolean}) {
    exact_case(
        "put_rows", std::string{to_string(dtype)}, Kind::plain,
        [=] {
          return put_rows(zeros({3}, dtype), whole({1, -1}), ones({2}, dtype));
        },
        dtype, vector_of({0, 1, 1}));
  }
}};

}  // namespace

}  // namespace xgrad::test
