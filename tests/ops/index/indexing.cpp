// Selecting elements, and the adjoints that put them back.
#include <array>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

using Indices = std::vector<std::int64_t>;

Tensor whole(const Indices& indices, const Shape& shape) {
  return from_vector(indices, shape);
}
Tensor whole(const Indices& indices) {
  return whole(indices, {static_cast<std::int64_t>(indices.size())});
}

std::int64_t from_back(std::int64_t index, std::int64_t length) {
  return index < 0 ? index + length : index;
}

// The places that a slice selects are given by hand, so that Python's rules are not worked out twice the same way.
struct SliceExample {
  const char* title;
  Slice range;
  Indices places;
};

const std::vector<SliceExample> slices_of_six{
    {"1:4", {1, 4}, {1, 2, 3}},
    {"::2", {{}, {}, 2}, {0, 2, 4}},
    {"1::3", {1, {}, 3}, {1, 4}},
    {"::-1", {{}, {}, -1}, {5, 4, 3, 2, 1, 0}},
    {"-2:", {-2}, {4, 5}},
    {":-4", {{}, -4}, {0, 1}},
    {"4:0:-2", {4, 0, -2}, {4, 2}},
    {"-2::-3", {-2, {}, -3}, {4, 1}},
    {"-100:100", {-100, 100}, {0, 1, 2, 3, 4, 5}},
    {"100:-100:-4", {100, -100, -4}, {5, 1}},
    {":", {}, {0, 1, 2, 3, 4, 5}},
    {"::100", {{}, {}, 100}, {0}},
};
const std::vector<SliceExample> empty_slices_of_six{
    {"4:2", {4, 2}, {}}, {"6:", {6}, {}}, {"2:4:-1", {2, 4, -1}, {}}, {":0", {{}, 0}, {}}};

Values selected(const Values& x, const Indices& places, std::size_t axis) {
  return build(x.shape.with(axis, static_cast<std::int64_t>(places.size())), [&](const Position& p) {
    Position source = p;
    source[axis] = places[static_cast<std::size_t>(p[axis])];
    return x(source);
  });
}

// Zeros with `length` along the axis, x added at the places.
Values put(const Values& x, const Indices& places, std::int64_t length, std::size_t axis) {
  Values result = build(x.shape.with(axis, length), [](const Position&) { return 0.0; });
  for_each_position(x.shape, [&](const Position& p) {
    Position target = p;
    target[axis] = places[static_cast<std::size_t>(p[axis])];
    result(target) += x(p);
  });
  return result;
}

void slice_cases(const SliceExample& example, Kind kind) {
  const std::array shapes{Shape{6}, Shape{6, 2}, Shape{2, 6}, Shape{2, 6, 2}};
  const std::array axes{0, 0, 1, 1};
  const Slice range = example.range;
  const Indices places = example.places;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(axes[i]);
    const std::int64_t from_end = axes[i] - static_cast<std::int64_t>(shapes[i].rank());
    formula_case("slice", std::string{example.title} + " of " + to_string(shapes[i]), kind,
                 {uniform(shapes[i], -2, 2, 1)}, one([=](const Tensors& in) { return slice(in[0], range, from_end); }),
                 one([=](const ManyValues& in) { return selected(in[0], places, axis); }));
    formula_case("slice_adjoint", std::string{example.title} + " into " + to_string(shapes[i]), kind,
                 {uniform(shapes[i].with(axis, static_cast<std::int64_t>(places.size())), -2, 2, 2)},
                 one([=](const Tensors& in) { return slice_adjoint(in[0], range, 6, from_end); }),
                 one([=](const ManyValues& in) { return put(in[0], places, 6, axis); }));
  }
}

const Registration slices{[] {
  for (const SliceExample& example : slices_of_six) {
    slice_cases(example, Kind::plain);
  }
  for (const SliceExample& example : empty_slices_of_six) {
    slice_cases(example, Kind::empty);
  }
  direct_call("slice", {{4}}, [](const Tensors& in) { return slice(in[0], {1, 3}); });
  error_case("slice", "axis out of range", Fault::shape, [] { return slice(ones({4}), {}, 1); });
  error_case("slice", "of a scalar", Fault::zero_rank, [] { return slice(scalar(1), {}); });
  error_case("slice", "step 0", Fault::value, [] { return slice(ones({4}), {0, 4, 0}); });
  direct_call("slice_adjoint", {{2}}, [](const Tensors& in) { return slice_adjoint(in[0], {1, 3}, 4); });
  error_case("slice_adjoint", "3 elements at 2 places", Fault::shape, [] {
    return slice_adjoint(ones({3}), {1, 3}, 4);
  });
  error_case("slice_adjoint", "axis out of range", Fault::shape, [] { return slice_adjoint(ones({2}), {1, 3}, 4, 1); });
  error_case("slice_adjoint", "of a scalar", Fault::zero_rank, [] { return slice_adjoint(scalar(1), {0, 1}, 1); });
  error_case("slice_adjoint", "step 0", Fault::value, [] { return slice_adjoint(ones({4}), {0, 4, 0}, 4); });
  for (const DType dtype : {int64, boolean}) {
    exact_case(
        "slice", std::string{to_string(dtype)}, Kind::plain,
        [=] {
          return slice(to_tensor(vector_of({1, 0, 1, 1}), dtype), {0, 2});
        },
        dtype, vector_of({1, 0}));
  }
}};

const Registration python_like{[] {
  const auto add = [](const std::string& title, Kind kind, const Shape& from,
                      const std::function<Tensor(const Tensor&)>& call, const Shape& to,
                      const std::function<Position(const Position&)>& source) {
    formula_case(
        "at", title, kind, {uniform(from, -2, 2, 5)}, one([=](const Tensors& in) { return call(in[0]); }),
        one([=](const ManyValues& in) { return build(to, [&](const Position& p) { return in[0](source(p)); }); }));
  };
  add(
      "[1]", Kind::plain, {3, 2}, [](const Tensor& x) { return x.at({1}); }, {2},
      [](const Position& p) {
        return Position{1, p[0]};
      });
  add(
      "[-1, 0]", Kind::zero_rank, {3, 2},
      [](const Tensor& x) {
        return x.at({-1, 0});
      },
      {},
      [](const Position&) {
        return Position{2, 0};
      });
  add(
      "[:, 1]", Kind::plain, {3, 2},
      [](const Tensor& x) {
        return x.at({all, 1});
      },
      {3},
      [](const Position& p) {
        return Position{p[0], 1};
      });
  add(
      "[1:, ::-1]", Kind::plain, {3, 2},
      [](const Tensor& x) {
        return x.at({Slice{1}, Slice{{}, {}, -1}});
      },
      {2, 2},
      [](const Position& p) {
        return Position{p[0] + 1, 1 - p[1]};
      });
  add(
      "[..., 0]", Kind::plain, {2, 3, 4},
      [](const Tensor& x) {
        return x.at({ellipsis, 0});
      },
      {2, 3},
      [](const Position& p) {
        return Position{p[0], p[1], 0};
      });
  add(
      "[0, ..., 1:3]", Kind::plain, {2, 3, 4},
      [](const Tensor& x) {
        return x.at({0, ellipsis, Slice{1, 3}});
      },
      {3, 2},
      [](const Position& p) {
        return Position{0, p[0], p[1] + 1};
      });
  add(
      "[None, :, None]", Kind::plain, {3, 2},
      [](const Tensor& x) {
        return x.at({newaxis, all, newaxis});
      },
      {1, 3, 1, 2},
      [](const Position& p) {
        return Position{p[1], p[3]};
      });
  add(
      "[..., None]", Kind::plain, {3},
      [](const Tensor& x) {
        return x.at({ellipsis, newaxis});
      },
      {3, 1}, [](const Position& p) { return Position{p[0]}; });
  add(
      "[]", Kind::plain, {3, 2}, [](const Tensor& x) { return x.at({}); }, {3, 2}, [](const Position& p) { return p; });
  add(
      "[...] of zero rank", Kind::zero_rank, {}, [](const Tensor& x) { return x.at({ellipsis}); }, {},
      [](const Position& p) { return p; });
  add(
      "[2:2]", Kind::empty, {3, 2},
      [](const Tensor& x) {
        return x.at({Slice{2, 2}});
      },
      {0, 2}, [](const Position& p) { return p; });
  direct_call("at", {{3}}, [](const Tensors& in) { return in[0].at({1}); });
  error_case("at", "[3] of length 3", Fault::shape, [] { return ones({3}).at({3}); });
  error_case("at", "[-4] of length 3", Fault::shape, [] { return ones({3}).at({-4}); });
  error_case("at", "[0, 0] of a vector", Fault::shape, [] { return ones({3}).at({0, 0}); });
  error_case("at", "two ellipses", Fault::shape, [] { return ones({3, 2}).at({ellipsis, ellipsis}); });
}};

// x's axis replaced by the indices' axes.
Values taken(const Values& x, const Indices& indices, const Shape& shape, std::size_t axis) {
  Shape result = x.shape.without(axis);
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    result = result.inserted(axis + i, shape[i]);
  }
  const Values places{shape, {indices.begin(), indices.end()}};
  return build(result, [&](const Position& p) {
    const auto begin = p.begin() + static_cast<std::ptrdiff_t>(axis);
    const auto end = begin + static_cast<std::ptrdiff_t>(shape.rank());
    Position source(p.begin(), begin);
    source.push_back(from_back(static_cast<std::int64_t>(places(Position(begin, end))), x.shape[axis]));
    source.insert(source.end(), end, p.end());
    return x(source);
  });
}

Values taken_back(const Values& x, const Indices& indices, const Shape& shape, std::int64_t length, std::size_t axis) {
  Shape target = x.shape;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    target = target.without(axis);
  }
  Values result = build(target.inserted(axis, length), [](const Position&) { return 0.0; });
  const Values places{shape, {indices.begin(), indices.end()}};
  for_each_position(x.shape, [&](const Position& p) {
    const auto begin = p.begin() + static_cast<std::ptrdiff_t>(axis);
    const auto end = begin + static_cast<std::ptrdiff_t>(shape.rank());
    Position to(p.begin(), begin);
    to.push_back(from_back(static_cast<std::int64_t>(places(Position(begin, end))), length));
    to.insert(to.end(), end, p.end());
    result(to) += x(p);
  });
  return result;
}

void take_cases(const std::string& title, Kind kind, const Shape& x, const Indices& indices, const Shape& shape,
                std::int64_t axis) {
  const auto place = static_cast<std::size_t>(from_back(axis, static_cast<std::int64_t>(x.rank())));
  const std::int64_t length = x[place];
  const Tensor index = whole(indices, shape);
  const Values input = uniform(x, -2, 2, 7);
  formula_case("take", title, kind, {input}, one([=](const Tensors& in) { return take(in[0], index, axis); }),
               one([=](const ManyValues& in) { return taken(in[0], indices, shape, place); }));
  const Values image = uniform(taken(input, indices, shape, place).shape, -2, 2, 8);
  const auto front = static_cast<std::int64_t>(place);
  formula_case("take_adjoint", title, kind, {image},
               one([=](const Tensors& in) { return take_adjoint(in[0], index, length, front); }),
               one([=](const ManyValues& in) { return taken_back(in[0], indices, shape, length, place); }));
}

const Registration taking{[] {
  take_cases("rows, with repeats", Kind::plain, {3, 2}, {2, 0, 2, 1}, {4}, 0);
  take_cases("columns, negative axis", Kind::plain, {2, 3}, {1, 1}, {2}, -1);
  take_cases("negative indices", Kind::plain, {4}, {-1, 0, -4}, {3}, 0);
  take_cases("a matrix of indices", Kind::plain, {3, 2}, {0, 1, 2, 0, 0, 1}, {2, 3}, 0);
  take_cases("a matrix of indices, inner axis", Kind::plain, {2, 3, 2}, {0, 2, 2, 1}, {2, 2}, 1);
  take_cases("one index removes the axis", Kind::plain, {3, 2}, {1}, {}, 0);
  take_cases("one index of a vector", Kind::zero_rank, {3}, {1}, {}, 0);
  take_cases("no indices", Kind::empty, {3, 2}, {}, {0}, 0);
  take_cases("empty rows", Kind::empty, {3, 0}, {1, 2}, {2}, 0);
  direct_call("take", {{3}}, [](const Tensors& in) { return take(in[0], whole({2, 0})); });
  error_case("take", "axis out of range", Fault::shape, [] { return take(ones({3}), whole({0}), 1); });
  error_case("take", "of a scalar", Fault::zero_rank, [] { return take(scalar(1), whole({0})); });
  error_case("take", "index 3 of 3", Fault::value, [] { return take(ones({3}), whole({0, 3})); });
  error_case("take", "index -4 of 3", Fault::value, [] { return take(ones({3}), whole({-4})); });
  error_case("take", "an index into an empty axis", Fault::value, [] { return take(ones({0}), whole({0})); });
  error_case("take", "float indices", Fault::dtype, [] { return take(ones({3}), ones({1})); });
  direct_call("take_adjoint", {{2}}, [](const Tensors& in) { return take_adjoint(in[0], whole({2, 0}), 3); });
  error_case("take_adjoint", "3 rows at 2 places", Fault::shape, [] {
    return take_adjoint(ones({3}), whole({0, 1}), 4);
  });
  error_case("take_adjoint", "axis out of range", Fault::shape, [] {
    return take_adjoint(ones({2}), whole({0, 1}), 4, 1);
  });
  error_case("take_adjoint", "index 4 of 4", Fault::value, [] { return take_adjoint(ones({1}), whole({4}), 4); });
  error_case("take_adjoint", "float indices", Fault::dtype, [] { return take_adjoint(ones({1}), ones({1}), 4); });
  exact_case(
      "take", "int64", Kind::plain,
      [] {
        return take(to_tensor(vector_of({5, 6, 7}), int64), whole({2, 2}));
      },
      int64, vector_of({7, 7}));
  exact_case(
      "take", "bool", Kind::plain,
      [] {
        return take(to_tensor(vector_of({1, 0}), boolean), whole({1, 0}));
      },
      boolean, vector_of({0, 1}));
  exact_case(
      "take_adjoint", "int64, repeats add up", Kind::plain,
      [] {
        return take_adjoint(to_tensor(vector_of({5, 6, 7}), int64), whole({2, 0, 2}), 3);
      },
      int64, vector_of({6, 0, 12}));
}};

void gather_cases(const std::string& title, Kind kind, const Shape& x, const Indices& indices, const Shape& shape,
                  std::int64_t axis) {
  const auto place = static_cast<std::size_t>(from_back(axis, static_cast<std::int64_t>(x.rank())));
  const std::int64_t length = x[place];
  const Tensor index = whole(indices, shape);
  const Values places{shape, {indices.begin(), indices.end()}};
  const auto moved = [=](const Position& p) {
    Position other = p;
    other[place] = from_back(static_cast<std::int64_t>(places(p)), length);
    return other;
  };
  formula_case(
      "gather", title, kind, {uniform(x, -2, 2, 9)}, one([=](const Tensors& in) { return gather(in[0], index, axis); }),
      one([=](const ManyValues& in) { return build(shape, [&](const Position& p) { return in[0](moved(p)); }); }));
  formula_case("scatter_add", title, kind, {uniform(shape, -2, 2, 10)},
               one([=](const Tensors& in) { return scatter_add(in[0], index, length, axis); }),
               one([=](const ManyValues& in) {
                 Values result = build(x, [](const Position&) { return 0.0; });
                 for_each_position(shape, [&](const Position& p) { result(moved(p)) += in[0](p); });
                 return result;
               }));
}

const Registration elements{[] {
  gather_cases("along rows", Kind::plain, {2, 3}, {2, 0, 1, 1}, {2, 2}, -1);
  gather_cases("along columns", Kind::plain, {3, 2}, {2, 0, 1, 1, 0, 0, 2, 2}, {4, 2}, 0);
  gather_cases("middle axis", Kind::plain, {2, 3, 2}, {0, 1, 2, 2}, {2, 1, 2}, 1);
  gather_cases("of a vector, negative indices", Kind::plain, {4}, {-1, 0, -1, -4, 2}, {5}, 0);
  gather_cases("no indices", Kind::empty, {2, 3}, {}, {2, 0}, 1);
  gather_cases("no rows", Kind::empty, {0, 3}, {}, {0, 2}, 1);
  direct_call("gather", {{3}}, [](const Tensors& in) { return gather(in[0], whole({2, 0})); });
  error_case("gather", "indices of another rank", Fault::shape, [] { return gather(ones({2, 3}), whole({0})); });
  error_case("gather", "indices with more rows", Fault::shape, [] {
    return gather(ones({2, 3}), whole({0, 0, 0}, {3, 1}));
  });
  error_case("gather", "axis out of range", Fault::shape, [] { return gather(ones({3}), whole({0}), 1); });
  error_case("gather", "of a scalar", Fault::zero_rank, [] { return gather(scalar(1), whole({0}, {})); });
  error_case("gather", "index 3 of 3", Fault::value, [] { return gather(ones({3}), whole({3})); });
  error_case("gather", "float indices", Fault::dtype, [] { return gather(ones({3}), ones({1})); });
  direct_call("scatter_add", {{2}}, [](const Tensors& in) { return scatter_add(in[0], whole({2, 0}), 3); });
  error_case("scatter_add", "indices of another shape", Fault::shape, [] {
    return scatter_add(ones({2}), whole({0, 1, 2}), 3);
  });
  error_case("scatter_add", "axis out of range", Fault::shape, [] {
    return scatter_add(ones({2}), whole({0, 1}), 3, 1);
  });
  error_case("scatter_add", "of a scalar", Fault::zero_rank, [] { return scatter_add(scalar(1), whole({0}, {}), 1); });
  error_case("scatter_add", "index -4 of 3", Fault::value, [] { return scatter_add(ones({1}), whole({-4}), 3); });
  error_case("scatter_add", "float indices", Fault::dtype, [] { return scatter_add(ones({1}), ones({1}), 3); });
  exact_case(
      "gather", "bool", Kind::plain,
      [] {
        return gather(to_tensor(vector_of({1, 0}), boolean), whole({1, 0, 0}));
      },
      boolean, vector_of({0, 1, 1}));
  exact_case(
      "scatter_add", "int64, repeats add up", Kind::plain,
      [] {
        return scatter_add(to_tensor(vector_of({5, 6, 7}), int64), whole({1, 1, 0}), 3);
      },
      int64, vector_of({7, 11, 0}));
}};

const Registration classes{[] {
  for (const DType dtype : {float32, float64, int64, boolean}) {
    exact_case("one_hot", "rows in " + std::string{to_string(dtype)}, Kind::plain,
               [=] {
                 return one_hot(whole({2, 0}), 3, dtype);
               },
               dtype, {Shape{2, 3}, {0, 0, 1, 1, 0, 0}});
  }
  exact_case("one_hot", "a matrix of classes", Kind::plain,
             [] {
               return one_hot(whole({1, 0}, {2, 1}), 2);
             },
             float32, {Shape{2, 1, 2}, {0, 1, 1, 0}});
  exact_case(
      "one_hot", "one class index", Kind::zero_rank, [] { return one_hot(whole({1}, {}), 3); }, float32,
      vector_of({0, 1, 0}));
  exact_case("one_hot", "no samples", Kind::empty, [] { return one_hot(whole({}), 3); }, float32, {Shape{0, 3}, {}});
  exact_case("one_hot", "the first and the last of 100,000 classes", Kind::extreme,
             [] {
               const Tensor rows = one_hot(whole({0, 99999}), 100000, float64);
               return take(rows, whole({0, 1, 99998, 99999}), 1);
             },
             float64, {Shape{2, 4}, {1, 0, 0, 0, 0, 0, 0, 1}});
  direct_call("one_hot", {{3}}, [](const Tensors& in) { return one_hot(in[0], 3); });
  exempt("one_hot", "wrong shape", "indices of any shape");
  error_case("one_hot", "class 3 of 3", Fault::value, [] { return one_hot(whole({3}), 3); });
  error_case("one_hot", "class -1", Fault::value, [] { return one_hot(whole({-1}), 3); });
}};

}  // namespace

}  // namespace xgrad::test
