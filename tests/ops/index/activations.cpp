// Activations beside formulas from the standard library, and beside numbers of 19 digits that mpmath computed.
#include "xgrad/activations.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"

#include "support/extreme_values.hpp"
#include "support/op_case.hpp"

namespace xgrad::test {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Unary = std::function<Tensor(const Tensor&)>;
using Formula = std::function<double(double)>;

void plain_case(const std::string& name, const std::string& title, Kind kind, const Unary& operation, const Formula& f,
                const Values& x, bool derivatives = true) {
  FormulaCase& added =
      formula_case(name, title, kind, {x}, one([operation](const Tensors& in) { return operation(in[0]); }),
                   one([f](const ManyValues& in) { return map(in[0], f); }));
  added.derivatives = derivatives;
}

/// Cases of an operation of one tensor; `points` keep clear of kinks by more than the differences' step.
void activation(const std::string& name, const Unary& operation, const Formula& f, const std::vector<double>& points) {
  plain_case(name, "a vector", Kind::plain, operation, f, vector_of(points));
  plain_case(name, "more than a tile", Kind::plain, operation, f, uniform({3, 7001}, -8, 8, 3), false);
  plain_case(name, "zero rank", Kind::zero_rank, operation, f, scalar_of(points[0]));
  plain_case(name, "no elements", Kind::empty, operation, f, uniform({0, 3}, -1, 1, 5));
  direct_call(name, {{2, 3}}, [operation](const Tensors& in) { return operation(in[0]); });
  exempt(name, "wrong shape", "one tensor of any shape");
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "a cotangent of 0 stays 0, " + std::string{to_string(dtype)}, Kind::extreme,
        [operation, dtype] {
          return gradient_at(operation, vector_of({nan, infinity, -infinity}), dtype, {0, 0, 0});
        },
        dtype, vector_of({0, 0, 0}));
  }
}

/// d³y/dx³, element by element.
void third(const std::string& name, const Unary& f, const std::vector<double>& in, const std::vector<double>& out) {
  for (const DType dtype : {float32, float64}) {
    exact_case(
        name, "third derivative at extremes, " + std::string{to_string(dtype)}, Kind::extreme,
        [=] {
          const Tensor x = variable(to_tensor(vector_of(in), dtype));
          const Tensor first = gradients(sum(f(x)), {x})[0];
          const Tensor second = gradients(sum(first), {x})[0];
          return gradients(sum(second), {x})[0];
        },
        dtype, vector_of(out), tolerance_of_extremes(dtype));
  }
}

/// What x p(x) is where p is a step from 0 to 1, and its derivatives, far out.
void gate_ends(const std::string& name, Tensor (*f)(const Tensor&)) {
  const std::vector<double> in{-infinity, -3e38, -1e10, -1200, 1200, 1e10, 3e38, infinity, nan};
  extreme(name, f, in, {0, 0, 0, 0, 1200, 1e10, 3e38, infinity, nan});
  slope(name, f, in, {0, 0, 0, 0, 1, 1, 1, 1, nan});
  curvature(name, f, in, {0, 0, 0, 0, 0, 0, 0, 0, nan});
  third(name, f, in, {0, 0, 0, 0, 0, 0, 0, 0, nan});
}

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

double elu_of(double x, double alpha) {
  return x > 0 ? x : alpha * std::expm1(x);
}

double clipped(double x, double low, double high) {
  return std::min(std::max(x, low), high);
}

const std::vector<double> smooth_points{-5.5, -3, -1.7, -0.9, -0.3, 0.2, 0.8, 1.6, 2.9, 4.4, 6};

const Registration gates{[] {
  activation(
      "gelu", &gelu, [](double x) { return x * std::erfc(-x / std::numbers::sqrt2) / 2; }, smooth_points);
  gate_ends("gelu", &gelu);
  extreme("gelu", &gelu, {-12, -6, -1, -0.0, 0, 1, 6},
          {-2.131778534493214797e-32, -5.919525870226188844e-9, -0.1586552539314570514, 0, 0, 0.8413447460685429486,
           5.99999999408047413});
  slope("gelu", &gelu, {-12, -6, -1, 0, 1, 6},
        {-2.557895661674895624e-31, -3.546870945390201478e-8, -0.08331547058768629838, 0.5, 1.083315470587686298,
         1.000000035468709454});
  curvature("gelu", &gelu, {-6, -1, 0, 1, 6},
            {-2.065800168939917066e-7, 0.2419707245191433498, 0.7978845608028653559, 0.2419707245191433498,
             -2.065800168939917066e-7});
  third("gelu", &gelu, {-6, -1, 0, 1}, {-1.166569507166070814e-6, 0.7259121735574300494, 0, -0.7259121735574300494});

  activation(
      "gelu_tanh", &gelu_tanh,
      [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); },
      smooth_points);
  gate_ends("gelu_tanh", &gelu_tanh);
  extreme("gelu_tanh", &gelu_tanh, {-8, -4, -1, 0, 1, 4},
          {-3.107782937501111218e-21, -7.024594819237268982e-5, -0.1588080093917232952, 0, 0.8411919906082767048,
           3.999929754051807627});
  slope("gelu_tanh", &gelu_tanh, {-8, -4, -1, 0, 1, 4},
        {-4.714784504106841584e-20, -3.351231971226707584e-4, -0.08296408384578255514, 0.5, 1.082964083845782555,
         1.000335123197122671});
  curvature("gelu_tanh", &gelu_tanh, {-1, 0, 1}, {0.2421481979837729524, 0.7978845608028653559, 0.2421481979837729524});

  activation(
      "silu", &silu, [](double x) { return x * logistic(x); }, smooth_points);
  gate_ends("silu", &silu);
  extreme("silu", &silu, {-80, -20, -1, -0.0, 0, 1, 20},
          {-1.443881110276332138e-33, -4.122307236380407163e-8, -0.2689414213699951207, 0, 0, 0.7310585786300048793,
           19.99999995877692764});
  slope("silu", &silu, {-80, -20, -1, 0, 1, 20},
        {-1.425832596397877986e-33, -3.916191866064678329e-8, 0.07232948812851326821, 0.5, 0.9276705118714867318,
         1.000000039161918661});
  curvature("silu", &silu, {-80, -20, -1, 0, 1},
            {-1.407784082519423834e-33, -3.710076488101911902e-8, 0.3023661188100152956, 0.5, 0.3023661188100152956});
  third("silu", &silu, {-20, -1, 1}, {-3.503961095269905778e-8, 0.3078988235350808759, -0.3078988235350808759});

  activation(
      "mish", &mish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }, smooth_points);
  gate_ends("mish", &mish);
  extreme("mish", &mish, {-80, -20, -1, -0.0, 0, 1, 20},
          {-1.443881110276332138e-33, -4.122307240628761401e-8, -0.3034014613741089181, 0, 0, 0.8650983882673103461,
           19.99999999999999983});
  slope("mish", &mish, {-80, -20, -1, 0, 1, 20},
        {-1.425832596397877986e-33, -3.916191874348969075e-8, 0.05921675587739494801, 0.6, 1.049036220099792159, 1});
  curvature("mish", &mish, {-20, -1, 0, 1},
            {-3.71007650424565792e-8, 0.3497056736706449545, 0.64, 0.1846857644733282643});
}};

const Registration others{[] {
  activation(
      "softsign", &softsign, [](double x) { return x / (1 + std::abs(x)); }, smooth_points);
  const double largest = 3e38;
  extreme("softsign", &softsign, {-infinity, -largest, -3, -0.0, 0, 7, largest, infinity, nan},
          {-1, -1, -0.75, 0, 0, 0.875, 1, 1, nan});
  slope("softsign", &softsign, {-infinity, -3, 0, 7, infinity, nan}, {0, 0.0625, 1, 0.015625, 0, nan});
  curvature("softsign", &softsign, {-infinity, -3, 0, 7, infinity, nan}, {0, 0.03125, 0, -0.00390625, 0, nan});
  third("softsign", &softsign, {-infinity, -3, 7, infinity, nan}, {0, 0.0234375, 0.00146484375, 0, nan});

  activation(
      "tanhshrink", &tanhshrink, [](double x) { return x - std::tanh(x); }, smooth_points);
  extreme("tanhshrink", &tanhshrink, {-infinity, -0.5, -0.0, 0, 0x1p-30, 0x1p-10, 0.5, 1, 8, infinity, nan},
          {-infinity, -0.0378828427399902415, 0, 0, 2.692645223154386962e-28, 3.104407397814159247e-10,
           0.0378828427399902415, 0.2384058440442351119, 7.00000022507032411, infinity, nan});
  slope("tanhshrink", &tanhshrink, {-infinity, 0, 0x1p-10, 0.5, infinity, nan},
        {1, 0, 9.536737100767764879e-7, 0.2135522670340725899, 1, nan});
  curvature("tanhshrink", &tanhshrink, {-infinity, 0, 0.5, infinity, nan}, {0, 0, 0.7268619813835872755, 0, nan});
}};

const Registration exponential_units{[] {
  const auto elu_by = [](double alpha) { return [alpha](const Tensor& x) { return elu(x, alpha); }; };
  activation(
      "elu", elu_by(0.7), [](double x) { return elu_of(x, 0.7); }, smooth_points);
  plain_case(
      "elu", "alpha 1", Kind::plain, elu_by(1), [](double x) { return elu_of(x, 1); }, vector_of(smooth_points));
  const std::vector<double> in{-infinity, -1e30, -50, -2, -0.0, 0, 3, infinity, nan};
  extreme("elu", elu_by(1), in, {-1, -1, -1, -0.8646647167633873081, 0, 0, 3, infinity, nan});
  extreme("elu", elu_by(2), in, {-2, -2, -2, 2 * -0.8646647167633873081, 0, 0, 3, infinity, nan});
  extreme("elu", elu_by(0), {-infinity, -2, 3, nan}, {0, 0, 3, nan});
  slope("elu", elu_by(2), in, {0, 0, 2 * 1.928749847963917783e-22, 2 * 0.1353352832366126919, 2, 2, 1, 1, nan});
  curvature("elu", elu_by(2), in, {0, 0, 2 * 1.928749847963917783e-22, 2 * 0.1353352832366126919, 2, 2, 0, 0, nan});
  third("elu", elu_by(1), in, {0, 0, 1.928749847963917783e-22, 0.1353352832366126919, 1, 1, 0, 0, nan});
  for (const double alpha : {-1.0, infinity, nan}) {
    error_case("elu", "alpha " + std::to_string(alpha), Fault::value, [alpha] { return elu(ones({2}), alpha); });
  }

  constexpr double lambda = 1.0507009873554804934;
  constexpr double alpha = 1.6732632423543772848;
  activation(
      "selu", &selu, [](double x) { return lambda * elu_of(x, alpha); }, smooth_points);
  extreme("selu", &selu, {-infinity, -2, 0, 3, infinity, nan},
          {-lambda * alpha, lambda * alpha * -0.8646647167633873081, 0, 3 * lambda, infinity, nan});
  slope("selu", &selu, {-infinity, -2, 0, 3, infinity, nan},
        {0, lambda * alpha * 0.1353352832366126919, lambda * alpha, lambda, lambda, nan});
  curvature("selu", &selu, {-infinity, -2, 0, 3, infinity, nan},
            {0, lambda * alpha * 0.1353352832366126919, lambda * alpha, 0, 0, nan});

  const auto celu_by = [](double width) { return [width](const Tensor& x) { return celu(x, width); }; };
  activation(
      "celu", celu_by(1.5), [](double x) { return x > 0 ? x : 1.5 * std::expm1(x / 1.5); }, smooth_points);
  extreme("celu", celu_by(2), {-infinity, -4, 0, 3, infinity, nan},
          {-2, 2 * -0.8646647167633873081, 0, 3, infinity, nan});
  slope("celu", celu_by(2), {-infinity, -4, 0, 3, infinity, nan}, {0, 0.1353352832366126919, 1, 1, 1, nan});
  curvature("celu", celu_by(2), {-infinity, -4, 0, 3, infinity, nan}, {0, 0.1353352832366126919 / 2, 0.5, 0, 0, nan});
  for (const double width : {-1.0, 0.0, infinity, nan}) {
    error_case("celu", "alpha " + std::to_string(width), Fault::value, [width] { return celu(ones({2}), width); });
  }
}};

const Registration lines{[] {
  const auto leaky = [](double below) { return [below](const Tensor& x) { return leaky_relu(x, below); }; };
  activation(
      "leaky_relu", leaky(0.2), [](double x) { return x > 0 ? x : 0.2 * x; }, smooth_points);
  extreme("leaky_relu", leaky(0.25), {-infinity, -4, -0.0, 0, 3, infinity, nan},
          {-infinity, -1, 0, 0, 3, infinity, nan});
  extreme("leaky_relu", leaky(0), {-infinity, -4, 3, nan}, {0, 0, 3, nan});
  slope("leaky_relu", leaky(0.25), {-infinity, -4, -0.0, 0, 3, infinity, nan}, {0.25, 0.25, 0.25, 0.25, 1, 1, nan});
  slope("leaky_relu", leaky(0), {-infinity, 0, 3, nan}, {0, 0, 1, nan});
  for (const double below : {infinity, nan}) {
    error_case("leaky_relu", "slope " + std::to_string(below), Fault::value,
               [below] { return leaky_relu(ones({2}), below); });
  }

  activation("relu6", &relu6, [](double x) { return clipped(x, 0, 6); }, {-5.5, -0.9, 0.2, 2.9, 5.5, 6.5, 9});
  extreme("relu6", &relu6, {-infinity, -1, -0.0, 0, 3, 6, 7, infinity, nan}, {0, 0, 0, 0, 3, 6, 6, 6, nan});
  slope("relu6", &relu6, {-infinity, -1, 0, 3, 6, 7, infinity, nan}, {0, 0, 0, 1, 0, 0, 0, nan});

  const auto clip_to = [](double low, double high) {
    return [low, high](const Tensor& x) { return hardtanh(x, low, high); };
  };
  activation(
      "hardtanh", clip_to(-1.25, 2), [](double x) { return clipped(x, -1.25, 2); }, smooth_points);
  extreme("hardtanh", clip_to(-1, 2), {-infinity, -1, 0.5, 2, infinity, nan}, {-1, -1, 0.5, 2, 2, nan});
  extreme("hardtanh", clip_to(0, infinity), {-infinity, 0.5, infinity, nan}, {0, 0.5, infinity, nan});
  slope("hardtanh", clip_to(-1, 2), {-infinity, -1, 0.5, 2, infinity, nan}, {0, 0, 1, 0, 0, nan});
  for (const double high : {-1.0, -2.0, nan}) {
    error_case("hardtanh", "from -1 to " + std::to_string(high), Fault::value,
               [high] { return hardtanh(ones({2}), -1, high); });
  }

  activation("hardsigmoid", &hardsigmoid, [](double x) { return clipped(x + 3, 0, 6) / 6; },
             {-5.5, -3.2, -2.5, -0.9, 0.2, 2.9, 3.5});
  extreme("hardsigmoid", &hardsigmoid, {-infinity, -3, 0, 1.5, 3, infinity, nan}, {0, 0, 0.5, 0.75, 1, 1, nan});
  slope("hardsigmoid", &hardsigmoid, {-infinity, -3, 0, 3, infinity, nan}, {0, 0, 1 / 6.0, 0, 0, nan});

  activation("hardswish", &hardswish, [](double x) { return x * clipped(x + 3, 0, 6) / 6; },
             {-5.5, -3.2, -2.5, -0.9, 0.2, 2.9, 3.5});
  extreme("hardswish", &hardswish, {-infinity, -3e38, -3, -1.5, 0, 1.5, 3, 3e38, infinity, nan},
          {0, 0, 0, -0.375, 0, 1.125, 3, 3e38, infinity, nan});
  slope("hardswish", &hardswish, {-infinity, -3e38, -3, -1.5, 0, 1.5, 3, 3e38, infinity, nan},
        {0, 0, 0, 0, 0.5, 1, 1, 1, 1, nan});
  curvature("hardswish", &hardswish, {-infinity, -3, 0, 3, infinity, nan}, {0, 0, 1 / 3.0, 0, 0, nan});

  const auto hard = [](double lambda) { return [lambda](const Tensor& x) { return hardshrink(x, lambda); }; };
  activation(
      "hardshrink", hard(0.5), [](double x) { return std::abs(x) > 0.5 ? x : 0; }, smooth_points);
  extreme("hardshrink", hard(0.5), {-infinity, -0.5, 0.25, 0.5, 1, infinity, nan},
          {-infinity, 0, 0, 0, 1, infinity, nan});
  slope("hardshrink", hard(0.5), {-infinity, -0.5, 0.25, 0.5, 1, infinity, nan}, {1, 0, 0, 0, 1, 1, nan});

  const auto soft = [](double lambda) { return [lambda](const Tensor& x) { return softshrink(x, lambda); }; };
  activation(
      "softshrink", soft(0.5), [](double x) { return x > 0 ? std::max(x - 0.5, 0.0) : std::min(x + 0.5, 0.0); },
      smooth_points);
  extreme("softshrink", soft(0.5), {-infinity, -2, -0.5, 0.25, 0.5, 1, infinity, nan},
          {-infinity, -1.5, 0, 0, 0, 0.5, infinity, nan});
  slope("softshrink", soft(0.5), {-infinity, -0.5, 0.25, 0.5, 1, infinity, nan}, {1, 0, 0, 0, 1, 1, nan});
  for (const double lambda : {-1.0, infinity, nan}) {
    error_case("hardshrink", "lambda " + std::to_string(lambda), Fault::value,
               [lambda] { return hardshrink(ones({2}), lambda); });
    error_case("softshrink", "lambda " + std::to_string(lambda), Fault::value,
               [lambda] { return softshrink(ones({2}), lambda); });
  }
}};

// a x for x ≤ 0, channel by channel of axis 1.
Values prelu_of(const Values& x, const Values& a) {
  Values result = x;
  const std::size_t channels = a.data.size();
  std::size_t inner = 1;
  for (std::size_t axis = 2; axis < x.shape.rank(); ++axis) {
    inner *= static_cast<std::size_t>(x.shape[axis]);
  }
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    const double slope = a.data[channels == 1 ? 0 : i / inner % channels];
    result.data[i] = x.data[i] > 0 ? x.data[i] : slope * x.data[i];
  }
  return result;
}

const Registration learned_slopes{[] {
  const auto call = one([](const Tensors& in) { return prelu(in[0], in[1]); });
  const auto formula = one([](const ManyValues& in) { return prelu_of(in[0], in[1]); });
  const Values signs{Shape{2, 3, 2}, {-2.5, -0.9, 0.4, 0.3, 0.6, -1.7, 1.1, -0.2, -0.8, 2.2, -3.1, 0.7}};
  formula_case("prelu", "a slope per channel", Kind::plain, {signs, vector_of({0.25, -0.5, 1.5})}, call, formula);
  formula_case("prelu", "one slope", Kind::plain, {signs, vector_of({0.25})}, call, formula);
  formula_case("prelu", "a scalar", Kind::plain, {signs, scalar_of(0.3)}, call, formula);
  formula_case("prelu", "of a matrix", Kind::plain, {Values{Shape{2, 2}, {-1, 2, 3, -4}}, vector_of({0.25, -0.5})},
               call, formula);
  formula_case("prelu", "zero rank", Kind::zero_rank, {scalar_of(-0.7), vector_of({0.25})}, call, formula);
  formula_case("prelu", "no elements", Kind::empty, {uniform({0, 3}, -1, 1, 1), vector_of({1, 2, 3})}, call, formula);
  const auto by_quarter = [](const Tensor& x) { return prelu(x, full({}, 0.25, x.dtype())); };
  const auto by_zero = [](const Tensor& x) { return prelu(x, full({}, 0, x.dtype())); };
  extreme("prelu", by_quarter, {-infinity, -4, 0, 3, infinity, nan}, {-infinity, -1, 0, 3, infinity, nan});
  extreme("prelu", by_zero, {-infinity, -4, 0, 3, infinity, nan}, {0, 0, 0, 3, infinity, nan});
  slope("prelu", by_quarter, {-infinity, -4, 0, 3, infinity, nan}, {0.25, 0.25, 0.25, 1, 1, nan});
  for (const double x : {-infinity, -4.0, 0.0, 3.0, infinity, nan}) {
    slope("prelu", [x](const Tensor& a) { return prelu(full({2}, x, a.dtype()), a); }, {0.25},
          {x <= 0 ? 2 * x : (x > 0 ? 0 : nan)});
  }
  direct_call("prelu", {{2, 3}, {3}}, [](const Tensors& in) { return prelu(in[0], in[1]); });
  error_case("prelu", "slopes for other channels", Fault::shape, [] { return prelu(ones({2, 3}), ones({2})); });
  error_case("prelu", "slopes without channels", Fault::shape, [] { return prelu(ones({3}), ones({3})); });
  error_case("prelu", "a matrix of slopes", Fault::shape, [] { return prelu(ones({2, 3}), ones({2, 3})); });
}};

/// f(a, b) of the halves along an axis of a matrix.
Values of_halves(const Values& x, std::int64_t axis, double (*f)(double, double)) {
  const auto rows = static_cast<std::size_t>(x.shape[0]);
  const auto columns = static_cast<std::size_t>(x.shape[1]);
  const std::size_t left_rows = axis == 0 ? rows / 2 : rows;
  const std::size_t left_columns = axis == 0 ? columns : columns / 2;
  Values result{Shape{static_cast<std::int64_t>(left_rows), static_cast<std::int64_t>(left_columns)}, {}};
  for (std::size_t i = 0; i < left_rows; ++i) {
    for (std::size_t j = 0; j < left_columns; ++j) {
      const std::size_t second = axis == 0 ? (i + left_rows) * columns + j : i * columns + j + left_columns;
      result.data.push_back(f(x.data[i * columns + j], x.data[second]));
    }
  }
  return result;
}

void halved(const std::string& name, Tensor (*operation)(const Tensor&, std::int64_t), double (*f)(double, double)) {
  for (const std::int64_t axis : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}}) {
    const auto call = one([=](const Tensors& in) { return operation(in[0], axis); });
    const auto formula = one([=](const ManyValues& in) { return of_halves(in[0], axis, f); });
    const std::string along = ", axis " + std::to_string(axis);
    formula_case(name, "a matrix" + along, Kind::plain, {uniform({4, 6}, -3, 3, 7)}, call, formula);
    formula_case(name, "no elements" + along, Kind::empty, {uniform({0, 4}, -3, 3, 7)}, call, formula);
  }
  const auto operate = [operation](const Tensor& x) { return operation(x, -1); };
  direct_call(name, {{2, 4}}, [operate](const Tensors& in) { return operate(in[0]); });
  error_case(name, "an odd number", Fault::shape, [operate] { return operate(ones({4, 3})); });
  error_case(name, "no such axis", Fault::shape, [operation] { return operation(ones({4, 2}), 2); });
  error_case(name, "zero rank", Fault::zero_rank, [operate] { return operate(ones({})); });
}

const Registration halves{[] {
  halved("glu", &glu, [](double a, double b) { return a * logistic(b); });
  halved("swiglu", &swiglu, [](double a, double b) { return a * logistic(a) * b; });
  const auto last_glu = [](const Tensor& x) { return glu(x); };
  const auto last_swiglu = [](const Tensor& x) { return swiglu(x); };
  extreme("glu", last_glu, {2, nan, 3, infinity, -infinity, 1e30}, {2, nan, 3});
  extreme("glu", last_glu, {2, 3, 4, 1e30, 0, nan}, {2, 1.5, nan});
  slope("glu", last_glu, {2, 3, infinity, -infinity}, {1, 0, 0, 0});
  extreme("swiglu", last_swiglu, {-infinity, 1e30, nan, 2, 3, 4}, {0, 3e30, nan});
  slope("swiglu", last_swiglu, {-1e30, 1e30, 2, 3}, {0, 3, 0, 1e30});

  const auto call = one([](const Tensors& in) { return softmin(in[0], 0); });
  const auto formula = one([](const ManyValues& in) {
    double total = 0;
    for (const double x : in[0].data) {
      total += std::exp(-x);
    }
    return map(in[0], [total](double x) { return std::exp(-x) / total; });
  });
  formula_case("softmin", "a vector", Kind::plain, {uniform({5}, -2, 2, 3)}, call, formula);
  formula_case("softmin", "no elements", Kind::empty, {uniform({0}, -2, 2, 3)}, call, formula);
  extreme("softmin", [](const Tensor& x) { return softmin(x); }, {1000, -1000, 1000}, {0, 1, 0});
  extreme("softmin", [](const Tensor& x) { return softmin(x); }, {infinity, 2, 2}, {0, 0.5, 0.5});
  direct_call("softmin", {{2, 3}}, [](const Tensors& in) { return softmin(in[0]); });
  error_case("softmin", "no such axis", Fault::shape, [] { return softmin(ones({3}), 1); });
  error_case("softmin", "zero rank", Fault::zero_rank, [] { return softmin(ones({})); });
}};

}  // namespace

}  // namespace xgrad::test
