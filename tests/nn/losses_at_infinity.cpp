// Losses, and what they are made of, where their argument is infinite: value and gradient are the limits, or NaN where
// there is none.
#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::Tensor;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

using Numbers = std::vector<double>;

/// A function of one tensor, summed, at one point: its value and its gradient.
struct Limit {
  std::string what;
  std::function<Tensor(const Tensor&)> f;
  Numbers at;
  double value = 0;
  Numbers gradient;
};

struct Found {
  double value = 0;
  Numbers gradient;
};

Tensor point(const Numbers& numbers, xg::DType dtype) {
  return xg::cast(xg::from_vector(numbers, {static_cast<std::int64_t>(numbers.size())}), dtype).eval().detach();
}

Numbers doubles(const Tensor& x) {
  return xg::cast(x, xg::float64).to_vector<double>();
}

Found planned(const Limit& limit, xg::DType dtype, const xg::PlanOptions& options) {
  const xg::PlanScope scope{options};
  const Tensor x = xg::variable(point(limit.at, dtype));
  const Tensor loss = xg::sum(limit.f(x));
  const Tensor gradient = xg::gradients(loss, {x})[0];
  xg::eval({loss, gradient});
  return {xg::cast(loss, xg::float64).item(), doubles(gradient)};
}

Found compiled(const Limit& limit, xg::DType dtype) {
  auto both = xg::compile([&](const Tensor& x) {
    const Tensor loss = xg::sum(limit.f(x));
    return std::vector<Tensor>{loss, xg::gradients(loss, {x})[0]};
  });
  const auto results = both(point(limit.at, dtype));
  return {xg::cast(results[0], xg::float64).item(), doubles(results[1])};
}

bool same(double a, double b) {
  const bool close = std::isfinite(a) && std::isfinite(b) && std::abs(a - b) <= 1e-6 * std::abs(b);
  return a == b || close || (std::isnan(a) && std::isnan(b));
}

void check(const Limit& limit, const Found& found) {
  CHECK_MESSAGE(same(found.value, limit.value), found.value << " for " << limit.value);
  REQUIRE(found.gradient.size() == limit.gradient.size());
  for (std::size_t i = 0; i < found.gradient.size(); ++i) {
    CHECK_MESSAGE(same(found.gradient[i], limit.gradient[i]),
                  "∂" << i << ": " << found.gradient[i] << " for " << limit.gradient[i]);
  }
}

void check(const std::vector<Limit>& limits) {
  for (const Limit& limit : limits) {
    for (const xg::DType dtype : {xg::float32, xg::float64}) {
      CAPTURE(limit.what);
      CAPTURE(xg::to_string(dtype));
      check(limit, planned(limit, dtype, {.simplify = true, .fuse = true}));
      check(limit, planned(limit, dtype, {.simplify = false, .fuse = false}));
      check(limit, compiled(limit, dtype));
    }
  }
}

/// The binary cross-entropy as a layer, and as people write it, for labels y.
std::vector<std::function<Tensor(const Tensor&)>> cross_entropies(const Numbers& y) {
  const auto labels = [y](const Tensor& z) { return point(y, z.dtype()); };
  return {
      [=](const Tensor& z) { return xg::nn::BinaryCrossEntropy{xg::nn::Reduction::sum}(z, labels(z)); },
      [=](const Tensor& z) { return xg::softplus(z) - z * labels(z); },
      [=](const Tensor& z) { return xg::log(1 + xg::exp(z)) - labels(z) * z; },
      [=](const Tensor& z) { return -labels(z) * z + xg::softplus(z); },
      [=](const Tensor& z) { return xg::softplus(z) + -(labels(z) * z); },
      [=](const Tensor& z) { return -(labels(z) * z - xg::softplus(z)); },
      [=](const Tensor& z) { return xg::softplus(-z) + (1 - labels(z)) * z; },
      [=](const Tensor& z) { return 0.5 * (2.0 * (xg::softplus(z) - labels(z) * z)); },
      [=](const Tensor& z) {
        const Tensor p = xg::sigmoid(z);
        return -(labels(z) * xg::log(p) + (1 - labels(z)) * xg::log(1 - p));
      },
      [=](const Tensor& z) { return -(labels(z) * xg::log_sigmoid(z) + xg::log_sigmoid(-z) * (1 - labels(z))); },
  };
}

}  // namespace

TEST_CASE("binary cross-entropy: an infinite logit costs nothing if it is right, and ∞ if it is wrong") {
  for (std::size_t i = 0; i < cross_entropies({}).size(); ++i) {
    const auto loss = [i](double y) { return cross_entropies({y})[i]; };
    const std::string which = "form " + std::to_string(i) + ", ";
    check({
        {which + "right, above", loss(1), {inf}, 0, {0}},
        {which + "right, below", loss(0), {-inf}, 0, {0}},
        {which + "wrong, above", loss(0), {inf}, inf, {1}},
        {which + "wrong, below", loss(1), {-inf}, inf, {-1}},
        {which + "undecided, above", loss(0.25), {inf}, inf, {0.75}},
        {which + "undecided, below", loss(0.25), {-inf}, inf, {-0.25}},
        {which + "NaN", loss(1), {nan_value}, nan_value, {nan_value}},
    });
    // Among others, more than a tile of them.
    Numbers z(700, 0.0);
    Numbers y(700, 1.0);
    Numbers gradient(700, -0.5);
    z[300] = inf;
    gradient[300] = 0;
    y[600] = 0;
    z[600] = -inf;
    gradient[600] = 0;
    auto f = cross_entropies(y)[i];
    const xg::DType dtype = xg::float64;
    const Limit limit{which + "many", f, z, 698 * std::log(2.0), gradient};
    for (Found found : {planned(limit, dtype, {}), compiled(limit, dtype)}) {
      CHECK(found.value == doctest::Approx(limit.value).epsilon(1e-13));
      found.value = limit.value;
      check(limit, found);
    }
  }
}

TEST_CASE("what losses are made of has its limits as value and gradient at ±∞") {
  using F = std::function<Tensor(const Tensor&)>;
  const auto half = [](const Tensor& x) { return 0.5 * x; };
  const F lse = [](const Tensor& x) { return xg::logsumexp(x); };
  const F xlogy_of_zero = [](const Tensor& x) { return xg::xlogy(xg::zeros(x.shape(), x.dtype()), x); };
  const F xlogy_of_two = [](const Tensor& x) { return xg::xlogy(xg::full(x.shape(), 2, x.dtype()), x); };
  const F hinge = [](const Tensor& x) { return xg::relu(1 - x); };
  const F squared_hinge = [](const Tensor& x) { return xg::square(xg::relu(1 - x)); };
  const F reciprocal = [](const Tensor& x) { return 1 / x; };
  check({
      {"half", half, {inf}, inf, {0.5}},
      {"softplus, above", &xg::softplus, {inf}, inf, {1}},
      {"softplus, below", &xg::softplus, {-inf}, 0, {0}},
      {"log_sigmoid, above", &xg::log_sigmoid, {inf}, 0, {0}},
      {"log_sigmoid, below", &xg::log_sigmoid, {-inf}, -inf, {1}},
      {"sigmoid, above", &xg::sigmoid, {inf}, 1, {0}},
      {"sigmoid, below", &xg::sigmoid, {-inf}, 0, {0}},
      {"tanh, above", &xg::tanh, {inf}, 1, {0}},
      {"tanh, below", &xg::tanh, {-inf}, -1, {0}},
      {"erf, above", &xg::erf, {inf}, 1, {0}},
      {"erf, below", &xg::erf, {-inf}, -1, {0}},
      {"relu, above", &xg::relu, {inf}, inf, {1}},
      {"relu, below", &xg::relu, {-inf}, 0, {0}},
      {"abs, below", &xg::abs, {-inf}, inf, {-1}},
      {"exp, above", &xg::exp, {inf}, inf, {inf}},
      {"exp, below", &xg::exp, {-inf}, 0, {0}},
      {"expm1, below", &xg::expm1, {-inf}, -1, {0}},
      {"log", &xg::log, {inf}, inf, {0}},
      {"log1p", &xg::log1p, {inf}, inf, {0}},
      {"sqrt", &xg::sqrt, {inf}, inf, {0}},
      {"rsqrt", &xg::rsqrt, {inf}, 0, {0}},
      {"reciprocal", reciprocal, {-inf}, 0, {0}},
      {"xlogy of 0", xlogy_of_zero, {inf}, 0, {0}},
      {"xlogy of 2", xlogy_of_two, {inf}, inf, {0}},
      {"hinge, right", hinge, {inf}, 0, {0}},
      {"hinge, wrong", hinge, {-inf}, inf, {-1}},
      {"squared hinge, right", squared_hinge, {inf}, 0, {0}},
      {"squared hinge, wrong", squared_hinge, {-inf}, inf, {-inf}},
      {"logsumexp, one above", lse, {0, inf, 1}, inf, {0, 1, 0}},
      {"logsumexp, one below", lse, {0, -inf, 0}, std::log(2.0), {0.5, 0, 0.5}},
      {"logsumexp, both", lse, {-inf, inf}, inf, {0, 1}},
      {"logsumexp, two above", lse, {inf, 0, inf}, inf, {0.5, 0, 0.5}},
      // ∂ (z₁ − log Σ e^z)²/∂z = 2 y (−1, 1) for z₁ → −∞
      {"log_softmax, an infinite cotangent",
       [](const Tensor& x) { return xg::square(xg::log_softmax(x)); },
       {0, -inf},
       inf,
       {inf, -inf}},
      {"x − logsumexp, an infinite cotangent",
       [](const Tensor& x) { return xg::square(x - xg::logsumexp(x)); },
       {0, -inf},
       inf,
       {inf, -inf}},
      {"y (z − logsumexp)",
       [](const Tensor& x) {
         return -point({1, 0}, x.dtype()) * (x - xg::logsumexp(x));
       },
       {2, -inf},
       0,
       {0, 0}},
      {"y (z − logsumexp), above",
       [](const Tensor& x) {
         return -point({1, 0}, x.dtype()) * (x - xg::logsumexp(x));
       },
       {inf, 2},
       0,
       {0, 0}},
      {"√ logsumexp, an infinite cotangent",
       [](const Tensor& x) { return xg::sqrt(xg::logsumexp(x)); },
       {0, -inf},
       0,
       {inf, 0}},
  });
}

TEST_CASE("entropies of probabilities that are 0 have their limits as value and gradient") {
  const auto entropy = [](const Tensor& p) { return p * xg::log(p); };
  const auto half = [](const Tensor& z, double c) { return 0.5 * xg::softmax(c * z); };
  check({
      {"of a mean of softmaxes",
       [=](const Tensor& z) { return entropy(half(z, 1) + half(z, 1.05)); },
       {800, -800},
       0,
       {0, 0}},
      {"of a part", [=](const Tensor& z) { return entropy(xg::softmax(z) * 1.0); }, {800, -800}, 0, {0, 0}},
      {"1 − σ", [=](const Tensor& z) { return entropy(1.0 - xg::sigmoid(z) * 1.0); }, {800}, 0, {0}},
      {"1 − tanh", [=](const Tensor& z) { return entropy(1.0 - xg::tanh(z)); }, {800}, 0, {0}},
      {"1 − tanh²", [=](const Tensor& z) { return entropy(1.0 - xg::square(xg::tanh(z))); }, {800}, 0, {0}},
      {"1 − erf", [=](const Tensor& z) { return entropy(1.0 - xg::erf(z)); }, {800}, 0, {0}},
      {"1 + expm1", [=](const Tensor& z) { return entropy(1.0 + xg::expm1(z) * 1.0); }, {-inf}, 0, {0}},
      {"softplus", [=](const Tensor& z) { return entropy(xg::softplus(z)); }, {-inf}, 0, {0}},
      {"log σ", [=](const Tensor& z) { return entropy(-xg::log_sigmoid(z)); }, {inf}, 0, {0}},
  });
  // Masked: p = (0, σ(−2), σ(2)). ∂ Σ p log p / ∂z_i = p_i (log p_i − Σ p log p).
  const double p1 = 1 / (1 + std::exp(2.0));
  const double p2 = 1 - p1;
  const double negative_entropy = p1 * std::log(p1) + p2 * std::log(p2);
  const Numbers gradient{0, p1 * (std::log(p1) - negative_entropy), p2 * (std::log(p2) - negative_entropy)};
  const Numbers z{-inf, 0, 2};
  check({
      {"p log p", [=](const Tensor& x) { return entropy(xg::softmax(x)); }, z, negative_entropy, gradient},
      {"p log_softmax", [](const Tensor& x) { return xg::softmax(x) * xg::log_softmax(x); }, z, negative_entropy,
       gradient},
      {"xlogy", [](const Tensor& x) { return xg::xlogy(xg::softmax(x), xg::softmax(x)); }, z, negative_entropy,
       gradient},
  });
}

TEST_CASE("a product with a logarithm is 0 where its other factor is, however it is written") {
  const auto y = [](const Tensor& q) { return point({0, 1, 0}, q.dtype()); };
  const Numbers q{0, 1, 0.5};
  check({
      {"−log q y", [=](const Tensor& x) { return -xg::log(x) * y(x); }, q, 0, {0, -1, 0}},
      {"y (−log q)", [=](const Tensor& x) { return y(x) * -xg::log(x); }, q, 0, {0, -1, 0}},
      {"y (2 log q)", [=](const Tensor& x) { return y(x) * (2.0 * xg::log(x)); }, q, 0, {0, 2, 0}},
      {"y (log q / 2)", [=](const Tensor& x) { return y(x) * (xg::log(x) / 2.0); }, q, 0, {0, 0.5, 0}},
      {"y (log y − log q)",
       [=](const Tensor& x) { return y(x) * (xg::log(y(x)) - xg::log(x)); },
       {0.25, 1, 0.5},
       0,
       {0, -1, 0}},
      {"y · log q", [=](const Tensor& x) { return xg::dot(y(x), xg::log(x)); }, q, 0, {0, 1, 0}},
      {"−log q · y", [=](const Tensor& x) { return xg::matmul(-xg::log(x), y(x)); }, q, 0, {0, -1, 0}},
      {"a number 0", [](const Tensor& x) { return xg::scalar(0, x.dtype()) * xg::log(x); }, {0, 1}, 0, {0, 0}},
      {"an argument 0", [](const Tensor& x) { return x.at({0}) * xg::log(x.at({1})); }, {0, 0}, 0, {-inf, 0}},
  });
}

TEST_CASE("log_softmax: forward derivatives meet the slope 0 as backward ones do") {
  const Tensor x = xg::variable(xg::tensor({0, -inf}, xg::float64));
  const Tensor y = xg::log_softmax(x);
  // Along (0, −∞): y = (0, −∞), of which the first doesn't move.
  CHECK(doubles(xg::jvp({y}, {x}, {xg::tensor({0, -inf}, xg::float64)})[0]) == Numbers{0, -inf});
}

TEST_CASE_TEMPLATE("binary cross-entropy keeps its digits where the label is right", T, float, double) {
  const xg::nn::BinaryCrossEntropy loss;
  for (int z = 0; z <= 30; ++z) {
    CAPTURE(z);
    const long double exact = std::log1p(std::exp(static_cast<long double>(-z)));
    for (const T sign : {T{1}, T{-1}}) {
      const Tensor logit = xg::from_vector(std::vector<T>{sign * static_cast<T>(z)}, {1});
      const Tensor label = xg::from_vector(std::vector<T>{sign > 0 ? T{1} : T{0}}, {1});
      const double found = xg::cast(loss(logit, label), xg::float64).item();
      CHECK(found == doctest::Approx(static_cast<double>(exact)).epsilon(4 * std::numeric_limits<T>::epsilon()));
    }
  }
}
