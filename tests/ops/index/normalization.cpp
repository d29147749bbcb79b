// Normalisations and the masked softmax beside loops, their derivatives in long double, and numbers by hand.
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/normalize.hpp"

#include "support/extreme_values.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double epsilon = 0.01;

using Normalize = Tensor (*)(const Tensor&, const Axes&, double);

struct Named {
  const char* normalize;
  const char* deviation;
  Normalize f;
  Normalize s;
  bool centred;
};
const Named centred{"normalize", "deviation", &normalize, &deviation, true};
const Named uncentred{"rms_normalize", "root_mean_square", &rms_normalize, &root_mean_square, false};

long double mean_of(std::span<const double> x) {
  long double total = 0;
  for (const double value : x) {
    total += value;
  }
  return total / static_cast<long double>(x.size());
}

double deviation_of(std::span<const double> x, bool about_mean) {
  const long double middle = about_mean ? mean_of(x) : 0;
  long double total = 0;
  for (const double value : x) {
    total += (value - middle) * (value - middle);
  }
  return static_cast<double>(std::sqrt(total / static_cast<long double>(x.size()) + epsilon));
}

// The element at a position less the mean of those that share its kept axes, over their deviation.
Values normalized(const Values& x, const std::vector<std::int64_t>& axes, bool about_mean) {
  const Values means = fold(
      x, axes, true, [&](std::span<const double> part) { return about_mean ? static_cast<double>(mean_of(part)) : 0; });
  const Values deviations =
      fold(x, axes, true, [&](std::span<const double> part) { return deviation_of(part, about_mean); });
  return build(x.shape,
               [&](const Position& p) { return (x(p) - broadcast_at(means, p)) / broadcast_at(deviations, p); });
}

struct Layout {
  std::string title;
  Kind kind;
  Shape shape;
  std::vector<std::int64_t> axes;
  bool derivatives = true;
};

const std::vector<Layout> layouts{
    {"a vector", Kind::plain, {5}, {0}},
    {"all of a matrix", Kind::plain, {2, 3}, {}},
    {"rows", Kind::plain, {2, 4}, {-1}},
    {"columns", Kind::plain, {4, 2}, {0}},
    {"a middle axis", Kind::plain, {2, 3, 2}, {1}},
    {"the last two of three axes", Kind::plain, {2, 2, 3}, {1, 2}},
    {"per channel", Kind::plain, {2, 2, 3}, {0, 2}},
    {"two of four axes, apart", Kind::plain, {2, 2, 2, 2}, {1, 3}},
    {"the first and third of four axes", Kind::plain, {2, 2, 2, 2}, {0, 2}},
    {"axes that are moved", Kind::plain, {2, 2, 2, 1, 2, 2}, {0, 2, 5}, false},
    {"an axis of length 1", Kind::plain, {3, 1}, {1}},
    {"long rows", Kind::plain, {3, 2003}, {1}, false},
    {"long columns", Kind::plain, {2003, 3}, {0}, false},
    {"many columns", Kind::plain, {7, 300}, {0}, false},
    {"short runs of many rows", Kind::plain, {300, 3, 5}, {0, 2}, false},
    {"long runs of some rows", Kind::plain, {3, 2, 700}, {0, 2}, false},
    {"large enough for threads", Kind::plain, {9, 40000}, {1}, false},
    {"large enough for threads, in columns", Kind::plain, {2000, 300}, {0}, false},
    {"zero rank", Kind::zero_rank, {}, {}},
    {"no rows", Kind::empty, {0, 3}, {1}},
    {"no columns", Kind::empty, {2, 0, 3}, {0, 2}},
};

void add(const Named& named, const Layout& layout) {
  const Values x = uniform(layout.shape, -2, 3, 51 + layout.shape.rank());
  const auto set = [&](FormulaCase& added) {
    added.derivatives = layout.derivatives;
    added.float32_tolerance = 2e-6;
  };
  set(formula_case(
      named.normalize, layout.title, layout.kind, {x},
      one([=, f = named.f](const Tensors& in) { return f(in[0], Axes{layout.axes}, epsilon); }),
      one([=, about = named.centred](const ManyValues& in) { return normalized(in[0], layout.axes, about); })));
  set(formula_case(named.deviation, layout.title, layout.kind, {x},
                   one([=, s = named.s](const Tensors& in) { return s(in[0], Axes{layout.axes}, epsilon); }),
                   one([=, about = named.centred](const ManyValues& in) {
                     return fold(in[0], layout.axes, true,
                                 [&](std::span<const double> part) { return deviation_of(part, about); });
                   })));
}

void add_errors(const std::string& name, Normalize f) {
  direct_call(name, {{2, 3}}, [f](const Tensors& in) { return f(in[0], -1, 1e-5); });
  error_case(name, "axis 2 of a matrix", Fault::shape, [f] { return f(ones({2, 3}), 2, 1e-5); });
  error_case(name, "an axis named twice", Fault::shape, [f] { return f(ones({2, 3}), {1, -1}, 1e-5); });
  for (const double wrong : {0.0, -1.0, nan, infinity}) {
    error_case(name, "epsilon " + std::to_string(wrong), Fault::value, [=] { return f(ones({2, 3}), 1, wrong); });
  }
}

const Registration normalisations{[] {
  for (const Named& named : {centred, uncentred}) {
    for (const Layout& layout : layouts) {
      add(named, layout);
    }
    add_errors(named.normalize, named.f);
    add_errors(named.deviation, named.s);
  }
}};

// Jᵀ g by hand, for a vector x.
void pulled_back(const std::string& name, const std::function<Tensor(const Tensor&)>& f, const std::vector<double>& x,
                 const std::vector<double>& cotangent, const std::vector<double>& expected) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "gradient at extremes, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] { return gradient_at(f, vector_of(x), dtype, cotangent); }, dtype, vector_of(expected),
        tolerance_of_extremes(dtype));
  }
}

// In float64 the squares of 1e200 overflow, as do those of 1e30 in float32, and the sum of some 1e308.
const Registration extremes{[] {
  const auto f = [](const Tensor& x) { return normalize(x, -1, 1e-12); };
  const auto s = [](const Tensor& x) { return deviation(x, -1, 1e-12); };
  const auto r = [](const Tensor& x) { return rms_normalize(x, -1, 1e-12); };
  const auto q = [](const Tensor& x) { return root_mean_square(x, -1, 1e-12); };
  extreme("normalize", f, {1e30, -1e30}, {1, -1});
  extreme("normalize", f, {3e38, -3e38, 3e38, -3e38}, {1, -1, 1, -1});
  extreme("normalize", f, {3e38, 3e38, 3e38}, {0, 0, 0});
  extreme("normalize", f, {1e-30, -1e-30}, {1e-24, -1e-24});
  extreme("normalize", f, {infinity, 0}, {nan, nan});
  extreme("normalize", f, {-infinity, infinity}, {nan, nan});
  extreme("normalize", f, {nan, 0, 1}, {nan, nan, nan});
  extreme("deviation", s, {1e30, -1e30}, {1e30});
  extreme("deviation", s, {3e38, 3e38, 3e38}, {1e-6});
  extreme("deviation", s, {infinity, 0}, {nan});
  extreme("deviation", s, {nan, 0}, {nan});
  extreme("rms_normalize", r, {1e30, -1e30}, {1, -1});
  extreme("rms_normalize", r, {infinity, 1}, {nan, 0});
  extreme("rms_normalize", r, {nan, 1}, {nan, nan});
  extreme("root_mean_square", q, {1e30, -1e30}, {1e30});
  extreme("root_mean_square", q, {3e38, 3e38, 3e38}, {3e38});
  extreme("root_mean_square", q, {infinity, 1}, {infinity});
  extreme("root_mean_square", q, {nan, 1}, {nan});
  const auto exact64 = [](const char* name, const Values& x, Normalize call, const Values& expected) {
    exact_case(
        name, "near the largest double", Kind::extreme, [=] { return call(to_tensor(x), 0, 1e-5); }, float64, expected,
        1e-14);
  };
  // Of (a, −a, −a): mean −a/3, deviation a √(8/9).
  const double a = 1.7e308;
  exact64("normalize", vector_of({a, -a, -a}), &normalize,
          vector_of({std::sqrt(2.0), -std::sqrt(0.5), -std::sqrt(0.5)}));
  exact64("normalize", {Shape{3, 2}, {a, 1, -a, 2, -a, 3}}, &normalize,
          {Shape{3, 2},
           {std::sqrt(2.0), -1 / std::sqrt(2.0 / 3 + 1e-5), -std::sqrt(0.5), 0, -std::sqrt(0.5),
            1 / std::sqrt(2.0 / 3 + 1e-5)}});
  exact64("deviation", vector_of({a, a, a, a}), &deviation, vector_of({std::sqrt(1e-5)}));
  exact64("deviation", vector_of({a, -a, -a}), &deviation, vector_of({a * std::sqrt(8.0 / 9)}));
  exact64("rms_normalize", vector_of({a, -a, a}), &rms_normalize, vector_of({1, -1, 1}));
  exact64("root_mean_square", vector_of({1e200, -1e200}), &root_mean_square, vector_of({1e200}));
  // A large mean takes nothing from the deviation.
  exact64("normalize", vector_of({1e15 + 1, 1e15 - 1}), &normalize,
          vector_of({1 / std::sqrt(1 + 1e-5), -1 / std::sqrt(1 + 1e-5)}));
  exact64("normalize", vector_of({0.1, 0.1, 0.1}), &normalize, vector_of({0, 0, 0}));
  // Equal elements: no derivative is singular. 1/√ε (g − mean(g)).
  pulled_back("normalize", [](const Tensor& x) { return normalize(x, 0, 0.25); }, {5, 5}, {3, 1}, {2, -2});
  pulled_back("deviation", [](const Tensor& x) { return deviation(x, 0, 0.25); }, {5, 5}, {3}, {0, 0});
  pulled_back("rms_normalize", [](const Tensor& x) { return rms_normalize(x, 0, 0.25); }, {0, 0}, {3, 1}, {6, 2});
  pulled_back("root_mean_square", [](const Tensor& x) { return root_mean_square(x, 0, 0.25); }, {0, 0}, {3}, {0, 0});
  exact_case("deviation", "of no elements", Kind::empty,
             [] {
               return deviation(zeros({2, 0}, float64), 1);
             },
             float64, {Shape{2, 1}, {nan, nan}});
  // A cotangent of 0 stays 0.
  pulled_back("normalize", f, {nan, 1}, {0, 0}, {0, 0});
  pulled_back("deviation", s, {nan, 1}, {0}, {0, 0});
  pulled_back("rms_normalize", r, {nan, 1}, {0, 0}, {0, 0});
  pulled_back("root_mean_square", q, {nan, 1}, {0}, {0, 0});
}};

// Softmax of what a mask shows, element by element.
Values masked(const Values& x, const Values& mask) {
  return build(x.shape, [&](const Position& p) {
    if (broadcast_at(mask, p) == 0) {
      return 0.0;
    }
    long double total = 0;
    Position other = p;
    for (other.back() = 0; other.back() < x.shape.back(); ++other.back()) {
      total += broadcast_at(mask, other) == 0 ? 0 : std::exp(static_cast<long double>(x(other)));
    }
    return static_cast<double>(std::exp(static_cast<long double>(x(p))) / total);
  });
}

const Registration masked_softmaxes{[] {
  const auto add_masked = [](const std::string& title, Kind kind, const Shape& shape, const Values& mask,
                             bool derivatives = true) {
    FormulaCase& added =
        formula_case("masked_softmax", title, kind, {uniform(shape, -2, 2, 61)},
                     one([=](const Tensors& in) { return masked_softmax(in[0], to_tensor(mask, boolean)); }),
                     one([=](const ManyValues& in) { return masked(in[0], mask); }));
    added.derivatives = derivatives;
  };
  const auto every_third = [](const Shape& shape) {
    Values mask = counting(shape);
    return map(mask, [](double i) { return std::fmod(i, 3) == 0 ? 0.0 : 1.0; });
  };
  add_masked("a vector", Kind::plain, {4}, vector_of({1, 0, 1, 1}));
  add_masked("a mask of its own for each row", Kind::plain, {2, 4}, every_third({2, 4}));
  add_masked("one mask for all rows", Kind::plain, {2, 4}, vector_of({0, 1, 1, 0}));
  add_masked("whole rows hidden", Kind::plain, {3, 2}, {Shape{3, 1}, {1, 0, 1}});
  add_masked("a row hidden element by element", Kind::plain, {2, 2}, {Shape{2, 2}, {1, 1, 0, 0}});
  add_masked("a mask that repeats along a middle axis", Kind::plain, {2, 2, 3}, {Shape{2, 1, 3}, {1, 0, 1, 0, 1, 1}});
  add_masked("a scalar mask that shows all", Kind::plain, {2, 3}, scalar_of(1));
  add_masked("long rows", Kind::plain, {3, 2003}, every_third({3, 2003}), false);
  add_masked("many rows", Kind::plain, {3000, 50}, every_third({3000, 50}), false);
  add_masked("no rows", Kind::empty, {0, 3}, vector_of({1, 0, 1}));
  add_masked("rows without elements", Kind::empty, {2, 0}, {Shape{2, 1}, {1, 0}});
  direct_call("masked_softmax", {{2, 3}}, [](const Tensors& in) {
    return masked_softmax(in[0], to_tensor(vector_of({1, 0, 1}), boolean));
  });
  error_case("masked_softmax", "a mask of another length", Fault::shape, [] {
    return masked_softmax(ones({2, 3}), ones({2}, boolean));
  });
  error_case("masked_softmax", "a mask of more axes", Fault::shape, [] {
    return masked_softmax(ones({3}), ones({2, 3}, boolean));
  });
  error_case("masked_softmax", "of a scalar", Fault::zero_rank,
             [] { return masked_softmax(scalar(1), scalar(1, boolean)); });
  error_case("masked_softmax", "a mask of numbers", Fault::dtype, [] {
    return masked_softmax(ones({2, 3}), ones({2, 3}));
  });
  error_case("masked_softmax", "an undefined mask", Fault::value, [] {
    return masked_softmax(ones({2, 3}), Tensor{});
  });

  const auto showing = [](const std::vector<double>& mask) {
    return [=](const Tensor& x) { return masked_softmax(x, to_tensor(vector_of(mask), boolean)); };
  };
  extreme("masked_softmax", showing({1, 0, 1}), {1e4, nan, 1e4}, {0.5, 0, 0.5});
  extreme("masked_softmax", showing({1, 0, 1}), {-1e4, infinity, -1e4}, {0.5, 0, 0.5});
  extreme("masked_softmax", showing({0, 0}), {nan, infinity}, {0, 0});
  extreme("masked_softmax", showing({1, 1}), {nan, 0}, {nan, nan});
  extreme("masked_softmax", showing({1, 1, 0}), {-infinity, -infinity, 3}, {nan, nan, nan});
  const auto slope_of = [&](const std::vector<double>& mask, const std::vector<double>& x,
                            const std::vector<double>& cotangent, const std::vector<double>& expected) {
    pulled_back("masked_softmax", showing(mask), x, cotangent, expected);
  };
  slope_of({0, 0}, {nan, infinity}, {1, 2}, {0, 0});
  slope_of({1, 0, 1}, {2, nan, 2}, {1, infinity, 2}, {-0.25, 0, 0.25});
}};

}  // namespace

}  // namespace xgrad::test
