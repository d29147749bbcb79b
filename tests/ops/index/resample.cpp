// Interpolation beside a sum over all elements with weights by their distance, and channels as pixels beside loops.
#include "xgrad/resample.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/math.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

using Lengths = std::vector<std::int64_t>;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// The tent and Keys' kernel with a = −3/4, multiplied out by hand.
double tent(double distance) {
  return std::max(0.0, 1 - std::abs(distance));
}
double keys(double distance) {
  const double x = std::abs(distance);
  if (x <= 1) {
    return 1.25 * x * x * x - 2.25 * x * x + 1;
  }
  return x < 2 ? -0.75 * x * x * x + 3.75 * x * x - 6 * x + 3 : 0;
}

// Where element i of m lies among n. `ratio` is how many elements of n there are to one of m.
double position(const UpsampleOptions& options, double i, double n, double m, double ratio) {
  if (options.align_corners) {
    return m == 1 ? 0 : i * (n - 1) / (m - 1);
  }
  return options.mode == Interpolation::nearest ? i * ratio : (i + 0.5) * ratio - 0.5;
}

// The weight of element j in what lies at a position: x goes on with its first and last element.
double weight(Interpolation mode, double at, std::int64_t j, std::int64_t n) {
  if (mode == Interpolation::nearest) {
    return std::min(std::floor(at), static_cast<double>(n - 1)) == static_cast<double>(j) ? 1 : 0;
  }
  double sum = 0;
  for (std::int64_t k = -4; k < n + 4; ++k) {
    if (std::clamp<std::int64_t>(k, 0, n - 1) == j) {
      const double distance = at - static_cast<double>(k);
      sum += mode == Interpolation::linear ? tent(distance) : keys(distance);
    }
  }
  return sum;
}

struct Example {
  const char* title;
  Shape shape;
  Lengths size;
  UpsampleOptions options;
  Kind kind = Kind::plain;
};

// f(from, to, weight) for all pairs of positions.
void for_each_pair(const Example& example, const std::function<void(const Position&, const Position&, double)>& f) {
  const std::size_t first = example.shape.rank() - example.size.size();
  Lengths lengths = example.shape.to_vector();
  std::copy(example.size.begin(), example.size.end(), lengths.begin() + static_cast<std::ptrdiff_t>(first));
  for_each_position(Shape{lengths}, [&](const Position& to) {
    for_each_position(Shape{std::span{example.shape.begin() + first, example.size.size()}}, [&](const Position& spot) {
      Position from = to;
      double product = 1;
      for (std::size_t i = 0; i < spot.size(); ++i) {
        const std::int64_t n = example.shape[first + i];
        const std::int64_t m = example.size[i];
        const double ratio = example.options.scale.empty() ? static_cast<double>(n) / static_cast<double>(m)
                                                           : 1 / example.options.scale[i];
        from[first + i] = spot[i];
        product *= weight(example.options.mode,
                          position(example.options, static_cast<double>(to[first + i]), static_cast<double>(n),
                                   static_cast<double>(m), ratio),
                          spot[i], n);
      }
      f(from, to, product);
    });
  });
}

Shape with_size(const Example& example) {
  Lengths lengths = example.shape.to_vector();
  std::copy(example.size.begin(), example.size.end(), lengths.end() - static_cast<std::ptrdiff_t>(example.size.size()));
  return Shape{lengths};
}

Values resampled(const Example& example, const Values& x) {
  Values y = build(with_size(example), [](const Position&) { return 0.0; });
  for_each_pair(example, [&](const Position& from, const Position& to, double w) { y(to) += w * x(from); });
  return y;
}

Values resampled_adjoint(const Example& example, const Values& g) {
  Values x = build(example.shape, [](const Position&) { return 0.0; });
  for_each_pair(example, [&](const Position& from, const Position& to, double w) { x(from) += w * g(to); });
  return x;
}

constexpr auto nearest = Interpolation::nearest;
constexpr auto linear = Interpolation::linear;
constexpr auto cubic = Interpolation::cubic;

const std::vector<Example> examples{
    {"nearest, 3 to 6", {2, 3}, {6}, {.size = {6}}},
    {"nearest, 3 to 7", {3}, {7}, {.size = {7}}},
    {"nearest, 7 to 3", {1, 2, 7}, {3}, {.size = {3}}},
    {"nearest, twice", {1, 2, 3}, {4, 6}, {.scale = {2, 2}}},
    {"nearest, by 1.6 and 0.7", {2, 4}, {3, 2}, {.scale = {1.6, 0.7}}},
    {"nearest, three axes", {2, 1, 2}, {3, 2, 1}, {.size = {3, 2, 1}}},
    {"linear, 3 to 6", {2, 3}, {6}, {.size = {6}, .mode = linear}},
    {"linear, 7 to 3", {7}, {3}, {.size = {3}, .mode = linear}},
    {"linear, 4 to 7 with corners", {2, 4}, {7}, {.size = {7}, .mode = linear, .align_corners = true}},
    {"linear, 4 to 1 with corners", {4}, {1}, {.size = {1}, .mode = linear, .align_corners = true}},
    {"linear, 1 to 4", {1}, {4}, {.size = {4}, .mode = linear}},
    {"linear, by 1.6", {5}, {8}, {.scale = {1.6}, .mode = linear}},
    {"linear, by 1.3, whose ratio isn't that of the lengths", {4}, {5}, {.scale = {1.3}, .mode = linear}},
    {"bilinear", {1, 2, 3, 4}, {5, 3}, {.size = {5, 3}, .mode = linear}},
    {"bilinear with corners", {3, 2}, {5, 3}, {.size = {5, 3}, .mode = linear, .align_corners = true}},
    {"bilinear, one axis as it is", {2, 3}, {2, 5}, {.size = {2, 5}, .mode = linear}},
    {"bilinear to itself", {2, 3}, {2, 3}, {.size = {2, 3}, .mode = linear}},
    {"trilinear", {2, 3, 2}, {3, 2, 4}, {.size = {3, 2, 4}, .mode = linear}},
    {"bicubic", {3, 4}, {5, 7}, {.size = {5, 7}, .mode = cubic}},
    {"bicubic, smaller", {1, 6, 5}, {3, 2}, {.size = {3, 2}, .mode = cubic}},
    {"bicubic with corners", {4, 3}, {5, 5}, {.size = {5, 5}, .mode = cubic, .align_corners = true}},
    {"bicubic, by 1.7 and 0.6", {2, 5}, {3, 3}, {.scale = {1.7, 0.6}, .mode = cubic}},
    {"bicubic of one element", {1, 1}, {2, 3}, {.size = {2, 3}, .mode = cubic}},
    {"no samples", {0, 2, 3}, {4, 6}, {.scale = {2, 2}, .mode = linear}, Kind::empty},
};

const Registration by_sums{[] {
  for (const Example& example : examples) {
    formula_case("upsample", example.title, example.kind, {uniform(example.shape, -2, 2, 21)},
                 one([=](const Tensors& in) { return upsample(in[0], example.options); }),
                 one([=](const ManyValues& in) { return resampled(example, in[0]); }));
    const Lengths size(example.shape.end() - example.size.size(), example.shape.end());
    formula_case("upsample_adjoint", example.title, example.kind, {uniform(with_size(example), -2, 2, 22)},
                 one([=](const Tensors& in) { return upsample_adjoint(in[0], size, example.options); }),
                 one([=](const ManyValues& in) { return resampled_adjoint(example, in[0]); }));
  }
}};

const Registration extremes{[] {
  exact_case(
      "upsample", "an infinity of weight 0 isn't there; NaN and infinities go where they have one", Kind::extreme,
      [] {
        return upsample(to_tensor(vector_of({1, infinity, 2, nan})),
                        {.size = {7}, .mode = linear, .align_corners = true});
      },
      float64, vector_of({1, infinity, infinity, infinity, 2, nan, nan}));
  exact_case(
      "upsample", "nearest, as they are", Kind::extreme,
      [] {
        return upsample(to_tensor(vector_of({-infinity, nan, -0.0, 1e-40}), float32), {.scale = {1}});
      },
      float32, vector_of({-infinity, nan, -0.0, 1e-40}));
  exact_case(
      "upsample", "the largest numbers don't overflow", Kind::extreme,
      [] {
        return upsample(to_tensor(vector_of({3e38, 3e38}), float32), {.scale = {3}, .mode = linear});
      },
      float32, vector_of({3e38, 3e38, 3e38, 3e38, 3e38, 3e38}));
  exact_case(
      "upsample_adjoint", "infinities and NaN", Kind::extreme,
      [] {
        return upsample_adjoint(to_tensor(vector_of({infinity, 1, nan, -infinity, infinity, infinity})), {3},
                                {.scale = {2}});
      },
      float64, vector_of({infinity, nan, infinity}));
  exact_case(
      "upsample", "nearest of 16,777,217 as one: positions are whole numbers", Kind::extreme,
      [] {
        const std::int64_t n = 16'777'217;
        return upsample(cast(arange(n), float64), {.size = {n - 1}}).at({Slice{n - 3}});
      },
      float64, vector_of({16'777'214, 16'777'215}));
}};

Values shuffled(const Values& x, std::int64_t r) {
  const std::size_t first = x.shape.rank() - 3;
  Lengths lengths = x.shape.to_vector();
  lengths[first] /= r * r;
  lengths[first + 1] *= r;
  lengths[first + 2] *= r;
  return build(Shape{lengths}, [&](const Position& p) {
    Position from = p;
    from[first] = p[first] * r * r + p[first + 1] % r * r + p[first + 2] % r;
    from[first + 1] = p[first + 1] / r;
    from[first + 2] = p[first + 2] / r;
    return x(from);
  });
}

Values unshuffled(const Values& y, std::int64_t r) {
  const std::size_t first = y.shape.rank() - 3;
  Lengths lengths = y.shape.to_vector();
  lengths[first] *= r * r;
  lengths[first + 1] /= r;
  lengths[first + 2] /= r;
  return build(Shape{lengths}, [&](const Position& p) {
    Position from = p;
    from[first] = p[first] / (r * r);
    from[first + 1] = p[first + 1] * r + p[first] / r % r;
    from[first + 2] = p[first + 2] * r + p[first] % r;
    return y(from);
  });
}

const Registration pixels{[] {
  const auto add = [](const char* title, const Shape& shape, std::int64_t r, Kind kind = Kind::plain) {
    const Values x = uniform(shape, -2, 2, 23);
    formula_case("pixel_shuffle", title, kind, {x}, one([=](const Tensors& in) { return pixel_shuffle(in[0], r); }),
                 one([=](const ManyValues& in) { return shuffled(in[0], r); }));
    formula_case("pixel_unshuffle", title, kind, {shuffled(x, r)},
                 one([=](const Tensors& in) { return pixel_unshuffle(in[0], r); }),
                 one([=](const ManyValues& in) { return unshuffled(in[0], r); }));
  };
  add("by 2", {2, 4, 2, 3}, 2);
  add("by 3, without samples before", {9, 1, 2}, 3);
  add("by 1", {2, 2, 2}, 1);
  add("two axes before", {1, 2, 4, 1, 2}, 2);
  add("no samples", {0, 4, 2, 3}, 2, Kind::empty);
  for (const char* name : {"pixel_shuffle", "pixel_unshuffle"}) {
    const bool back = std::string{name} == "pixel_unshuffle";
    exact_case(name, "bool", Kind::plain,
               [=] {
                 const Tensor x = to_tensor({back ? Shape{1, 2, 2} : Shape{4, 1, 1}, {1, 0, 0, 1}}, boolean);
                 return back ? pixel_unshuffle(x, 2) : pixel_shuffle(x, 2);
               },
               boolean, {back ? Shape{4, 1, 1} : Shape{1, 2, 2}, {1, 0, 0, 1}});
    exact_case(name, "as they are", Kind::extreme,
               [=] {
                 const Tensor x = to_tensor({back ? Shape{1, 2, 2} : Shape{4, 1, 1}, {nan, infinity, -0.0, 1e-320}});
                 return back ? pixel_unshuffle(x, 2) : pixel_shuffle(x, 2);
               },
               float64, {back ? Shape{4, 1, 1} : Shape{1, 2, 2}, {nan, infinity, -0.0, 1e-320}});
  }
}};

const Registration refused{[] {
  const auto wrong = [](const char* title, Fault fault, const Shape& shape, const UpsampleOptions& options) {
    error_case("upsample", title, fault, [=] { return upsample(ones(shape), options); });
  };
  direct_call("upsample", {{4}}, [](const Tensors& in) { return upsample(in[0], {.size = {6}}); });
  wrong("of a scalar", Fault::zero_rank, {}, {.size = {2}});
  wrong("fewer axes than sizes", Fault::shape, {2}, {.size = {2, 2}});
  wrong("an empty spatial axis", Fault::empty, {2, 0}, {.size = {2}});
  wrong("neither sizes nor scales", Fault::value, {2}, {});
  wrong("both", Fault::value, {2}, {.size = {4}, .scale = {2}});
  wrong("a size of 0", Fault::value, {2}, {.size = {0}});
  wrong("a negative scale", Fault::value, {2}, {.scale = {-1}});
  wrong("a scale of NaN", Fault::value, {2}, {.scale = {nan}});
  wrong("an infinite scale", Fault::value, {2}, {.scale = {infinity}});
  wrong("a scale that leaves nothing", Fault::value, {2}, {.scale = {0.4}});
  wrong("a scale beyond all lengths", Fault::value, {2}, {.scale = {1e300}});
  wrong("four axes", Fault::value, {1, 1, 1, 1}, {.size = {1, 1, 1, 1}});
  wrong("cubic along one axis", Fault::value, {4}, {.size = {6}, .mode = cubic});
  wrong("cubic along three", Fault::value, {2, 2, 2}, {.size = {3, 3, 3}, .mode = cubic});
  wrong("nearest with corners", Fault::value, {4}, {.size = {6}, .mode = nearest, .align_corners = true});

  direct_call("upsample_adjoint", {{6}}, [](const Tensors& in) { return upsample_adjoint(in[0], {4}, {.size = {6}}); });
  error_case("upsample_adjoint", "of a scalar", Fault::zero_rank,
             [] { return upsample_adjoint(scalar(1), {1}, {.size = {1}}); });
  error_case("upsample_adjoint", "another size", Fault::shape,
             [] { return upsample_adjoint(ones({5}), {3}, {.scale = {2}}); });
  error_case("upsample_adjoint", "two sizes for an axis", Fault::value, [] {
    return upsample_adjoint(ones({6}), {3, 3}, {.scale = {2}});
  });
  error_case("upsample_adjoint", "a size of 0", Fault::value,
             [] { return upsample_adjoint(ones({6}), {0}, {.size = {6}}); });
  error_case("upsample_adjoint", "neither sizes nor scales", Fault::value,
             [] { return upsample_adjoint(ones({6}), {3}, {}); });

  direct_call("pixel_shuffle", {{4, 2, 2}}, [](const Tensors& in) { return pixel_shuffle(in[0], 2); });
  direct_call("pixel_unshuffle", {{1, 2, 2}}, [](const Tensors& in) { return pixel_unshuffle(in[0], 2); });
  error_case("pixel_shuffle", "of a scalar", Fault::zero_rank, [] { return pixel_shuffle(scalar(1), 1); });
  error_case("pixel_unshuffle", "of a scalar", Fault::zero_rank, [] { return pixel_unshuffle(scalar(1), 1); });
  error_case("pixel_shuffle", "of a matrix", Fault::shape, [] { return pixel_shuffle(ones({4, 4}), 2); });
  error_case("pixel_unshuffle", "of a matrix", Fault::shape, [] { return pixel_unshuffle(ones({4, 4}), 2); });
  error_case("pixel_shuffle", "6 channels by 2", Fault::shape, [] { return pixel_shuffle(ones({6, 1, 1}), 2); });
  error_case("pixel_unshuffle", "a height of 3 by 2", Fault::shape, [] { return pixel_unshuffle(ones({1, 3, 2}), 2); });
  error_case("pixel_unshuffle", "a width of 3 by 2", Fault::shape, [] { return pixel_unshuffle(ones({1, 2, 3}), 2); });
  for (const std::int64_t r : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 40}) {
    error_case("pixel_shuffle", "a factor of " + std::to_string(r), Fault::value, [=] {
      return pixel_shuffle(ones({4, 1, 1}), r);
    });
    error_case("pixel_unshuffle", "a factor of " + std::to_string(r), Fault::value, [=] {
      return pixel_unshuffle(ones({1, 2, 2}), r);
    });
  }
}};

}  // namespace

}  // namespace xgrad::test
