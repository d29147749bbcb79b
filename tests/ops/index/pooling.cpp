// Windows and pooling, beside loops over positions. Where windows lie is worked out by counting them.
#include "xgrad/pooling.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"

#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

using Lengths = std::vector<std::int64_t>;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Windows along one axis, as they are asked for.
struct Along {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
};

/// The elements of the input, and how many of its own and of padding there are, of each window of an axis.
struct Window {
  Lengths elements;
  std::int64_t padded = 0;
};

// Windows are counted from the first on, as long as there is one.
std::vector<Window> windows_along(const Along& along, std::int64_t length, bool ceil_mode) {
  std::vector<Window> result;
  for (std::int64_t start = -along.padding;; start += along.stride) {
    const std::int64_t last = start + along.dilation * (along.kernel - 1);
    const bool is_whole = last < length + along.padding;
    const bool before_whole = last - along.stride >= length + along.padding - 1;  // the one before reached the end
    if (!is_whole && (!ceil_mode || before_whole || start >= length)) {
      return result;
    }
    Window window;
    for (std::int64_t j = 0; j < along.kernel; ++j) {
      const std::int64_t element = start + along.dilation * j;
      if (element >= 0 && element < length) {
        window.elements.push_back(element);
      }
      window.padded += element < length + along.padding ? 1 : 0;
    }
    result.push_back(window);
  }
}

// ⌊i n / m⌋ up to ⌈(i + 1) n / m⌉: all elements that touch the i-th of m equal parts.
std::vector<Window> adaptive_windows(std::int64_t size, std::int64_t length) {
  std::vector<Window> result;
  for (std::int64_t i = 0; i < size; ++i) {
    Window window;
    for (std::int64_t element = 0; element < length; ++element) {
      if ((element + 1) * size > i * length && element * size < (i + 1) * length) {
        window.elements.push_back(element);
      }
    }
    window.padded = static_cast<std::int64_t>(window.elements.size());
    result.push_back(window);
  }
  return result;
}

using Plane = std::vector<std::vector<Window>>;  ///< the windows of each spatial axis

Plane plane_of(const Shape& shape, const std::vector<Along>& axes, bool ceil_mode) {
  Plane result;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    result.push_back(windows_along(axes[i], shape[shape.rank() - axes.size() + i], ceil_mode));
  }
  return result;
}

Plane adaptive_plane(const Shape& shape, const Lengths& size) {
  Plane result;
  for (std::size_t i = 0; i < size.size(); ++i) {
    result.push_back(adaptive_windows(size[i], shape[shape.rank() - size.size() + i]));
  }
  return result;
}

/// An element of a window: its value, and its index in the plane.
struct Element {
  double value;
  double index;
};

// f(elements of the window in row-major order, how many there are with padding), for every window.
Values reduced(const Values& x, const Plane& plane,
               const std::function<double(const std::vector<Element>&, double)>& f) {
  const std::size_t first = x.shape.rank() - plane.size();
  Lengths lengths = x.shape.to_vector();
  for (std::size_t i = 0; i < plane.size(); ++i) {
    lengths[first + i] = static_cast<std::int64_t>(plane[i].size());
  }
  return build(Shape{lengths}, [&](const Position& p) {
    Lengths counts;
    double padded = 1;
    for (std::size_t i = 0; i < plane.size(); ++i) {
      const Window& window = plane[i][static_cast<std::size_t>(p[first + i])];
      counts.push_back(static_cast<std::int64_t>(window.elements.size()));
      padded *= static_cast<double>(window.padded);
    }
    std::vector<Element> elements;
    for_each_position(Shape{counts}, [&](const Position& q) {
      Position source = p;
      std::int64_t index = 0;
      for (std::size_t i = 0; i < plane.size(); ++i) {
        source[first + i] = plane[i][static_cast<std::size_t>(p[first + i])].elements[static_cast<std::size_t>(q[i])];
        index = index * x.shape[first + i] + source[first + i];
      }
      elements.push_back({x(source), static_cast<double>(index)});
    });
    return f(elements, padded);
  });
}

Element largest_of(const std::vector<Element>& window) {
  Element best = window[0];
  for (const Element& element : window) {
    if (!std::isnan(best.value) && (element.value > best.value || std::isnan(element.value))) {
      best = element;
    }
  }
  return best;
}
double value_of_largest(const std::vector<Element>& window, double /*padded*/) {
  return largest_of(window).value;
}
double index_of_largest(const std::vector<Element>& window, double /*padded*/) {
  return largest_of(window).index;
}
double sum_of(const std::vector<Element>& window) {
  return std::accumulate(window.begin(), window.end(), 0.0,
                         [](double sum, const Element& element) { return sum + element.value; });
}
double mean_with_padding(const std::vector<Element>& window, double padded) {
  return sum_of(window) / padded;
}
double mean_without(const std::vector<Element>& window, double /*padded*/) {
  return sum_of(window) / static_cast<double>(window.size());
}

// All different, by more than differences take for a step, in no order.
Values separated(const Shape& shape) {
  const auto size = static_cast<std::size_t>(shape.size());
  return {shape, [&] {
            std::vector<double> data(size);
            for (std::size_t i = 0; i < size; ++i) {
              data[i] = 0.1 * static_cast<double>(i * 37 % 101 + (i / 101) * 101) - 3;
            }
            return data;
          }()};
}

struct Example {
  const char* title;
  Shape shape;
  std::vector<Along> axes;
  bool ceil_mode = false;
  Kind kind = Kind::plain;
};

const std::vector<Example> examples{
    {"neighbours", {2, 6}, {{2, 2}}},
    {"without any axis before", {7}, {{3, 2}}},
    {"overlapping", {1, 2, 7}, {{3, 2, 1}}},
    {"dilated", {2, 8}, {{3, 1, 1, 2}}},
    {"apart", {9}, {{2, 4}}},
    {"ceil", {2, 6}, {{3, 2}}, true},
    {"ceil, the last window would begin in the padding", {5}, {{2, 3, 1}}, true},
    {"planes of two axes", {2, 4, 4}, {{2, 2}, {2, 2}}},
    {"two axes, each its own", {5, 6}, {{3, 2, 1}, {2, 1, 0}}},
    {"two axes, ceil", {4, 5}, {{3, 2, 1}, {2, 2, 1}}, true},
    {"two axes, dilated", {1, 5, 6}, {{2, 1, 0, 2}, {2, 2, 1, 3}}},
    {"three axes", {2, 3, 2, 4}, {{2, 1}, {2, 2}, {2, 2}}},
    {"three axes, padded", {2, 3, 4}, {{2, 2, 1}, {3, 1, 1}, {2, 3, 1}}},
    {"kernel of one", {2, 3}, {{1, 1}}},
    {"kernel as large as the input", {2, 3, 3}, {{3, 3}, {3, 3}}},
    {"no samples", {0, 4, 4}, {{2, 2}, {2, 2}}, false, Kind::empty},
};

std::vector<std::int64_t> numbers(const std::vector<Along>& axes, std::int64_t Along::*of) {
  std::vector<std::int64_t> result;
  for (const Along& along : axes) {
    result.push_back(along.*of);
  }
  return result;
}

PoolOptions pool_options(const Example& example) {
  return {numbers(example.axes, &Along::kernel), numbers(example.axes, &Along::stride),
          numbers(example.axes, &Along::padding), numbers(example.axes, &Along::dilation), example.ceil_mode};
}

bool is_dilated(const Example& example) {
  return std::any_of(example.axes.begin(), example.axes.end(), [](const Along& along) { return along.dilation > 1; });
}

const Registration by_loops{[] {
  for (const Example& example : examples) {
    const Values x = separated(example.shape);
    const PoolOptions options = pool_options(example);
    const Plane plane = plane_of(example.shape, example.axes, example.ceil_mode);
    formula_case("max_pool", example.title, example.kind, {x},
                 one([=](const Tensors& in) { return max_pool(in[0], options); }),
                 one([=](const ManyValues& in) { return reduced(in[0], plane, value_of_largest); }));
    formula_case("max_pool_indices", example.title, example.kind, {x},
                 one([=](const Tensors& in) { return max_pool_indices(in[0], options); }),
                 one([=](const ManyValues& in) { return reduced(in[0], plane, index_of_largest); }))
        .result = int64;
    if (is_dilated(example)) {
      continue;
    }
    for (const bool include : {true, false}) {
      const AvgPoolOptions average{options.kernel, options.stride, options.padding, options.ceil_mode, include};
      formula_case("avg_pool", std::string{example.title} + (include ? ", padding counts" : ""), example.kind, {x},
                   one([=](const Tensors& in) { return avg_pool(in[0], average); }), one([=](const ManyValues& in) {
                     return reduced(in[0], plane, include ? mean_with_padding : mean_without);
                   }));
    }
  }
}};

// No two of equal size, none near 0.
Values of_both_signs(const Shape& shape) {
  Values result = counting(shape);
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    result.data[i] = (i % 2 == 0 ? 0.1 : -0.1) * static_cast<double>(i * 37 % 101 + 3);
  }
  return result;
}

std::function<double(const std::vector<Element>&, double)> norm_of_order(double p) {
  return [p](const std::vector<Element>& window, double /*padded*/) {
    double largest = 0;
    double powers = 0;
    for (const Element& element : window) {
      largest = std::max(largest, std::abs(element.value));
      powers += std::pow(std::abs(element.value), p);
    }
    return std::isinf(p) ? largest : std::pow(powers, 1 / p);
  };
}

const Registration norms_of_windows{[] {
  const auto call = [](const Tensor& x, double p, const LpPoolOptions& options) { return lp_pool(x, p, options); };
  for (const Example& example : examples) {
    const PoolOptions options = pool_options(example);
    const auto is_padded = [](const Along& along) { return along.padding > 0; };
    if (is_dilated(example) || std::any_of(example.axes.begin(), example.axes.end(), is_padded)) {
      continue;
    }
    const Plane plane = plane_of(example.shape, example.axes, example.ceil_mode);
    for (const double p : {1.0, 2.0, 3.0, 4.5, infinity}) {
      FormulaCase& added =
          formula_case("lp_pool", example.title + std::string{", p "} + std::to_string(p), example.kind,
                       {of_both_signs(example.shape)}, one([=](const Tensors& in) {
                         return call(in[0], p, {options.kernel, options.stride, example.ceil_mode});
                       }),
                       one([=](const ManyValues& in) { return reduced(in[0], plane, norm_of_order(p)); }));
      added.tolerance = 1e-13;
      added.float32_tolerance = 3e-6;
    }
  }
  for (const DType dtype : {float32, float64}) {
    exact_case(
        "lp_pool", "NaN, infinity, powers that would overflow, zeros", Kind::extreme,
        [=] {
          return call(to_tensor(vector_of({nan, 1, -infinity, 1, 3e25, 4e25, 0, 0}), dtype), 2, {.kernel = {2}});
        },
        dtype, vector_of({nan, infinity, 5e25, 0}), 3e-7);
    exact_case(
        "lp_pool", "the gradient of 0 is 0, also in a window that isn't whole", Kind::extreme,
        [=] {
          const auto pool = [=](const Tensor& x) { return call(x, 3, {.kernel = {2}, .ceil_mode = true}); };
          return gradient_at(pool, vector_of({0, 0, -2}), dtype, {5, 7});
        },
        dtype, vector_of({0, 0, -7}), 3e-7);
  }
  const auto wrong = [=](const char* title, Fault fault, const Shape& shape, const LpPoolOptions& options) {
    error_case("lp_pool", title, fault, [=] { return call(ones(shape), 2, options); });
  };
  direct_call("lp_pool", {{4}}, [=](const Tensors& in) { return call(in[0], 2, {.kernel = {2}}); });
  wrong("of a scalar", Fault::zero_rank, {}, {.kernel = {2}});
  wrong("fewer axes than the kernel", Fault::shape, {4}, {.kernel = {2, 2}});
  wrong("a kernel larger than the input", Fault::shape, {2, 3}, {.kernel = {4}, .ceil_mode = true});
  wrong("an empty spatial axis", Fault::empty, {2, 0}, {.kernel = {2}});
  wrong("no kernel", Fault::value, {4}, {.kernel = {}});
  wrong("a kernel of 0", Fault::value, {4}, {.kernel = {0}});
  wrong("a stride of 0", Fault::value, {4}, {.kernel = {2}, .stride = {0}});
  wrong("two strides for an axis", Fault::value, {4}, {.kernel = {2}, .stride = {1, 1}});
  for (const double p : {0.0, 0.5, -infinity, nan}) {
    error_case("lp_pool", "p is " + std::to_string(p), Fault::value,
               [=] { return call(ones({4}), p, {.kernel = {2}}); });
  }
}};

const Registration adaptive{[] {
  const auto add = [](const char* title, const Shape& shape, const Lengths& size, Kind kind = Kind::plain) {
    const Values x = separated(shape);
    const Plane plane = adaptive_plane(shape, size);
    formula_case("adaptive_max_pool", title, kind, {x},
                 one([=](const Tensors& in) { return adaptive_max_pool(in[0], size); }),
                 one([=](const ManyValues& in) { return reduced(in[0], plane, value_of_largest); }));
    formula_case("adaptive_avg_pool", title, kind, {x},
                 one([=](const Tensors& in) { return adaptive_avg_pool(in[0], size); }),
                 one([=](const ManyValues& in) { return reduced(in[0], plane, mean_without); }));
  };
  add("7 to 3", {2, 7}, {3});
  add("6 to 3", {2, 6}, {3});
  add("3 to 5, which repeats", {3}, {5});
  add("to one", {2, 3, 4}, {1, 1});
  add("5 by 7 to 2 by 4", {1, 2, 5, 7}, {2, 4});
  add("three axes", {3, 4, 5}, {2, 3, 5});
  add("no channels", {2, 0, 4, 4}, {2, 2}, Kind::empty);
  const auto global = [](const char* title, const Shape& shape, std::int64_t spatial, Kind kind = Kind::plain) {
    const Values x = separated(shape);
    const Plane plane = adaptive_plane(shape, Lengths(static_cast<std::size_t>(spatial), 1));
    for (const bool keep : {true, false}) {
      const auto dropped = [=](Values y) {
        const auto left = shape.rank() - static_cast<std::size_t>(spatial);
        y.shape = keep ? y.shape : Shape{std::span{shape.begin(), left}};
        return y;
      };
      const std::string name = std::string{title} + (keep ? ", keep_dims" : "");
      formula_case("global_max_pool", name, kind, {x},
                   one([=](const Tensors& in) { return global_max_pool(in[0], spatial, keep); }),
                   one([=](const ManyValues& in) { return dropped(reduced(in[0], plane, value_of_largest)); }));
      formula_case("global_avg_pool", name, kind, {x},
                   one([=](const Tensors& in) { return global_avg_pool(in[0], spatial, keep); }),
                   one([=](const ManyValues& in) { return dropped(reduced(in[0], plane, mean_without)); }));
    }
  };
  global("of images", {2, 3, 2, 3}, 2);
  global("of signals", {2, 5}, 1);
  global("of volumes", {2, 3, 2}, 3);
  global("no samples", {0, 2, 2}, 2, Kind::empty);
}};

// x[…, s i + d j − p], 0 outside.
Values unfolded(const Values& x, const std::vector<Along>& axes) {
  const std::size_t first = x.shape.rank() - axes.size();
  Lengths lengths = x.shape.to_vector();
  for (std::size_t i = 0; i < axes.size(); ++i) {
    lengths[first + i] = static_cast<std::int64_t>(windows_along(axes[i], x.shape[first + i], false).size());
  }
  for (const Along& along : axes) {
    lengths.push_back(along.kernel);
  }
  return build(Shape{lengths}, [&](const Position& p) {
    Position source(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(x.shape.rank()));
    for (std::size_t i = 0; i < axes.size(); ++i) {
      source[first + i] = p[first + i] * axes[i].stride + p[x.shape.rank() + i] * axes[i].dilation - axes[i].padding;
      if (source[first + i] < 0 || source[first + i] >= x.shape[first + i]) {
        return 0.0;
      }
    }
    return x(source);
  });
}

// Every element of x gets all that unfolded() takes from it.
Values folded(const Values& g, const Shape& shape, const std::vector<Along>& axes) {
  Values number{shape, std::vector<double>(static_cast<std::size_t>(shape.size()))};
  std::iota(number.data.begin(), number.data.end(), 1.0);
  const Values from = unfolded(number, axes);
  Values result{shape, std::vector<double>(number.data.size(), 0.0)};
  for (std::size_t i = 0; i < g.data.size(); ++i) {
    if (from.data[i] > 0) {
      result.data[static_cast<std::size_t>(from.data[i]) - 1] += g.data[i];
    }
  }
  return result;
}

WindowOptions window_options(const std::vector<Along>& axes) {
  return {numbers(axes, &Along::kernel), numbers(axes, &Along::stride), numbers(axes, &Along::padding),
          numbers(axes, &Along::dilation)};
}

const Registration unfolding{[] {
  const auto add = [](const char* title, const Shape& shape, const std::vector<Along>& axes, Kind kind = Kind::plain) {
    const Values x = uniform(shape, -2, 2, 11);
    const WindowOptions options = window_options(axes);
    formula_case("windows", title, kind, {x}, one([=](const Tensors& in) { return windows(in[0], options); }),
                 one([=](const ManyValues& in) { return unfolded(in[0], axes); }));
    const Lengths size(shape.end() - axes.size(), shape.end());
    formula_case("windows_adjoint", title, kind, {uniform(unfolded(x, axes).shape, -2, 2, 12)},
                 one([=](const Tensors& in) { return windows_adjoint(in[0], size, options); }),
                 one([=](const ManyValues& in) { return folded(in[0], shape, axes); }));
  };
  add("of a vector", {6}, {{3, 1}});
  add("of rows, with a stride", {2, 7}, {{3, 2}});
  add("dilated", {2, 7}, {{3, 1, 0, 2}});
  add("padded by more than the kernel", {3}, {{2, 2, 3}});
  add("of images", {2, 3, 4}, {{2, 1}, {2, 2}});
  add("of padded images", {3, 3}, {{3, 1, 1}, {2, 2, 1, 2}});
  add("of volumes", {2, 3, 3}, {{2, 1}, {2, 1, 1}, {2, 2}});
  add("some elements in no window", {8}, {{1, 3}});
  add("no samples", {0, 5}, {{3, 1}}, Kind::empty);
  add("no elements, but padding", {0}, {{2, 1, 1}}, Kind::empty);
  for (const DType dtype : {int64, boolean}) {
    exact_case("windows", std::string{to_string(dtype)}, Kind::plain,
               [=] {
                 return windows(to_tensor(vector_of({1, 0, 1}), dtype), {.kernel = {2}, .padding = {1}});
               },
               dtype, {Shape{4, 2}, {0, 1, 1, 0, 0, 1, 1, 0}});
  }
  exact_case("windows_adjoint", "int64, one number for both axes", Kind::plain,
             [] {
               return windows_adjoint(ones({2, 2, 2, 2}, int64), {3, 3}, {.kernel = {2, 2}, .stride = {1}});
             },
             int64, {Shape{3, 3}, {1, 2, 1, 2, 4, 2, 1, 2, 1}});
  exact_case(
      "windows_adjoint", "float32: 1,000 windows share an element", Kind::plain,
      [] {
        return windows_adjoint(full({1000, 1000}, 0.1), {1999}, {.kernel = {1000}}).at({999});
      },
      float32, scalar_of(100), 1e-7);
}};

const Registration extremes{[] {
  const Values row = vector_of({nan, 1, -infinity, -infinity, infinity, 2, -0.0, 1e-320});
  exact_case(
      "max_pool", "NaN is largest, infinities are numbers", Kind::extreme,
      [=] { return max_pool(to_tensor(row), {.kernel = {2}}); }, float64,
      vector_of({nan, -infinity, infinity, 1e-320}));
  exact_case(
      "max_pool", "gradient: to the first of equals, NaN to the first NaN", Kind::extreme,
      [=] {
        return gradient_at([](const Tensor& x) { return max_pool(x, {.kernel = {2}}); },
                           vector_of({nan, nan, 3, 3, -infinity, -infinity, -0.0, 0.0}), float64, {2, 3, 4, 5});
      },
      float64, vector_of({nan, 0, 3, 0, 4, 0, 5, 0}));
  exact_case(
      "max_pool", "a cotangent of 0 stays 0 at NaN", Kind::extreme,
      [=] {
        return gradient_at([](const Tensor& x) { return max_pool(x, {.kernel = {2}}); }, vector_of({nan, 1, 2, 1}),
                           float32, {0, 1});
      },
      float32, vector_of({0, 0, 1, 0}));
  exact_case(
      "max_pool", "padding is never the largest", Kind::extreme,
      [] {
        return max_pool(to_tensor({Shape{1, 2}, {-5, -infinity}}), {.kernel = {2}, .stride = {1}, .padding = {1}});
      },
      float64, {Shape{1, 3}, {-5, -5, -infinity}});
  exact_case("max_pool", "ties in two axes, in every window the first in row-major order", Kind::plain,
             [] {
               return gradient_at(
                   [](const Tensor& x) {
                     return max_pool(x, {.kernel = {2, 2}, .stride = {1}});
                   },
                   {Shape{3, 3}, {1, 1, 1, 1, 1, 1, 1, 1, 1}});
             },
             float64, {Shape{3, 3}, {1, 1, 0, 1, 1, 0, 0, 0, 0}});
  exact_case(
      "max_pool", "int64", Kind::plain,
      [] {
        return max_pool(to_tensor(vector_of({3, -1, -7, -2}), int64), {.kernel = {2}});
      },
      int64, vector_of({3, -2}));
  exact_case(
      "max_pool", "float32: 1,000 windows share their largest element", Kind::plain,
      [] {
        std::vector<double> x(1999, 0.0);
        x[999] = 1;
        const Tensor slopes =
            gradient_at([](const Tensor& in) { return max_pool(in, {.kernel = {1000}, .stride = {1}}); }, vector_of(x),
                        float32, std::vector<double>(1000, 0.1));
        return slopes.at({Slice{998, 1001}});
      },
      float32, vector_of({0, 100, 0}), 1e-7);
  exact_case(
      "max_pool", "adaptive and float32: 1,000 windows share an element", Kind::plain,
      [] {
        return gradient_at([](const Tensor& in) { return adaptive_max_pool(in, {1000}); }, vector_of({1}), float32,
                           std::vector<double>(1000, 0.1));
      },
      float32, vector_of({100}), 1e-7);
  exact_case(
      "max_pool_indices", "the first NaN, the first of equals", Kind::extreme,
      [] {
        return max_pool_indices(to_tensor(vector_of({1, nan, nan, 5, 5, infinity, -0.0, 0.0, -1})), {.kernel = {3}});
      },
      int64, vector_of({1, 5, 6}));
  exact_case(
      "avg_pool", "NaN, infinities and the largest numbers", Kind::extreme,
      [] {
        return avg_pool(to_tensor(vector_of({nan, 1, infinity, 1, infinity, -infinity, 3e38, 3e38}), float32),
                        {.kernel = {2}});
      },
      float32, vector_of({nan, infinity, nan, 3e38}));
  exact_case(
      "adaptive_max_pool", "NaN and infinities", Kind::extreme,
      [] {
        return adaptive_max_pool(to_tensor(vector_of({1, nan, -infinity, 2})), {2});
      },
      float64, vector_of({nan, 2}));
  exact_case(
      "adaptive_avg_pool", "NaN and infinities", Kind::extreme,
      [] {
        return adaptive_avg_pool(to_tensor(vector_of({1, nan, -infinity, 2})), {2});
      },
      float64, vector_of({nan, -infinity}));
  exact_case("global_max_pool", "the first of equals, infinities", Kind::extreme,
             [] {
               return gradient_at([](const Tensor& x) { return global_max_pool(x, 1); },
                                  {Shape{2, 3}, {-infinity, infinity, infinity, 1, nan, nan}}, float64, {1, 1});
             },
             float64, {Shape{2, 3}, {0, 1, 0, 0, nan, 0}});
  exact_case(
      "global_avg_pool", "NaN and infinities", Kind::extreme,
      [] {
        return global_avg_pool(to_tensor({Shape{2, 2}, {infinity, 1, nan, 0}}), 1);
      },
      float64, vector_of({infinity, nan}));
  exact_case("windows", "as they are", Kind::extreme,
             [] {
               return windows(to_tensor(vector_of({nan, infinity, -0.0})), {.kernel = {2}});
             },
             float64, {Shape{2, 2}, {nan, infinity, infinity, -0.0}});
  exact_case(
      "windows_adjoint", "infinities add up", Kind::extreme,
      [] {
        return windows_adjoint(to_tensor({Shape{2, 2}, {1, infinity, -infinity, nan}}), {3}, {.kernel = {2}});
      },
      float64, vector_of({1, nan, nan}));
}};

const Registration refused{[] {
  const auto pools = [](const std::string& name, const std::function<Tensor(const Tensor&, const PoolOptions&)>& pool) {
    const auto wrong = [&](const char* title, Fault fault, const Shape& shape, const PoolOptions& options) {
      error_case(name, title, fault, [=] { return pool(ones(shape), options); });
    };
    direct_call(name, {{4}}, [pool](const Tensors& in) { return pool(in[0], {.kernel = {2}}); });
    wrong("of a scalar", Fault::zero_rank, {}, {.kernel = {2}});
    wrong("fewer axes than the kernel", Fault::shape, {4}, {.kernel = {2, 2}});
    wrong("a kernel larger than the input", Fault::shape, {2, 3}, {.kernel = {4}});
    wrong("a kernel larger than the padded input", Fault::shape, {2, 1}, {.kernel = {4}, .padding = {1}});
    wrong("an empty spatial axis", Fault::empty, {2, 0}, {.kernel = {2}, .padding = {1}});
    wrong("no kernel", Fault::value, {4}, {.kernel = {}});
    wrong("four axes", Fault::value, {4, 4, 4, 4}, {.kernel = {1, 1, 1, 1}});
    wrong("a kernel of 0", Fault::value, {4}, {.kernel = {0}});
    wrong("a stride of 0", Fault::value, {4}, {.kernel = {2}, .stride = {0}});
    wrong("two strides for an axis", Fault::value, {4}, {.kernel = {2}, .stride = {1, 1}});
    wrong("a negative padding", Fault::value, {4}, {.kernel = {2}, .padding = {-1}});
    wrong("a padding of more than half of the kernel", Fault::value, {4}, {.kernel = {3}, .padding = {2}});
    wrong("a padding that overflows", Fault::value, {4}, {.kernel = {2}, .padding = {std::int64_t{1} << 62}});
  };
  pools("max_pool", [](const Tensor& x, const PoolOptions& options) { return max_pool(x, options); });
  pools("max_pool_indices", [](const Tensor& x, const PoolOptions& options) { return max_pool_indices(x, options); });
  pools("avg_pool", [](const Tensor& x, const PoolOptions& options) {
    return avg_pool(x, {options.kernel, options.stride, options.padding, options.ceil_mode});
  });
  for (const std::int64_t dilation : {std::int64_t{2}, std::int64_t{1} << 62}) {
    error_case("max_pool", "a dilated kernel larger than the input", Fault::shape,
               [=] { return max_pool(ones({4}), {.kernel = {3}, .dilation = {dilation}}); });
  }
  error_case("max_pool", "a dilation of 0", Fault::value,
             [] { return max_pool(ones({4}), {.kernel = {2}, .dilation = {0}}); });
  error_case("max_pool", "a window of padding alone", Fault::shape,
             [] { return max_pool(ones({3}), {.kernel = {2}, .padding = {1}, .dilation = {4}}); });

  const auto adaptive_pools = [](const std::string& name, auto pool) {
    direct_call(name, {{4}}, [pool](const Tensors& in) { return pool(in[0], Lengths{2}); });
    error_case(name, "of a scalar", Fault::zero_rank, [pool] { return pool(scalar(1), Lengths{1}); });
    error_case(name, "fewer axes than sizes", Fault::shape, [pool] { return pool(ones({4}), Lengths{1, 1}); });
    error_case(name, "an empty spatial axis", Fault::empty, [pool] { return pool(ones({2, 0}), Lengths{1}); });
    error_case(name, "no size", Fault::value, [pool] { return pool(ones({4}), Lengths{}); });
    error_case(name, "a size of 0", Fault::value, [pool] { return pool(ones({4}), Lengths{0}); });
  };
  adaptive_pools("adaptive_max_pool", [](const Tensor& x, const Lengths& size) { return adaptive_max_pool(x, size); });
  adaptive_pools("adaptive_avg_pool", [](const Tensor& x, const Lengths& size) { return adaptive_avg_pool(x, size); });

  const auto global_pools = [](const std::string& name, auto pool) {
    direct_call(name, {{2, 2}}, [pool](const Tensors& in) { return pool(in[0], 2, false); });
    error_case(name, "of a scalar", Fault::zero_rank, [pool] { return pool(scalar(1), 1, false); });
    error_case(name, "fewer axes", Fault::shape, [pool] { return pool(ones({4}), 2, false); });
    error_case(name, "an empty spatial axis", Fault::empty, [pool] { return pool(ones({2, 0}), 1, false); });
    error_case(name, "no spatial axis", Fault::value, [pool] { return pool(ones({4}), 0, false); });
    error_case(name, "four spatial axes", Fault::value, [pool] { return pool(ones({1, 1, 1, 1}), 4, false); });
  };
  global_pools("global_max_pool", &global_max_pool);
  global_pools("global_avg_pool", &global_avg_pool);

  direct_call("windows", {{4}}, [](const Tensors& in) { return windows(in[0], {.kernel = {2}}); });
  error_case("windows", "of a scalar", Fault::zero_rank, [] { return windows(scalar(1), {.kernel = {1}}); });
  error_case("windows", "fewer axes than the kernel", Fault::shape, [] {
    return windows(ones({4}), {.kernel = {2, 2}});
  });
  error_case("windows", "more axes than a shape has", Fault::shape, [] {
    return windows(ones({1, 1, 1, 2, 2, 2}), {.kernel = {1, 1, 1}});
  });
  error_case("windows", "a kernel larger than the padded input", Fault::shape,
             [] { return windows(ones({3}), {.kernel = {6}, .padding = {1}}); });
  error_case("windows", "a padding that overflows", Fault::shape,
             [] { return windows(ones({3}), {.kernel = {6}, .padding = {std::int64_t{1} << 62}}); });
  error_case("windows", "a kernel of 0", Fault::value, [] { return windows(ones({3}), {.kernel = {0}}); });
  error_case("windows", "a stride of 0", Fault::value,
             [] { return windows(ones({3}), {.kernel = {1}, .stride = {0}}); });
  error_case("windows", "a negative padding", Fault::value,
             [] { return windows(ones({3}), {.kernel = {1}, .padding = {-1}}); });
  direct_call("windows_adjoint", {{3, 2}},
              [](const Tensors& in) { return windows_adjoint(in[0], {4}, {.kernel = {2}}); });
  error_case("windows_adjoint", "of a scalar", Fault::zero_rank,
             [] { return windows_adjoint(scalar(1), {1}, {.kernel = {1}}); });
  error_case("windows_adjoint", "other windows", Fault::shape, [] {
    return windows_adjoint(ones({2, 2}), {4}, {.kernel = {2}});
  });
  error_case("windows_adjoint", "another kernel", Fault::shape, [] {
    return windows_adjoint(ones({3, 3}), {4}, {.kernel = {2}});
  });
  error_case("windows_adjoint", "a kernel larger than the size", Fault::shape, [] {
    return windows_adjoint(ones({1, 2}), {1}, {.kernel = {2}});
  });
  error_case("windows_adjoint", "two sizes for an axis", Fault::value, [] {
    return windows_adjoint(ones({3, 2}), {4, 4}, {.kernel = {2}});
  });
  error_case("windows_adjoint", "a negative size", Fault::value, [] {
    return windows_adjoint(ones({3, 2}), {-4}, {.kernel = {2}});
  });
}};

}  // namespace

}  // namespace xgrad::test
