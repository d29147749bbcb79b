// concatenate, stack and split: several tensors to one, and one to several.
#include <numeric>
#include <string>

#include "xgrad/creation.hpp"
#include "xgrad/manipulate.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

ManyValues inputs_of(const std::vector<Shape>& shapes) {
  ManyValues result;
  for (const Shape& shape : shapes) {
    result.push_back(uniform(shape, -2, 2, 1 + result.size()));
  }
  return result;
}

// The element at a position along `axis`, counted through all inputs.
Values joined(const ManyValues& inputs, std::size_t axis) {
  std::int64_t length = 0;
  for (const Values& x : inputs) {
    length += x.shape[axis];
  }
  return build(inputs[0].shape.with(axis, length), [&](const Position& p) {
    Position source = p;
    std::size_t i = 0;
    while (source[axis] >= inputs[i].shape[axis]) {
      source[axis] -= inputs[i].shape[axis];
      ++i;
    }
    return inputs[i](source);
  });
}

const Registration concatenation{[] {
  const auto add = [](const std::string& title, Kind kind, const std::vector<Shape>& shapes, std::int64_t axis,
                      std::size_t place) {
    formula_case("concatenate", title, kind, inputs_of(shapes),
                 one([=](const Tensors& in) { return concatenate(in, axis); }),
                 one([=](const ManyValues& in) { return joined(in, place); }));
  };
  add("vectors", Kind::plain, {{2}, {3}, {1}}, 0, 0);
  add("rows", Kind::plain, {{2, 3}, {1, 3}}, 0, 0);
  add("columns", Kind::plain, {{2, 3}, {2, 1}, {2, 2}}, -1, 1);
  add("middle axis", Kind::plain, {{2, 1, 2}, {2, 3, 2}}, 1, 1);
  add("one tensor", Kind::plain, {{2, 3}}, 0, 0);
  add("five tensors", Kind::plain, {{1}, {2}, {3}, {2}, {1}}, 0, 0);
  add("an empty one between", Kind::empty, {{2, 3}, {0, 3}, {1, 3}}, 0, 0);
  add("all empty", Kind::empty, {{0}, {0}}, 0, 0);
  formula_case("concatenate", "the same tensor twice", Kind::plain, inputs_of({{2, 2}}), one([](const Tensors& in) {
                 return concatenate({in[0], in[0]}, 1);
               }),
               one([](const ManyValues& in) {
                 return joined({in[0], in[0]}, 1);
               }));
  for (const DType dtype : {int64, boolean}) {
    exact_case(
        "concatenate", std::string{to_string(dtype)}, Kind::plain,
        [=] {
          return concatenate({ones({2}, dtype), zeros({1}, dtype)});
        },
        dtype, vector_of({1, 1, 0}));
  }
  direct_call("concatenate", {{2, 3}, {1, 3}}, [](const Tensors& in) { return concatenate(in); });
  error_case("concatenate", "rows of 3 and 2", Fault::shape, [] { return concatenate({ones({2, 3}), ones({2, 2})}); });
  error_case("concatenate", "ranks 1 and 2", Fault::shape, [] { return concatenate({ones({3}), ones({1, 3})}); });
  error_case("concatenate", "axis out of range", Fault::shape, [] { return concatenate({ones({3})}, 1); });
  error_case("concatenate", "scalars", Fault::zero_rank, [] { return concatenate({scalar(1), scalar(2)}); });
  error_case("concatenate", "no tensors", Fault::value, [] { return concatenate({}); });
}};

const Registration stacking{[] {
  const auto add = [](const std::string& title, Kind kind, const Shape& shape, std::size_t count, std::int64_t axis,
                      std::size_t place) {
    formula_case("stack", title, kind, inputs_of(std::vector<Shape>(count, shape)),
                 one([=](const Tensors& in) { return stack(in, axis); }), one([=](const ManyValues& in) {
                   return build(shape.inserted(place, static_cast<std::int64_t>(count)), [&](const Position& p) {
                     Position source = p;
                     source.erase(source.begin() + static_cast<std::ptrdiff_t>(place));
                     return in[static_cast<std::size_t>(p[place])](source);
                   });
                 }));
  };
  add("vectors as rows", Kind::plain, {3}, 2, 0, 0);
  add("vectors as columns", Kind::plain, {3}, 2, -1, 1);
  add("matrices between", Kind::plain, {2, 3}, 4, 1, 1);
  add("matrices in front, negative", Kind::plain, {2, 3}, 2, -3, 0);
  add("one tensor", Kind::plain, {2}, 1, 0, 0);
  add("scalars", Kind::zero_rank, {}, 3, 0, 0);
  add("empty vectors", Kind::empty, {0}, 2, 0, 0);
  direct_call("stack", {{3}, {3}}, [](const Tensors& in) { return stack(in); });
  error_case("stack", "lengths 2 and 3", Fault::shape, [] { return stack({ones({2}), ones({3})}); });
  error_case("stack", "axis out of range", Fault::shape, [] { return stack({ones({2}), ones({2})}, 2); });
  error_case("stack", "no tensors", Fault::value, [] { return stack({}); });
}};

const Registration splitting{[] {
  const auto parts_of = [](const Values& x, const std::vector<std::int64_t>& lengths, std::size_t axis) {
    ManyValues result;
    std::int64_t start = 0;
    for (const std::int64_t length : lengths) {
      result.push_back(build(x.shape.with(axis, length), [&](const Position& p) {
        Position source = p;
        source[axis] += start;
        return x(source);
      }));
      start += length;
    }
    return result;
  };
  const auto equal_parts = [=](const std::string& title, Kind kind, const Shape& shape, std::int64_t parts,
                               std::int64_t axis, std::size_t place) {
    formula_case(
        "split", title, kind, inputs_of({shape}), [=](const Tensors& in) { return split(in[0], parts, axis); },
        [=](const ManyValues& in) {
          const auto count = static_cast<std::size_t>(parts);
          return parts_of(in[0], std::vector<std::int64_t>(count, shape[place] / parts), place);
        });
  };
  const auto lengths_given = [=](const std::string& title, Kind kind, const Shape& shape,
                                 const std::vector<std::int64_t>& lengths, std::int64_t axis, std::size_t place) {
    formula_case(
        "split", title, kind, inputs_of({shape}), [=](const Tensors& in) { return split(in[0], lengths, axis); },
        [=](const ManyValues& in) { return parts_of(in[0], lengths, place); });
  };
  equal_parts("rows in two", Kind::plain, {4, 3}, 2, 0, 0);
  equal_parts("columns in three, negative axis", Kind::plain, {2, 6}, 3, -1, 1);
  equal_parts("one part", Kind::plain, {3}, 1, 0, 0);
  equal_parts("no columns", Kind::empty, {4, 0}, 2, 0, 0);
  equal_parts("an empty axis", Kind::empty, {0, 3}, 2, 0, 0);
  lengths_given("by lengths", Kind::plain, {6, 2}, {1, 3, 2}, 0, 0);
  lengths_given("by lengths, middle axis", Kind::plain, {2, 4, 2}, {3, 1}, -2, 1);
  lengths_given("a part without elements", Kind::empty, {3}, {1, 0, 2}, 0, 0);
  direct_call("split", {{4}}, [](const Tensors& in) { return split(in[0], 2)[1]; });
  error_case("split", "5 into 2", Fault::shape, [] { return split(ones({5}), 2)[0]; });
  error_case("split", "axis out of range", Fault::shape, [] { return split(ones({4}), 2, 1)[0]; });
  error_case("split", "lengths that add up to 4 of 5", Fault::shape, [] {
    return split(ones({5}), std::vector<std::int64_t>{1, 3}, 0)[0];
  });
  error_case("split", "a negative length", Fault::value, [] {
    return split(ones({5}), std::vector<std::int64_t>{-1, 6}, 0)[0];
  });
  error_case("split", "a scalar", Fault::zero_rank, [] { return split(scalar(1), 1)[0]; });
}};

}  // namespace

}  // namespace xgrad::test
