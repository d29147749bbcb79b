// Operations that move elements without changing them: every reference says which element of the input stands where.
#include <algorithm>
#include <string>
#include <utility>

#include "xgrad/creation.hpp"
#include "xgrad/manipulate.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

using Source = std::function<Position(const Position&)>;

// y(p) = x(source(p)).
FormulaCase& moving(const std::string& name, const std::string& title, Kind kind, const Shape& from,
                    const std::function<Tensor(const Tensor&)>& call, const Shape& to, const Source& source) {
  FormulaCase& added = formula_case(
      name, title, kind, {uniform(from, -2, 2, 1 + from.rank())}, one([=](const Tensors& in) { return call(in[0]); }),
      one([=](const ManyValues& in) { return build(to, [&](const Position& p) { return in[0](source(p)); }); }));
  added.tolerance = 0;
  added.float32_tolerance = 0;
  return added;
}

// Elements stay in their order.
void same_order(const std::string& name, const std::string& title, Kind kind, const Shape& from,
                const std::function<Tensor(const Tensor&)>& call, const Shape& to) {
  formula_case(name, title, kind, {uniform(from, -2, 2, 9)}, one([=](const Tensors& in) { return call(in[0]); }),
               one([=](const ManyValues& in) {
                 return Values{to, in[0].data};
               }));
}

// The same for the dtypes that the formula cases don't reach.
void integers_and_bools(const std::string& name, const std::function<Tensor(const Tensor&)>& call, const Values& input,
                        const Values& expected) {
  for (const DType dtype : {int64, boolean}) {
    exact_case(
        name, std::string{to_string(dtype)}, Kind::plain, [=] { return call(to_tensor(input, dtype)); }, dtype,
        expected);
  }
}

const Values ones_and_zeros{Shape{2, 3}, {1, 0, 0, 1, 1, 0}};

const Registration transposition{[] {
  const auto call = [](const Tensor& x) { return transpose(x); };
  const Source swapped = [](const Position& p) {
    Position source = p;
    std::swap(source[source.size() - 1], source[source.size() - 2]);
    return source;
  };
  const Source same = [](const Position& p) { return p; };
  moving("transpose", "a matrix", Kind::plain, {2, 3}, call, {3, 2}, swapped);
  moving("transpose", "a batch of matrices", Kind::plain, {2, 3, 4}, call, {2, 4, 3}, swapped);
  moving("transpose", "a large matrix", Kind::plain, {67, 131}, call, {131, 67}, swapped).derivatives = false;
  moving("transpose", "a vector stays", Kind::plain, {3}, call, {3}, same);
  moving("transpose", "zero rank stays", Kind::zero_rank, {}, call, {}, same);
  moving("transpose", "no rows", Kind::empty, {0, 3}, call, {3, 0}, swapped);
  integers_and_bools("transpose", call, ones_and_zeros, {Shape{3, 2}, {1, 1, 0, 1, 0, 0}});
  direct_call("transpose", {{2, 3}}, [](const Tensors& in) { return transpose(in[0]); });
  exempt("transpose", "wrong shape", "one tensor of any shape");
}};

const Registration permutation{[] {
  const auto by = [](const std::vector<std::int64_t>& axes) {
    return [axes](const Tensor& x) { return permute(x, axes); };
  };
  moving("permute", "(2, 0, 1)", Kind::plain, {2, 3, 4}, by({2, 0, 1}), {4, 2, 3}, [](const Position& p) {
    return Position{p[1], p[2], p[0]};
  });
  moving("permute", "negative axes", Kind::plain, {2, 3, 4}, by({-1, -2, 0}), {4, 3, 2}, [](const Position& p) {
    return Position{p[2], p[1], p[0]};
  });
  moving("permute", "identity", Kind::plain, {2, 3}, by({0, 1}), {2, 3}, [](const Position& p) { return p; });
  moving("permute", "rank 5", Kind::plain, {2, 1, 3, 2, 2}, by({4, 2, 0, 1, 3}), {2, 3, 2, 1, 2},
         [](const Position& p) {
           return Position{p[2], p[3], p[1], p[4], p[0]};
         });
  moving("permute", "zero rank", Kind::zero_rank, {}, by({}), {}, [](const Position& p) { return p; });
  moving("permute", "no elements", Kind::empty, {2, 0, 3}, by({1, 2, 0}), {0, 3, 2}, [](const Position& p) {
    return Position{p[2], p[0], p[1]};
  });
  integers_and_bools("permute", by({1, 0}), ones_and_zeros, {Shape{3, 2}, {1, 1, 0, 1, 0, 0}});
  direct_call("permute", {{2, 3}}, [](const Tensors& in) { return permute(in[0], {1, 0}); });
  error_case("permute", "too few axes", Fault::shape, [] { return permute(ones({2, 3}), {0}); });
  error_case("permute", "an axis twice", Fault::shape, [] { return permute(ones({2, 3}), {1, -1}); });
  error_case("permute", "axis out of range", Fault::shape, [] { return permute(ones({2, 3}), {0, 2}); });
}};

const Registration reshaping{[] {
  const auto to = [](const std::vector<std::int64_t>& lengths) {
    return [lengths](const Tensor& x) { return reshape(x, lengths); };
  };
  same_order("reshape", "to a vector", Kind::plain, {2, 3}, to({6}), {6});
  same_order("reshape", "length -1", Kind::plain, {2, 3, 4}, to({4, -1}), {4, 6});
  same_order("reshape", "length -1 alone", Kind::plain, {2, 3}, to({-1}), {6});
  same_order("reshape", "to a Shape", Kind::plain, {2, 3},
             [](const Tensor& x) {
               return reshape(x, Shape{3, 2});
             },
             {3, 2});
  same_order("reshape", "the same shape", Kind::plain, {2, 3}, to({2, 3}), {2, 3});
  same_order("reshape", "zero rank to (1, 1)", Kind::zero_rank, {}, to({1, 1}), {1, 1});
  same_order("reshape", "(1,) to zero rank", Kind::zero_rank, {1}, to({}), {});
  same_order("reshape", "no elements", Kind::empty, {0, 3}, to({3, 0, 2}), {3, 0, 2});
  same_order("reshape", "no elements, length -1", Kind::empty, {0, 3}, to({-1, 3}), {0, 3});
  integers_and_bools("reshape", to({3, 2}), ones_and_zeros, {Shape{3, 2}, ones_and_zeros.data});
  direct_call("reshape", {{2, 3}}, [](const Tensors& in) { return reshape(in[0], Shape{6}); });
  error_case("reshape", "6 elements to 4", Fault::shape, [] { return reshape(ones({2, 3}), Shape{4}); });
  error_case("reshape", "6 elements to rows of 4", Fault::shape, [] {
    return reshape(ones({2, 3}), std::vector<std::int64_t>{-1, 4});
  });
  error_case("reshape", "two lengths -1", Fault::shape, [] {
    return reshape(ones({2, 3}), std::vector<std::int64_t>{-1, -1});
  });
  error_case("reshape", "length -2", Fault::shape, [] {
    return reshape(ones({2, 3}), std::vector<std::int64_t>{-2, 3});
  });
  error_case("reshape", "-1 beside 0 is anything", Fault::shape, [] {
    return reshape(zeros({0, 3}), std::vector<std::int64_t>{-1, 0});
  });
}};

const Registration broadcasting{[] {
  const auto add = [](const std::string& title, Kind kind, const Shape& from, const Shape& to, bool derivatives) {
    FormulaCase& added =
        formula_case("broadcast_to", title, kind, {uniform(from, -2, 2, 3)},
                     one([=](const Tensors& in) { return broadcast_to(in[0], to); }), one([=](const ManyValues& in) {
                       return build(to, [&](const Position& p) { return broadcast_at(in[0], p); });
                     }));
    added.derivatives = derivatives;
  };
  add("a row", Kind::plain, {3}, {2, 3}, true);
  add("a column", Kind::plain, {2, 1}, {2, 3}, true);
  add("a middle axis", Kind::plain, {2, 1, 3}, {2, 4, 3}, true);
  add("a scalar", Kind::zero_rank, {}, {2, 3}, true);
  add("a scalar to itself", Kind::zero_rank, {}, {}, true);
  add("the same shape", Kind::plain, {2, 3}, {2, 3}, true);
  add("large", Kind::plain, {301, 1}, {301, 77}, false);
  add("to no elements", Kind::empty, {1, 3}, {0, 3}, true);
  add("of no elements", Kind::empty, {0}, {2, 0}, true);
  integers_and_bools("broadcast_to",
                     [](const Tensor& x) {
                       return broadcast_to(x, {2, 2});
                     },
                     vector_of({1, 0}), {Shape{2, 2}, {1, 0, 1, 0}});
  direct_call("broadcast_to", {{3}}, [](const Tensors& in) { return broadcast_to(in[0], {2, 3}); });
  error_case("broadcast_to", "(2,) to (3,)", Fault::shape, [] { return broadcast_to(ones({2}), {3}); });
  error_case("broadcast_to", "to fewer axes", Fault::shape, [] { return broadcast_to(ones({1, 3}), {3}); });
  error_case("broadcast_to", "(3,) to (1,)", Fault::shape, [] { return broadcast_to(ones({3}), {1}); });
}};

const Registration axes_of_one{[] {
  same_order("squeeze", "all", Kind::plain, {1, 2, 1, 3}, [](const Tensor& x) { return squeeze(x); }, {2, 3});
  same_order("squeeze", "one axis", Kind::plain, {1, 2, 1}, [](const Tensor& x) { return squeeze(x, -1); }, {1, 2});
  same_order("squeeze", "two axes", Kind::plain, {1, 2, 1}, [](const Tensor& x) { return squeeze(x, {0, 2}); }, {2});
  same_order("squeeze", "none there", Kind::plain, {2, 3}, [](const Tensor& x) { return squeeze(x); }, {2, 3});
  same_order("squeeze", "to zero rank", Kind::zero_rank, {1, 1}, [](const Tensor& x) { return squeeze(x); }, {});
  same_order("squeeze", "zero rank", Kind::zero_rank, {}, [](const Tensor& x) { return squeeze(x); }, {});
  same_order("squeeze", "no elements", Kind::empty, {0, 1}, [](const Tensor& x) { return squeeze(x); }, {0});
  integers_and_bools(
      "squeeze", [](const Tensor& x) { return squeeze(x); }, {Shape{1, 2}, {1, 0}}, vector_of({1, 0}));
  direct_call("squeeze", {{1, 3}}, [](const Tensors& in) { return squeeze(in[0]); });
  error_case("squeeze", "an axis of length 2", Fault::shape, [] { return squeeze(ones({1, 2}), 1); });
  error_case("squeeze", "axis out of range", Fault::shape, [] { return squeeze(ones({1, 2}), 2); });

  const auto at_axis = [](std::int64_t axis) { return [axis](const Tensor& x) { return expand_dims(x, axis); }; };
  same_order("expand_dims", "in front", Kind::plain, {2, 3}, at_axis(0), {1, 2, 3});
  same_order("expand_dims", "between", Kind::plain, {2, 3}, at_axis(1), {2, 1, 3});
  same_order("expand_dims", "at the end", Kind::plain, {2, 3}, at_axis(2), {2, 3, 1});
  same_order("expand_dims", "at the end, negative", Kind::plain, {2, 3}, at_axis(-1), {2, 3, 1});
  same_order("expand_dims", "in front, negative", Kind::plain, {2, 3}, at_axis(-3), {1, 2, 3});
  same_order("expand_dims", "zero rank", Kind::zero_rank, {}, at_axis(0), {1});
  same_order("expand_dims", "no elements", Kind::empty, {0}, at_axis(1), {0, 1});
  integers_and_bools("expand_dims", at_axis(0), vector_of({1, 0}), {Shape{1, 2}, {1, 0}});
  direct_call("expand_dims", {{3}}, [](const Tensors& in) { return expand_dims(in[0], 0); });
  error_case("expand_dims", "axis out of range", Fault::shape, [] { return expand_dims(ones({2, 3}), 3); });
  error_case("expand_dims", "negative axis out of range", Fault::shape, [] { return expand_dims(ones({2, 3}), -4); });
}};

const Registration reversal{[] {
  const auto over = [](const Axes& axes) { return [axes](const Tensor& x) { return flip(x, axes); }; };
  moving("flip", "all axes", Kind::plain, {2, 3}, over({}), {2, 3}, [](const Position& p) {
    return Position{1 - p[0], 2 - p[1]};
  });
  moving("flip", "rows", Kind::plain, {2, 3}, over(0), {2, 3}, [](const Position& p) {
    return Position{1 - p[0], p[1]};
  });
  moving("flip", "last axis, negative", Kind::plain, {2, 3}, over(-1), {2, 3}, [](const Position& p) {
    return Position{p[0], 2 - p[1]};
  });
  moving("flip", "outer axes", Kind::plain, {2, 3, 2}, over({0, 2}), {2, 3, 2}, [](const Position& p) {
    return Position{1 - p[0], p[1], 1 - p[2]};
  });
  moving("flip", "zero rank", Kind::zero_rank, {}, over({}), {}, [](const Position& p) { return p; });
  moving("flip", "no elements", Kind::empty, {0, 3}, over({}), {0, 3}, [](const Position& p) { return p; });
  integers_and_bools("flip", over(0), vector_of({1, 1, 0}), vector_of({0, 1, 1}));
  direct_call("flip", {{2, 3}}, [](const Tensors& in) { return flip(in[0], 1); });
  error_case("flip", "axis out of range", Fault::shape, [] { return flip(ones({2, 3}), 2); });
  error_case("flip", "an axis twice", Fault::shape, [] { return flip(ones({2, 3}), {0, -2}); });
}};

using Widths = std::vector<std::pair<std::int64_t, std::int64_t>>;

const Registration padding{[] {
  const auto add = [](const std::string& title, Kind kind, const Shape& from, const Widths& widths, double value,
                      const Shape& to) {
    formula_case("pad", title, kind, {uniform(from, -2, 2, 3)},
                 one([=](const Tensors& in) { return pad(in[0], widths, value); }), one([=](const ManyValues& in) {
                   return build(to, [&](const Position& p) {
                     Position source = p;
                     for (std::size_t i = 0; i < p.size(); ++i) {
                       source[i] -= widths[i].first;
                       if (source[i] < 0 || source[i] >= in[0].shape[i]) {
                         return value;
                       }
                     }
                     return in[0](source);
                   });
                 }));
  };
  add("a vector with zeros", Kind::plain, {3}, {{1, 2}}, 0, {6});
  add("a matrix with a value", Kind::plain, {2, 3}, {{0, 1}, {2, 0}}, -1.5, {3, 5});
  add("nothing", Kind::plain, {2, 3}, {{0, 0}, {0, 0}}, 0, {2, 3});
  add("zero rank", Kind::zero_rank, {}, {}, 0, {});
  add("no elements", Kind::empty, {0, 2}, {{1, 1}, {0, 1}}, 0.5, {2, 3});
  integers_and_bools(
      "pad",
      [](const Tensor& x) {
        return pad(x, {{1, 1}}, 1);
      },
      vector_of({0, 1}), vector_of({1, 0, 1, 1}));
  direct_call("pad", {{2}}, [](const Tensors& in) { return pad(in[0], {{1, 0}}); });
  error_case("pad", "too few widths", Fault::shape, [] { return pad(ones({2, 3}), {{1, 1}}); });
  error_case("pad", "too many widths", Fault::shape, [] { return pad(ones({2}), {{1, 1}, {0, 0}}); });
  error_case("pad", "a negative width", Fault::value, [] { return pad(ones({2}), {{-1, 1}}); });
}};

}  // namespace

}  // namespace xgrad::test
