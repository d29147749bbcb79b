// Arrays repeated, shifted, masked and written into, beside the element that each position comes from.
#include "xgrad/arrays.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Source = std::function<Position(const Position&)>;
using Call = std::function<Tensor(const Tensor&)>;

// The element at p is x's at source(p).
void moved(const std::string& name, const std::string& title, Kind kind, const Shape& from, const Shape& to,
           const Call& call, const Source& source) {
  formula_case(
      name, title, kind, {uniform(from, -2, 2, 101)}, one([=](const Tensors& in) { return call(in[0]); }),
      one([=](const ManyValues& in) { return build(to, [&](const Position& p) { return in[0](source(p)); }); }));
}

void exact(const std::string& name, const std::string& title, Kind kind, const std::function<Tensor(DType)>& call,
           const Values& expected, const std::vector<DType>& dtypes = {float32, float64}) {
  for (const DType dtype : dtypes) {
    exact_case(
        name, title + ", " + std::string{to_string(dtype)}, kind, [=] { return call(dtype); }, dtype, expected);
  }
}

const Values awkward = vector_of({infinity, nan, -infinity, 1e4});
const std::vector<DType> all_dtypes{float32, float64, int64, boolean};

// What is only moved arrives as it was.
void arrives(const std::string& name, const Call& call, const Values& x, const Values& expected) {
  exact(
      name, "infinity and NaN", Kind::extreme, [=](DType dtype) { return call(to_tensor(x, dtype)); }, expected);
}

std::int64_t modulo(std::int64_t a, std::int64_t n) {
  return ((a % n) + n) % n;
}

const Registration tiles{[] {
  const auto add = [](const std::string& title, Kind kind, const Shape& from, const std::vector<std::int64_t>& repeats,
                      const Shape& to) {
    moved(
        "tile", title, kind, from, to, [=](const Tensor& x) { return tile(x, repeats); },
        [=](const Position& p) {
          Position source;
          for (std::size_t i = 0; i < from.rank(); ++i) {
            source.push_back(p[to.rank() - from.rank() + i] % from[i]);
          }
          return source;
        });
  };
  add("both axes", Kind::plain, {2, 3}, {2, 3}, {4, 9});
  add("rows", Kind::plain, {2, 3}, {2, 1}, {4, 3});
  add("fewer repeats than axes", Kind::plain, {2, 3}, {2}, {2, 6});
  add("more repeats than axes", Kind::plain, {3}, {2, 1, 2}, {2, 1, 6});
  add("three axes", Kind::plain, {2, 1, 2}, {1, 3, 2}, {2, 3, 4});
  add("once", Kind::plain, {2, 3}, {}, {2, 3});
  add("eight axes", Kind::plain, {1, 1, 2, 1, 1, 1, 1, 2}, {2, 1, 2, 1, 1, 1, 1, 2}, {2, 1, 4, 1, 1, 1, 1, 4});
  add("a scalar", Kind::zero_rank, {}, {3}, {3});
  add("no times", Kind::empty, {2, 3}, {2, 0}, {4, 0});
  add("no elements", Kind::empty, {0, 3}, {2, 2}, {0, 6});
  direct_call("tile", {{2, 2}}, [](const Tensors& in) { return tile(in[0], {2, 1}); });
  error_case("tile", "a negative number", Fault::value, [] { return tile(ones({2}), {-1}); });
  error_case("tile", "nine axes", Fault::shape, [] { return tile(ones({2}), {1, 1, 1, 1, 1, 1, 1, 1, 1}); });
  error_case("tile", "too many elements", Fault::shape,
             [] { return tile(ones({4}), {std::numeric_limits<std::int64_t>::max()}); });
  arrives(
      "tile", [](const Tensor& x) { return tile(x, {2}); }, vector_of({infinity, nan}),
      vector_of({infinity, nan, infinity, nan}));
  exact(
      "tile", "gradient", Kind::plain,
      [](DType dtype) {
        return gradient_at(
            [](const Tensor& x) {
              return tile(x, {2, 2});
            },
            vector_of({1, 2}), dtype, {1, 2, 3, 4, 5, 6, 7, 8});
      },
      vector_of({16, 20}));
}};

const Registration repeats{[] {
  const auto add = [](const std::string& title, Kind kind, const Shape& from, std::int64_t count, std::int64_t axis,
                      std::size_t place, const Shape& to) {
    moved(
        "repeat", title, kind, from, to, [=](const Tensor& x) { return repeat(x, count, axis); },
        [=](const Position& p) {
          Position source = p;
          source[place] /= count;
          return source;
        });
  };
  add("rows", Kind::plain, {2, 3}, 2, 0, 0, {4, 3});
  add("columns, negative axis", Kind::plain, {2, 3}, 3, -1, 1, {2, 9});
  add("middle axis", Kind::plain, {2, 3, 2}, 2, 1, 1, {2, 6, 2});
  add("many times, columns", Kind::plain, {2, 2}, 6, 1, 1, {2, 12});
  add("once", Kind::plain, {3}, 1, 0, 0, {3});
  add("no times", Kind::empty, {3}, 0, 0, 0, {0});
  add("no elements", Kind::empty, {0, 2}, 2, 1, 1, {0, 4});
  direct_call("repeat", {{2, 2}}, [](const Tensors& in) { return repeat(in[0], 2, 0); });
  error_case("repeat", "a negative number", Fault::value, [] { return repeat(ones({2}), -1, 0); });
  error_case("repeat", "axis 1 of a vector", Fault::shape, [] { return repeat(ones({2}), 2, 1); });
  error_case("repeat", "a scalar", Fault::zero_rank, [] { return repeat(scalar(1), 2, 0); });
  arrives(
      "repeat", [](const Tensor& x) { return repeat(x, 2, 0); }, vector_of({infinity, nan}),
      vector_of({infinity, infinity, nan, nan}));
}};

const Registration rolls{[] {
  const auto add = [](const std::string& title, Kind kind, const Shape& shape, std::int64_t shift, std::int64_t axis,
                      std::size_t place) {
    moved(
        "roll", title, kind, shape, shape, [=](const Tensor& x) { return roll(x, shift, axis); },
        [=](const Position& p) {
          Position source = p;
          source[place] = modulo(p[place] - shift, shape[place]);
          return source;
        });
  };
  add("by 2", Kind::plain, {5}, 2, 0, 0);
  add("back by 2", Kind::plain, {5}, -2, 0, 0);
  add("by more than the length", Kind::plain, {5}, 13, 0, 0);
  add("back by more than the length", Kind::plain, {5}, -11, 0, 0);
  add("by the length", Kind::plain, {5}, 5, 0, 0);
  add("rows", Kind::plain, {3, 2}, 1, 0, 0);
  add("columns, negative axis", Kind::plain, {2, 3}, 1, -1, 1);
  add("middle axis", Kind::plain, {2, 3, 2}, -1, 1, 1);
  add("no elements", Kind::empty, {0, 3}, 1, 1, 1);
  add("an axis without elements", Kind::empty, {2, 0}, 1, 1, 1);
  direct_call("roll", {{3}}, [](const Tensors& in) { return roll(in[0], 1); });
  error_case("roll", "axis 1 of a vector", Fault::shape, [] { return roll(ones({2}), 1, 1); });
  error_case("roll", "a scalar", Fault::zero_rank, [] { return roll(scalar(1), 1); });
  arrives(
      "roll", [](const Tensor& x) { return roll(x, 1); }, awkward, vector_of({1e4, infinity, nan, -infinity}));
}};

const Registration axes_moved{[] {
  const auto swap = [](const std::string& title, Kind kind, const Shape& from, std::int64_t a, std::int64_t b,
                       const Shape& to, const Source& source) {
    moved(
        "swap_axes", title, kind, from, to, [=](const Tensor& x) { return swap_axes(x, a, b); }, source);
  };
  const auto move = [](const std::string& title, Kind kind, const Shape& from, std::int64_t a, std::int64_t b,
                       const Shape& to, const Source& source) {
    moved(
        "move_axis", title, kind, from, to, [=](const Tensor& x) { return move_axis(x, a, b); }, source);
  };
  const Source outer = [](const Position& p) { return Position{p[2], p[1], p[0]}; };
  const Source same = [](const Position& p) { return p; };
  swap("outer axes", Kind::plain, {2, 3, 4}, 0, -1, {4, 3, 2}, outer);
  swap("the same axis", Kind::plain, {2, 3}, 1, -1, {2, 3}, same);
  swap("no elements", Kind::empty, {2, 0}, 0, 1, {0, 2}, [](const Position& p) { return Position{p[1], p[0]}; });
  move("the first to the end", Kind::plain, {2, 3, 4}, 0, -1, {3, 4, 2}, [](const Position& p) {
    return Position{p[2], p[0], p[1]};
  });
  move("the last to the front", Kind::plain, {2, 3, 4}, 2, 0, {4, 2, 3}, [](const Position& p) {
    return Position{p[1], p[2], p[0]};
  });
  move("by one", Kind::plain, {2, 3, 4}, 1, 2, {2, 4, 3}, [](const Position& p) { return Position{p[0], p[2], p[1]}; });
  move("nowhere", Kind::plain, {2, 3}, -1, 1, {2, 3}, same);
  move("no elements", Kind::empty, {2, 0}, 0, 1, {0, 2}, [](const Position& p) { return Position{p[1], p[0]}; });
  for (const auto& mover : {std::pair{"swap_axes", &swap_axes}, std::pair{"move_axis", &move_axis}}) {
    const char* const name = mover.first;
    const auto call = mover.second;
    direct_call(name, {{2, 3}}, [call](const Tensors& in) { return call(in[0], 0, 1); });
    error_case(name, "from axis 2 of a matrix", Fault::shape, [call] { return call(ones({2, 3}), 2, 0); });
    error_case(name, "to axis -3 of a matrix", Fault::shape, [call] { return call(ones({2, 3}), 0, -3); });
    error_case(name, "a scalar", Fault::zero_rank, [call] { return call(scalar(1), 0, 0); });
    arrives(name, [call](const Tensor& x) { return call(x, 0, 1); }, {Shape{2, 2}, awkward.data},
            {Shape{2, 2}, {infinity, -infinity, nan, 1e4}});
  }
}};

// Parts of x along an axis, of these lengths.
ManyValues parts(const Values& x, const std::vector<std::int64_t>& lengths, std::size_t axis) {
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
}

const Registration pieces{[] {
  const auto unstacked = [](const std::string& title, Kind kind, const Shape& shape, std::int64_t axis,
                            std::size_t place) {
    formula_case(
        "unstack", title, kind, {uniform(shape, -2, 2, 102)}, [=](const Tensors& in) { return unstack(in[0], axis); },
        [=](const ManyValues& in) {
          ManyValues result = parts(in[0], std::vector<std::int64_t>(static_cast<std::size_t>(shape[place]), 1), place);
          for (Values& part : result) {
            part.shape = shape.without(place);
          }
          return result;
        });
  };
  unstacked("rows", Kind::plain, {3, 2}, 0, 0);
  unstacked("columns, negative axis", Kind::plain, {2, 3}, -1, 1);
  unstacked("a vector", Kind::plain, {3}, 0, 0);
  unstacked("rows without elements", Kind::empty, {2, 0}, 0, 0);
  direct_call("unstack", {{3}}, [](const Tensors& in) { return unstack(in[0])[1]; });
  error_case("unstack", "axis 1 of a vector", Fault::shape, [] { return unstack(ones({2}), 1)[0]; });
  error_case("unstack", "a scalar", Fault::zero_rank, [] { return unstack(scalar(1))[0]; });
  arrives(
      "unstack", [](const Tensor& x) { return unstack(x)[1]; }, awkward, scalar_of(nan));

  const auto chunked = [](const std::string& title, Kind kind, const Shape& shape, std::int64_t count,
                          std::int64_t axis, std::size_t place, const std::vector<std::int64_t>& lengths) {
    formula_case(
        "chunk", title, kind, {uniform(shape, -2, 2, 103)},
        [=](const Tensors& in) { return chunk(in[0], count, axis); },
        [=](const ManyValues& in) { return parts(in[0], lengths, place); });
  };
  chunked("equal parts", Kind::plain, {6, 2}, 3, 0, 0, {2, 2, 2});
  chunked("the first are longer", Kind::plain, {2, 5}, 3, -1, 1, {2, 2, 1});
  chunked("6 into 4", Kind::plain, {6}, 4, 0, 0, {2, 2, 1, 1});
  chunked("one part", Kind::plain, {3}, 1, 0, 0, {3});
  chunked("2 into 3", Kind::empty, {2}, 3, 0, 0, {1, 1, 0});
  direct_call("chunk", {{3}}, [](const Tensors& in) { return chunk(in[0], 2)[0]; });
  error_case("chunk", "axis 1 of a vector", Fault::shape, [] { return chunk(ones({2}), 2, 1)[0]; });
  error_case("chunk", "no parts", Fault::value, [] { return chunk(ones({2}), 0)[0]; });
  error_case("chunk", "a scalar", Fault::zero_rank, [] { return chunk(scalar(1), 1)[0]; });
  arrives(
      "chunk", [](const Tensor& x) { return chunk(x, 3)[0]; }, awkward, vector_of({infinity, nan}));
}};

const Registration grids{[] {
  const auto add = [](const std::string& title, Kind kind, const std::vector<std::int64_t>& lengths, GridOrder order,
                      const Shape& shape, const std::vector<std::size_t>& axis_of) {
    ManyValues vectors;
    for (const std::int64_t length : lengths) {
      vectors.push_back(uniform({length}, -2, 2, 104 + vectors.size()));
    }
    // Stacked, since a derivation wants a result that depends on all inputs.
    formula_case("meshgrid", title, kind, vectors, one([=](const Tensors& in) { return stack(meshgrid(in, order)); }),
                 one([=](const ManyValues& in) {
                   return build(shape.inserted(0, static_cast<std::int64_t>(in.size())), [&](const Position& p) {
                     const auto which = static_cast<std::size_t>(p[0]);
                     return in[which]({p[axis_of[which] + 1]});
                   });
                 }));
  };
  add("two, ij", Kind::plain, {2, 3}, GridOrder::ij, {2, 3}, {0, 1});
  add("two, xy", Kind::plain, {2, 3}, GridOrder::xy, {3, 2}, {1, 0});
  add("three, ij", Kind::plain, {2, 3, 2}, GridOrder::ij, {2, 3, 2}, {0, 1, 2});
  add("three, xy", Kind::plain, {2, 3, 4}, GridOrder::xy, {3, 2, 4}, {1, 0, 2});
  add("one, xy", Kind::plain, {3}, GridOrder::xy, {3}, {0});
  add("no elements", Kind::empty, {2, 0}, GridOrder::ij, {2, 0}, {0, 1});
  direct_call("meshgrid", {{2}, {3}}, [](const Tensors& in) { return meshgrid(in)[1]; });
  error_case("meshgrid", "a matrix", Fault::shape, [] { return meshgrid({ones({2}), ones({2, 2})})[0]; });
  error_case("meshgrid", "a scalar", Fault::zero_rank, [] { return meshgrid({ones({2}), scalar(1)})[0]; });
  error_case("meshgrid", "nine vectors", Fault::shape, [] { return meshgrid(Tensors(9, ones({1})))[0]; });
  error_case("meshgrid", "no vectors", Fault::value, [] { return meshgrid({})[0]; });
  arrives("meshgrid",
          [](const Tensor& x) {
            return meshgrid({x, zeros({2}, x.dtype())})[0];
          },
          vector_of({infinity, nan}), {Shape{2, 2}, {infinity, infinity, nan, nan}});
}};

const Registration triangles{[] {
  for (const bool lower : {true, false}) {
    const std::string name = lower ? "tril" : "triu";
    Tensor (*const call)(const Tensor&, std::int64_t) = lower ? &tril : &triu;
    const auto add = [&](const std::string& title, Kind kind, const Shape& shape, std::int64_t diagonal) {
      formula_case(name, title + ", diagonal " + std::to_string(diagonal), kind, {uniform(shape, -2, 2, 106)},
                   one([=](const Tensors& in) { return call(in[0], diagonal); }), one([=](const ManyValues& in) {
                     return build(shape, [&](const Position& p) {
                       const std::int64_t above = p[p.size() - 1] - p[p.size() - 2];
                       return (lower ? above <= diagonal : above >= diagonal) ? in[0](p) : 0;
                     });
                   }));
    };
    for (const std::int64_t diagonal : {0, 1, -1, 2, -2, 5, -5}) {
      add("square", Kind::plain, {3, 3}, diagonal);
      add("wide, a batch", Kind::plain, {2, 2, 4}, diagonal);
      add("high", Kind::plain, {4, 2}, diagonal);
    }
    add("the furthest", Kind::plain, {2, 2}, std::numeric_limits<std::int64_t>::max());
    add("the furthest", Kind::plain, {2, 2}, std::numeric_limits<std::int64_t>::min());
    add("no columns", Kind::empty, {2, 0}, 0);
    add("no matrices", Kind::empty, {0, 2, 2}, 0);
    direct_call(name, {{2, 3}}, [=](const Tensors& in) { return call(in[0], 0); });
    error_case(name, "a vector", Fault::shape, [=] { return call(ones({3}), 0); });
    error_case(name, "a scalar", Fault::zero_rank, [=] { return call(scalar(1), 0); });
    const Values x{Shape{2, 2}, {nan, infinity, -infinity, nan}};
    arrives(
        name, [=](const Tensor& t) { return call(t, lower ? -1 : 1); }, x,
        lower ? Values{Shape{2, 2}, {0, 0, -infinity, 0}} : Values{Shape{2, 2}, {0, infinity, 0, 0}});
    exact(
        name, "every dtype", Kind::plain,
        [=](DType dtype) {
          return call(ones({2, 2}, dtype), 0);
        },
        lower ? Values{Shape{2, 2}, {1, 0, 1, 1}} : Values{Shape{2, 2}, {1, 1, 0, 1}}, all_dtypes);
  }
}};

Tensor mask_of(const std::vector<double>& values, const Shape& shape) {
  return to_tensor({shape, values}, boolean);
}

const Registration masks{[] {
  const auto add = [](const std::string& title, Kind kind, const Shape& shape, const Values& mask, double value) {
    formula_case("masked_fill", title, kind, {uniform(shape, -2, 2, 107)},
                 one([=](const Tensors& in) { return masked_fill(in[0], to_tensor(mask, boolean), value); }),
                 one([=](const ManyValues& in) {
                   return build(shape,
                                [&](const Position& p) { return broadcast_at(mask, p) != 0 ? value : in[0](p); });
                 }));
  };
  add("a mask of the same shape", Kind::plain, {2, 3}, {Shape{2, 3}, {1, 0, 0, 1, 1, 0}}, 7);
  add("a row", Kind::plain, {2, 3}, vector_of({0, 1, 0}), -1);
  add("a column", Kind::plain, {2, 3}, {Shape{2, 1}, {0, 1}}, 0.5);
  add("everything", Kind::plain, {2, 3}, scalar_of(1), 2);
  add("a scalar", Kind::zero_rank, {}, scalar_of(0), 2);
  add("no elements", Kind::empty, {0, 3}, {Shape{0, 1}, {}}, 2);
  direct_call("masked_fill", {{2}}, [](const Tensors& in) { return masked_fill(in[0], mask_of({1, 0}, {2}), 1); });
  error_case("masked_fill", "a larger mask", Fault::shape, [] {
    return masked_fill(ones({2}), mask_of({1, 0, 1, 0}, {2, 2}), 1);
  });
  error_case("masked_fill", "a mask of another length", Fault::shape, [] {
    return masked_fill(ones({2}), mask_of({1, 0, 1}, {3}), 1);
  });
  error_case("masked_fill", "a float mask", Fault::dtype, [] { return masked_fill(ones({2}), ones({2}), 1); });
  error_case("masked_fill", "an undefined mask", Fault::value, [] { return masked_fill(ones({2}), Tensor{}, 1); });
  error_case("masked_fill", "1.5 among int64", Fault::dtype, [] {
    return masked_fill(ones({2}, int64), mask_of({1, 0}, {2}), 1.5);
  });
  arrives(
      "masked_fill",
      [](const Tensor& x) {
        return masked_fill(x, mask_of({0, 1, 1, 0}, {4}), -infinity);
      },
      awkward, vector_of({infinity, -infinity, -infinity, 1e4}));
  exact(
      "masked_fill", "the gradient is exactly 0 where the mask holds", Kind::extreme,
      [](DType dtype) {
        return gradient_at(
            [](const Tensor& x) {
              return masked_fill(x, mask_of({0, 1}, {2}), 0);
            },
            vector_of({1, 2}), dtype, {infinity, infinity});
      },
      vector_of({infinity, 0}));
}};

void quantifier(const std::string& name, Tensor (*call)(const Tensor&, const Axes&, bool), bool any) {
  const auto f = [=](std::span<const double> x) {
    double found = any ? 0 : 1;
    for (const double value : x) {
      found = (value > 0) == any ? (any ? 1 : 0) : found;
    }
    return found;
  };
  const auto add = [&](const std::string& title, Kind kind, const Values& x, const std::vector<std::int64_t>& axes,
                       bool keep_dims = false) {
    formula_case(name, title, kind, {x}, one([=](const Tensors& in) { return call(in[0] > 0, Axes{axes}, keep_dims); }),
                 one([=](const ManyValues& in) { return fold(in[0], axes, keep_dims, f); }))
        .result = boolean;
  };
  const Values mixed{Shape{4, 3}, {1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1}};
  add("rows", Kind::plain, mixed, {1});
  add("columns, keep_dims", Kind::plain, mixed, {0}, true);
  add("everything", Kind::plain, mixed, {});
  add("only true", Kind::plain, map(mixed, [](double) { return 1.0; }), {});
  add("only false", Kind::plain, map(mixed, [](double) { return 0.0; }), {0, -1});
  add("many", Kind::plain, uniform({3, 70000}, -1, 1e-3, 108), {1});
  add("zero rank", Kind::zero_rank, scalar_of(1), {});
  add("of nothing", Kind::empty, {Shape{2, 0}, {}}, {1});
  direct_call(name, {{2, 3}}, [=](const Tensors& in) { return call(in[0], 0, false); });
  error_case(name, "axis 2 of a matrix", Fault::shape, [=] { return call(ones({2, 3}, boolean), 2, false); });
  exempt(name, "extreme", "bool has two values, both among the plain cases");
}

const Registration quantifiers{[] {
  quantifier("any_of", &any_of, true);
  quantifier("all_of", &all_of, false);
}};

void scatter_case(const std::string& title, Kind kind, const Shape& x, const std::vector<std::int64_t>& indices,
                  const Shape& shape, std::int64_t axis, std::size_t place) {
  const Values places{shape, {indices.begin(), indices.end()}};
  const Tensor index = from_vector(indices, shape);
  formula_case("scatter", title, kind, {uniform(x, -2, 2, 109), uniform(shape, 3, 4, 110)},
               one([=](const Tensors& in) { return scatter(in[0], index, in[1], axis); }),
               one([=](const ManyValues& in) {
                 Values result = in[0];
                 for_each_position(shape, [&](const Position& p) {
                   Position target = p;
                   target[place] = modulo(static_cast<std::int64_t>(places(p)), x[place]);
                   result(target) = in[1](p);
                 });
                 return result;
               }));
}

const Registration scatters{[] {
  scatter_case("along rows", Kind::plain, {2, 4}, {2, 0, 1, 3}, {2, 2}, -1, 1);
  scatter_case("along columns", Kind::plain, {4, 2}, {2, 0, 1, 3}, {2, 2}, 0, 0);
  scatter_case("middle axis", Kind::plain, {2, 3, 2}, {0, 1, 2, 2}, {2, 1, 2}, 1, 1);
  scatter_case("negative indices", Kind::plain, {5}, {-1, 0, -3}, {3}, 0, 0);
  scatter_case("of equal indices the last one", Kind::plain, {4}, {2, 0, 2, -2, 0}, {5}, 0, 0);
  scatter_case("equal indices in columns", Kind::plain, {3, 2}, {2, 0, 2, 0, 1, 0}, {3, 2}, 0, 0);
  scatter_case("no indices", Kind::empty, {3}, {}, {0}, 0, 0);
  scatter_case("no rows", Kind::empty, {0, 3}, {}, {0, 2}, 1, 1);
  const auto index = [](const std::vector<std::int64_t>& indices) {
    return from_vector(indices, {static_cast<std::int64_t>(indices.size())});
  };
  direct_call("scatter", {{3}, {2}}, [=](const Tensors& in) { return scatter(in[0], index({2, 0}), in[1]); });
  error_case("scatter", "updates of another shape", Fault::shape, [=] {
    return scatter(ones({3}), index({0, 1}), ones({3}));
  });
  error_case("scatter", "another number of axes", Fault::shape, [=] {
    return scatter(ones({3, 2}), index({0, 1}), ones({2}));
  });
  error_case("scatter", "rows of another length", Fault::shape, [] {
    return scatter(ones({3, 2}), from_vector<std::int64_t>({0, 1, 0}, {1, 3}), ones({1, 3}), 0);
  });
  error_case("scatter", "axis 1 of a vector", Fault::shape,
             [=] { return scatter(ones({3}), index({0}), ones({1}), 1); });
  error_case("scatter", "a scalar", Fault::zero_rank, [=] { return scatter(scalar(1), index({0}), ones({1})); });
  error_case("scatter", "index 3 of 3", Fault::value, [=] { return scatter(ones({3}), index({0, 3}), ones({2})); });
  error_case("scatter", "index -4 of 3", Fault::value, [=] { return scatter(ones({3}), index({-4}), ones({1})); });
  error_case("scatter", "float indices", Fault::dtype, [] { return scatter(ones({3}), ones({1}), ones({1})); });
  arrives(
      "scatter",
      [=](const Tensor& x) {
        return scatter(x, index({3, 0}), to_tensor(vector_of({nan, 1}), x.dtype()));
      },
      awkward, vector_of({1, nan, -infinity, nan}));
  exact(
      "scatter", "every dtype", Kind::plain,
      [=](DType dtype) {
        return scatter(zeros({3}, dtype), index({1, -1}), ones({2}, dtype));
      },
      vector_of({0, 1, 1}), all_dtypes);
  exact(
      "scatter", "x's gradient is exactly 0 where it is replaced", Kind::extreme,
      [=](DType dtype) {
        return gradient_at([=](const Tensor& x) { return scatter(x, index({1}), ones({1}, x.dtype())); },
                           vector_of({1, 2}), dtype, {infinity, infinity});
      },
      vector_of({infinity, 0}));
  exact(
      "scatter", "only the last of equal indices gets a gradient", Kind::plain,
      [=](DType dtype) {
        return gradient_at(
            [=](const Tensor& updates) {
              return scatter(zeros({3}, dtype), index({1, 2, 1}), updates);
            },
            vector_of({1, 2, 3}), dtype, {4, 5, 6});
      },
      vector_of({0, 6, 5}));
}};

// Between the last point that isn't right of x and the next one.
double interpolated(double x, const Values& xp, const Values& fp) {
  const std::size_t last = xp.data.size() - 1;
  if (x <= xp.data[0]) {
    return fp.data[0];
  }
  for (std::size_t i = 0; i < last; ++i) {
    if (x < xp.data[i + 1]) {
      return fp.data[i] + (fp.data[i + 1] - fp.data[i]) * (x - xp.data[i]) / (xp.data[i + 1] - xp.data[i]);
    }
  }
  return fp.data[last];
}

const Registration interpolation{[] {
  const Values xp = vector_of({-1, 0.25, 0.75, 2});
  const Values fp = vector_of({1, -2, 3, 0.5});
  const auto add = [](const std::string& title, Kind kind, const Values& x, const Values& points,
                      const Values& heights) {
    formula_case("interp", title, kind, {x, points, heights},
                 one([](const Tensors& in) { return interp(in[0], in[1], in[2]); }), one([](const ManyValues& in) {
                   return map(in[0], [&](double value) { return interpolated(value, in[1], in[2]); });
                 }));
  };
  add("inside and outside", Kind::plain, vector_of({-3, -0.9, 0, 0.5, 0.7, 1.5, 2.5}), xp, fp);
  add("a matrix", Kind::plain, {Shape{2, 2}, {1, -0.5, 0.6, 7}}, xp, fp);
  add("two points", Kind::plain, vector_of({-1, 0.5, 3}), vector_of({0, 1}), vector_of({2, -1}));
  add("a scalar", Kind::zero_rank, scalar_of(0.4), xp, fp);
  add("nowhere", Kind::empty, {Shape{0}, {}}, xp, fp);
  FormulaCase& many =
      formula_case("interp", "many points", Kind::plain,
                   {uniform({1000}, -10, 110, 111), counting({100}), uniform({100}, -1, 1, 112)},
                   one([](const Tensors& in) { return interp(in[0], in[1], in[2]); }), one([](const ManyValues& in) {
                     return map(in[0], [&](double value) { return interpolated(value, in[1], in[2]); });
                   }));
  many.derivatives = false;
  many.float32_tolerance = 1e-5;
  // xp has to increase: (0, x).
  direct_call("interp", {{3}, {1}, {2}}, [](const Tensors& in) {
    return interp(in[0], in[1].defined() ? pad(in[1], {{1, 0}}) : in[1], in[2]);
  });
  const auto at = [](const std::vector<double>& x, const std::vector<double>& points,
                     const std::vector<double>& heights) {
    return [=](DType dtype) {
      return interp(to_tensor(vector_of(x), dtype), to_tensor(vector_of(points), dtype),
                    to_tensor(vector_of(heights), dtype));
    };
  };
  exact("interp", "at the points exactly", Kind::plain, at({-1, 0.25, 0.75, 2}, xp.data, fp.data), fp);
  exact("interp", "infinity and NaN", Kind::extreme, at({-infinity, infinity, nan, 0}, {-1, 1}, {2, 4}),
        vector_of({2, 4, nan, 3}));
  exact("interp", "an infinite height", Kind::extreme, at({0, 1, 1.5, 2, 3}, {1, 2, 3}, {1, 2, infinity}),
        vector_of({1, 1, 1.5, 2, infinity}));
  exact("interp", "a height that isn't a number", Kind::extreme, at({0, 1, 1.5, 2.5}, {1, 2, 3}, {1, 2, nan}),
        vector_of({1, 1, 1.5, nan}));
  exact(
      "interp", "the slope is that to the right, at the last point to the left, outside 0", Kind::extreme,
      [](DType dtype) {
        return gradient_at(
            [=](const Tensor& x) {
              return interp(x, to_tensor(vector_of({0, 1, 3}), dtype), to_tensor(vector_of({0, 5, 1}), dtype));
            },
            vector_of({0, 1, 3, -1, 4, -infinity, infinity}), dtype);
      },
      vector_of({5, -2, -2, 0, 0, 0, 0}));
  error_case("interp", "one point", Fault::shape, [] { return interp(ones({2}), ones({1}), ones({1})); });
  error_case("interp", "points in a matrix", Fault::shape, [] {
    return interp(ones({2}), ones({2, 2}), ones({2, 2}));
  });
  error_case("interp", "3 and 2 points", Fault::shape, [] { return interp(ones({2}), ones({3}), ones({2})); });
  for (const std::vector<double>& points : {std::vector<double>{0, 0}, {1, 0}, {0, nan}, {0, infinity}}) {
    error_case("interp", "points that don't increase", Fault::value,
               [=] { return interp(ones({2}, float64), to_tensor(vector_of(points)), ones({2}, float64)); });
  }
}};

}  // namespace

}  // namespace xgrad::test
