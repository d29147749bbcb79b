// Contractions beside one loop over all letters.
#include "xgrad/einsum.hpp"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/scope.hpp"

#include "support/message_of.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// "ab,bc->ac" without ellipsis: for all values of all letters, the product goes to its element of the result. An axis
// of length 1 repeats its element.
struct Loops {
  std::vector<std::string> terms{""};  // the result last

  explicit Loops(const std::string& subscripts) {
    for (const char c : subscripts) {
      if (c == ',' || c == '>') {
        terms.emplace_back();
      } else if (c != '-') {
        terms.back() += c;
      }
    }
  }

  [[nodiscard]] std::map<char, std::int64_t> lengths(const ManyValues& in) const {
    std::map<char, std::int64_t> result;
    for (std::size_t i = 0; i < in.size(); ++i) {
      for (std::size_t axis = 0; axis < terms[i].size(); ++axis) {
        const auto [known, is_new] = result.emplace(terms[i][axis], in[i].shape[axis]);
        known->second = known->second == 1 || is_new ? in[i].shape[axis] : known->second;
      }
    }
    return result;
  }

  [[nodiscard]] Values operator()(const ManyValues& in) const {
    const std::map<char, std::int64_t> length = lengths(in);
    std::string letters;
    std::vector<std::int64_t> all;
    for (const auto& [letter, count] : length) {
      letters += letter;
      all.push_back(count);
    }
    const auto at = [&](const std::string& term, const Position& p, const Shape& shape) {
      Position own;
      for (std::size_t axis = 0; axis < term.size(); ++axis) {
        own.push_back(shape[axis] == 1 ? 0 : p[letters.find(term[axis])]);
      }
      return own;
    };
    std::vector<std::int64_t> left;
    for (const char letter : terms.back()) {
      left.push_back(length.at(letter));
    }
    Values result = build(Shape{left}, [](const Position&) { return 0.0; });
    for_each_position(Shape{all}, [&](const Position& p) {
      double product = 1;
      for (std::size_t i = 0; i < in.size(); ++i) {
        product *= in[i](at(terms[i], p, in[i].shape));
      }
      result(at(terms.back(), p, result.shape)) += product;
    });
    return result;
  }
};

void einsum_case(const std::string& subscripts, const std::string& loops, const std::vector<Shape>& shapes,
                 Kind kind = Kind::plain) {
  ManyValues inputs;
  for (const Shape& shape : shapes) {
    inputs.push_back(uniform(shape, -1.5, 1.5, 51 + inputs.size()));
  }
  FormulaCase& added =
      formula_case("einsum", subscripts, kind, inputs, one([=](const Tensors& in) { return einsum(subscripts, in); }),
                   one([=](const ManyValues& in) { return Loops{loops}(in); }));
  added.tolerance = 1e-13;
  added.float32_tolerance = 3e-6;
}

void einsum_case(const std::string& subscripts, const std::vector<Shape>& shapes, Kind kind = Kind::plain) {
  einsum_case(subscripts, subscripts, shapes, kind);
}

const Registration contractions{[] {
  einsum_case("ij,jk->ik", {{2, 3}, {3, 4}});
  einsum_case("ij,jk->ki", {{2, 3}, {3, 4}});
  einsum_case("ij,kj->ik", {{2, 3}, {4, 3}});
  einsum_case("ji,jk->ik", {{3, 2}, {3, 4}});
  einsum_case("ji,kj->ki", {{3, 2}, {4, 3}});
  einsum_case("ij,j->i", {{2, 3}, {3}});
  einsum_case("i,ij->j", {{2}, {2, 3}});
  einsum_case("i,i->", {{3}, {3}});
  einsum_case("i,i->i", {{3}, {3}});
  einsum_case("i,j->ij", {{3}, {2}});
  einsum_case("i,j->ji", {{3}, {2}});
  einsum_case("ij,ij->", {{2, 3}, {2, 3}});
  einsum_case("ij,ji->", {{2, 3}, {3, 2}});
  einsum_case("ij,ij->j", {{2, 3}, {2, 3}});
  einsum_case("ij,kl->", {{2, 3}, {2, 2}});
  einsum_case("ijk,jil->kl", {{2, 3, 2}, {3, 2, 2}});
  einsum_case("ijk,jil->lk", {{2, 3, 2}, {3, 2, 3}});
  einsum_case("bij,bjk->bik", {{2, 2, 3}, {2, 3, 2}});
  einsum_case("bij,bkj->bik", {{2, 2, 3}, {2, 2, 3}});
  einsum_case("bji,bjk->ibk", {{2, 3, 2}, {2, 3, 2}});
  einsum_case("bi,bi->b", {{3, 2}, {3, 2}});
  einsum_case("bi,bij->bj", {{2, 3}, {2, 3, 2}});
  einsum_case("bij,jk->bik", {{2, 2, 3}, {3, 2}});
  einsum_case("bqhd,bkhd->bhqk", {{1, 2, 2, 2}, {1, 3, 2, 2}});
  einsum_case("ij,jk,kl->il", {{2, 3}, {3, 2}, {2, 2}});
  einsum_case("ij,jk,kl,lm->mi", {{2, 3}, {3, 2}, {2, 2}, {2, 2}});
  einsum_case("ij,ik,il->jkl", {{2, 2}, {2, 3}, {2, 2}});
  einsum_case("i,j,k->kij", {{2}, {2}, {3}});
  einsum_case("ijk,i,j,k->", {{2, 3, 2}, {2}, {3}, {2}});
  einsum_case("i,,i->i", {{3}, {}, {3}});
}};

const Registration single_operands{[] {
  einsum_case("ij->ji", {{2, 3}});
  einsum_case("ijk->kj", {{2, 3, 2}});
  einsum_case("ij->", {{2, 3}});
  einsum_case("ij->ij", {{2, 3}});
  einsum_case("ii->i", {{3, 3}});
  einsum_case("ii->", {{3, 3}});
  einsum_case("iji->ji", {{2, 3, 2}});
  einsum_case("iij->j", {{2, 2, 3}});
  einsum_case("iii->i", {{2, 2, 2}});
  einsum_case("ijij->ji", {{2, 3, 2, 3}});
  einsum_case("ii,ij->ij", {{2, 2}, {2, 3}});
}};

const Registration implicit_results{[] {
  einsum_case("ij,jk", "ij,jk->ik", {{2, 3}, {3, 2}});
  einsum_case("ba", "ba->ab", {{2, 3}});
  einsum_case("bA", "bA->Ab", {{2, 3}});
  einsum_case("ii", "ii->", {{3, 3}});
  einsum_case("k,i", "k,i->ik", {{2}, {3}});
  einsum_case(" i j , j k -> k i ", "ij,jk->ki", {{2, 3}, {3, 2}});
  einsum_case("b...a", "bxa->xab", {{2, 3, 2}});
}};

const Registration ellipses{[] {
  einsum_case("...ij,...jk->...ik", "xyij,yjk->xyik", {{2, 1, 2, 3}, {3, 3, 2}});
  einsum_case("...ij,jk", "xij,jk->xik", {{2, 2, 3}, {3, 2}});
  einsum_case("...i->...", "xyi->xy", {{2, 3, 2}});
  einsum_case("i...->...", "ixy->xy", {{2, 3, 2}});
  einsum_case("i...j->j...i", "ixyj->jxyi", {{2, 1, 3, 2}});
  einsum_case("...,...->...", "xy,y->xy", {{2, 3}, {3}});
  einsum_case("...,...", "xy,xy->xy", {{2, 1}, {1, 3}});
  einsum_case("...ii->...i", "xii->xi", {{2, 3, 3}});
  einsum_case("i...,i->...", "i,i->", {{3}, {3}});
  einsum_case("i->...i", "i->i", {{3}});
}};

const Registration edges{[] {
  einsum_case(",->", {{}, {}}, Kind::zero_rank);
  einsum_case("", "->", {{}}, Kind::zero_rank);
  einsum_case("ij,jk->ik", {{2, 0}, {0, 3}}, Kind::empty);
  einsum_case("ij,jk->ik", {{0, 2}, {2, 3}}, Kind::empty);
  einsum_case("ii->i", {{0, 0}}, Kind::empty);
  einsum_case("bi,bi->b", {{2, 0}, {2, 0}}, Kind::empty);
  einsum_case("...,...->...", "xy,xy->xy", {{2, 1}, {1, 0}}, Kind::empty);
  exact_case(
      "einsum", "infinity and NaN", Kind::extreme,
      [] {
        return einsum("ij,j->i",
                      {to_tensor({Shape{3, 2}, {infinity, 1, nan, 1, 1e4, -1e4}}), to_tensor(vector_of({1, 2}))});
      },
      float64, vector_of({infinity, nan, -1e4}));
  direct_call("einsum", {{2, 3}, {3, 2}}, [](const Tensors& in) { return einsum("ij,jk->ik", in); });
}};

Tensor of_ones(const std::string& subscripts, const std::vector<Shape>& shapes) {
  Tensors operands;
  std::transform(shapes.begin(), shapes.end(), std::back_inserter(operands),
                 [](const Shape& shape) { return ones(shape); });
  return einsum(subscripts, operands);
}

const Registration refusals{[] {
  const auto wrong = [](const std::string& subscripts, const std::vector<Shape>& shapes, Fault fault) {
    error_case("einsum", subscripts, fault, [=] { return of_ones(subscripts, shapes); });
  };
  for (const char* malformed :
       {"ij;jk", "i1,jk", "i.,jk", "i..,jk", "....,jk", "...i...,jk", "ij-jk", "ij->jk->k", "ij,jk->i,k", "ij,jk->ii",
        "ij,jk->il", "ij,jk->ik...->", "ij,jk>ik", "ij,jk->i......", "ij,\xC3\xA9k"}) {
    wrong(malformed, {{2, 2}, {2, 2}}, Fault::value);
  }
  wrong("ij,jk,kl->il", {{2, 3}, {3, 2}}, Fault::value);
  wrong("ij->ij", {{2, 3}, {3, 2}}, Fault::value);
  wrong("ij->ij", {}, Fault::value);
  wrong("...i->i", {{2, 3}}, Fault::value);
  wrong("ij,jk->ik", {{2, 3}, {4, 2}}, Fault::shape);
  wrong("ij,jk->ik", {{2, 3}, {1, 2}}, Fault::shape);
  wrong("ii->i", {{2, 3}}, Fault::shape);
  wrong("ij,jk->ik", {{2, 3, 4}, {3, 2}}, Fault::shape);
  wrong("ij,jk->ik", {{2}, {3, 2}}, Fault::shape);
  wrong("ij...->ij...", {{2}}, Fault::shape);
  wrong("...i,...i->...", {{2, 3}, {4, 3}}, Fault::shape);
  wrong("abcde,fghij->abcdefghij", {{1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}}, Fault::shape);
  wrong("ij,jk->ik", {{}, {3, 2}}, Fault::zero_rank);
}};

void dot_case(const std::string& title, Kind kind, const Shape& a, const Shape& b, const std::string& loops,
              const std::function<Tensor(const Tensors&)>& call) {
  FormulaCase& added = formula_case("tensordot", title, kind, {uniform(a, -1.5, 1.5, 61), uniform(b, -1.5, 1.5, 62)},
                                    one(call), one([=](const ManyValues& in) { return Loops{loops}(in); }));
  added.tolerance = 1e-13;
  added.float32_tolerance = 3e-6;
}

const Registration tensordots{[] {
  const auto counted = [](std::int64_t axes) {
    return [axes](const Tensors& in) { return tensordot(in[0], in[1], axes); };
  };
  const auto listed = [](const std::vector<std::int64_t>& of_a, const std::vector<std::int64_t>& of_b) {
    return [=](const Tensors& in) { return tensordot(in[0], in[1], of_a, of_b); };
  };
  dot_case("two axes", Kind::plain, {2, 3, 2}, {3, 2, 2}, "ijk,jkl->il", counted(2));
  dot_case("one axis", Kind::plain, {2, 3}, {3, 2, 2}, "ij,jkl->ikl", counted(1));
  dot_case("no axis", Kind::plain, {2}, {3, 2}, "i,jk->ijk", counted(0));
  dot_case("all axes", Kind::plain, {2, 3}, {2, 3}, "ij,ij->", counted(2));
  dot_case("listed", Kind::plain, {2, 3, 2}, {2, 2, 3}, "ijk,kij->", listed({0, 1, 2}, {1, 2, 0}));
  dot_case("listed, first and last, negative", Kind::plain, {3, 2, 2}, {2, 2, 3}, "ijk,lmi->jklm", listed({0}, {-1}));
  dot_case("listed, two of three", Kind::plain, {2, 3, 2}, {2, 3, 2}, "ijk,ljk->il", listed({2, 1}, {-1, -2}));
  dot_case("scalars", Kind::zero_rank, {}, {}, ",->", counted(0));
  dot_case("nothing to add up", Kind::empty, {2, 0}, {0, 2}, "ij,jk->ik", counted(1));
  dot_case("no elements", Kind::empty, {0, 2}, {2, 2}, "ij,jk->ik", counted(1));
  exact_case(
      "tensordot", "infinity and NaN", Kind::extreme,
      [] {
        return tensordot(to_tensor({Shape{3, 2}, {infinity, 1, nan, 1, 1e4, -1e4}}), to_tensor(vector_of({1, 2})), 1);
      },
      float64, vector_of({infinity, nan, -1e4}));
  direct_call("tensordot", {{2, 3}, {3, 2}}, [](const Tensors& in) { return tensordot(in[0], in[1], 1); });
  error_case("tensordot", "lengths 3 and 2", Fault::shape, [] { return tensordot(ones({2, 3}), ones({2, 3}), 1); });
  error_case("tensordot", "three axes of two", Fault::shape, [] { return tensordot(ones({2, 3}), ones({2, 3}), 3); });
  error_case("tensordot", "a negative number of axes", Fault::shape, [] {
    return tensordot(ones({2, 3}), ones({2, 3}), -1);
  });
  error_case("tensordot", "an axis named twice", Fault::shape, [] {
    return tensordot(ones({2, 2}), ones({2, 2}), {0, -2}, {0, 1});
  });
  error_case("tensordot", "one axis with two", Fault::shape, [] {
    return tensordot(ones({2, 2}), ones({2, 2}), {0}, {0, 1});
  });
  error_case("tensordot", "axis 2 of a matrix", Fault::shape, [] {
    return tensordot(ones({2, 2}), ones({2, 2}), {2}, {0});
  });
  error_case("tensordot", "nine axes", Fault::shape, [] {
    return tensordot(ones({1, 1, 1, 1, 1}), ones({1, 1, 1, 1}), 0);
  });
}};

}  // namespace

TEST_CASE("einsum: an error names the letter, both lengths and both operands") {
  const Tensor a = ones({2, 3}).named("a");
  const Tensor b = ones({4, 5}).named("b");
  const std::string message = message_of<ShapeError>([&] { return einsum("ij,jk->ik", {a, b}); });
  INFO(message);
  for (const char* part :
       {"the letter j", "is 3 in operand 0, 'a' (2, 3)", "but 4 in operand 1, 'b' (4, 5)", "ij,jk->ik"}) {
    CHECK(contains(message, part));
  }
  const std::string malformed = message_of<ValueError>([&] { return einsum("ij,j2->ik", {a, b}); });
  INFO(malformed);
  CHECK(contains(malformed, "\"ij,j2->ik\" at 4"));
  const std::string unknown = message_of<ValueError>([&] { return einsum("ij,kl->m", {a, b}); });
  CHECK(contains(unknown, "no operand has the result's letter m"));
}

namespace {

bool has_shape(const Tensor& tensor, const Shape& shape) {
  const std::vector<NodeInfo> all = nodes(tensor);
  return std::any_of(all.begin(), all.end(), [&](const NodeInfo& node) { return node.shape == shape; });
}

}  // namespace

TEST_CASE("einsum: of a chain those products come first that take fewest multiplications in all") {
  const auto leaf = [](std::int64_t rows, std::int64_t columns) { return variable(ones({rows, columns})); };
  // From the left 2·30·40 + 2·40·50; from the right 30·40·50 + 2·30·50, though the first product of that is smaller
  // than its factors.
  const Tensor from_left = einsum("ij,jk,kl->il", {leaf(2, 30), leaf(30, 40), leaf(40, 50)});
  CHECK(has_shape(from_left, {2, 40}));
  CHECK_FALSE(has_shape(from_left, {30, 50}));
  // From the right 3·100·110 + 100·3·110; from the left 100·3·100 + 100·100·110, though the first product of that is
  // the cheaper one.
  const Tensor from_right = einsum("kl,ij,jk->il", {leaf(100, 110), leaf(100, 3), leaf(3, 100)});
  CHECK((has_shape(from_right, {3, 110}) || has_shape(from_right, {110, 3})));
  CHECK_FALSE(has_shape(from_right, {100, 100}));
}

TEST_CASE("einsum: of more than eight operands; a chain of ten is the product from the left") {
  Tensors factors;
  Tensor expected = to_tensor(uniform({3, 3}, -1, 1, 200));
  factors.push_back(expected);
  std::string subscripts = "ab";
  for (std::uint64_t i = 1; i < 10; ++i) {
    factors.push_back(to_tensor(uniform({3, 3}, -1, 1, 200 + i)));
    expected = matmul(expected, factors.back());
    subscripts += std::string{","} + static_cast<char>('a' + i) + static_cast<char>('b' + i);
  }
  CHECK_EQ(difference(to_values(einsum(subscripts + "->ak", factors)), to_values(expected), 1e-14), "");
}

TEST_CASE("einsum: where every product of two has too many axes, the error says so") {
  const Tensor seven = ones({1, 1, 1, 1, 1, 1, 1});
  CHECK_EQ(einsum("abcdefg,hijklmn,abcdhij,efgklmn->", {seven, seven, seven, seven}).item(), 1);
  // Each two of these share two or three of eight letters.
  const Tensor eight = ones({1, 1, 1, 1, 1, 1, 1, 1});
  const std::string message = message_of<ShapeError>([&] {
    return einsum("abcghimn,abcjklop,defghiop,defjklmn->", {eight, eight, eight, eight});
  });
  INFO(message);
  CHECK(contains(message, "[einsum] 4 operands are left"));
}

}  // namespace xgrad::test
