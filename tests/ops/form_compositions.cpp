// Compositions of logarithms, exponentials and what is made of them, drawn at random, at points from −10⁴ to 10⁴,
// against numbers of up to 16,384 bits: wherever the exact value and gradient can be held and the value is right, so is
// the gradient.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/precise.hpp"
#include "support/sanitizers.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::test::Precise;

namespace {

constexpr std::size_t inputs = 3;

/// A value with its derivatives by the inputs, and how large the products of slopes are that they are sums of: once as
/// they are, and once with slopes below 1 as 1, whose rounding is relative to that.
struct Dual {
  Precise value;
  std::array<Precise, inputs> slope;
  std::array<Precise, inputs> size;
  std::array<Precise, inputs> rounded;
};

Dual chain(const Precise& value, const Dual& u, const Precise& by_u) {
  Dual result{value, {}, {}, {}};
  const Precise size = abs(by_u);
  const Precise at_least_one = size < Precise{1} ? Precise{1} : size;
  for (std::size_t i = 0; i < inputs; ++i) {
    result.slope[i] = by_u * u.slope[i];
    result.size[i] = size * u.size[i];
    result.rounded[i] = at_least_one * u.rounded[i];
  }
  return result;
}

Dual chain(const Precise& value, const Dual& u, const Precise& by_u, const Dual& v, const Precise& by_v) {
  Dual a = chain(value, u, by_u);
  const Dual b = chain(value, v, by_v);
  for (std::size_t i = 0; i < inputs; ++i) {
    a.slope[i] = a.slope[i] + b.slope[i];
    a.size[i] = a.size[i] + b.size[i];
    a.rounded[i] = a.rounded[i] + b.rounded[i];
  }
  return a;
}

const Precise one{1};

Precise logistic(const Precise& x) {
  return one / (one + exp(-x));
}

/// A way to make a new formula of one: as it is written, and exactly.
struct Step {
  std::string before;
  std::string after;
  std::function<Tensor(const Tensor&)> written;
  std::function<Dual(const Dual&)> exact;
  std::function<bool(double)> domain = [](double) { return true; };
};

bool is_positive(double x) {
  return x > 0;
}

std::vector<Step> steps() {
  const auto of = [](auto f, auto derivative) {
    return [=](const Dual& u) { return chain(f(u.value), u, derivative(u.value)); };
  };
  const auto sigma = of(logistic, [](const Precise& x) { return logistic(x) * logistic(-x); });
  return {
      {"e^(", ")", xg::exp, of([](auto& x) { return exp(x); }, [](auto& x) { return exp(x); })},
      {"log(", ")", xg::log, of([](auto& x) { return log(x); }, [](auto& x) { return one / x; }), is_positive},
      {"√(", ")", xg::sqrt, of([](auto& x) { return sqrt(x); }, [](auto& x) { return one / (sqrt(x) + sqrt(x)); }),
       is_positive},
      {"(", ")²", xg::square, of([](auto& x) { return x * x; }, [](auto& x) { return x + x; })},
      {"−(", ")", [](const Tensor& t) { return -t; }, of([](auto& x) { return -x; }, [](auto&) { return -one; })},
      {"3 (", ")", [](const Tensor& t) { return 3.0 * t; },
       of([](auto& x) { return Precise{3} * x; }, [](auto&) { return Precise{3}; })},
      {"σ(", ")", xg::sigmoid, sigma},
      {"tanh(", ")", xg::tanh, of([](auto& x) { return tanh(x); }, [](auto& x) { return one - tanh(x) * tanh(x); })},
      {"softplus(", ")", xg::softplus, of([](auto& x) { return log(one + exp(x)); }, logistic)},
      {"1 + ", "", [](const Tensor& t) { return 1.0 + t; },
       of([](auto& x) { return one + x; }, [](auto&) { return one; })},
      {"1 − σ(", ")", [](const Tensor& t) { return 1.0 - xg::sigmoid(t); },
       of([](auto& x) { return logistic(-x); }, [](auto& x) { return -(logistic(x) * logistic(-x)); })},
      {"1 / (1 + e^(−", "))", [](const Tensor& t) { return 1.0 / (1.0 + xg::exp(-t)); }, sigma},
      {"e^t / (1 + e^t), t = ", "", [](const Tensor& t) { return xg::exp(t) / (1.0 + xg::exp(t)); }, sigma},
      {"log(1 + e^(", "))", [](const Tensor& t) { return xg::log(1.0 + xg::exp(t)); },
       of([](auto& x) { return log(one + exp(x)); }, logistic)},
      {"log(1 − e^(", "))", [](const Tensor& t) { return xg::log(1.0 - xg::exp(t)); },
       of([](auto& x) { return log(one - exp(x)); }, [](auto& x) { return exp(x) / (exp(x) - one); }),
       [](double x) { return x < 0; }},
      {"t log t, t = ", "", [](const Tensor& t) { return t * xg::log(t); },
       of([](auto& x) { return x * log(x); }, [](auto& x) { return log(x) + one; }), is_positive},
  };
}

/// A first formula of the three inputs.
struct Head {
  std::string text;
  std::function<Tensor(const Tensor&)> written;
  std::function<Dual(const std::array<Precise, inputs>&)> exact;
};

std::array<Precise, inputs> shares(const std::array<Precise, inputs>& x) {
  const Precise total = exp(x[0]) + exp(x[1]) + exp(x[2]);
  return {exp(x[0]) / total, exp(x[1]) / total, exp(x[2]) / total};
}

Dual dual_of(const Precise& value, const std::array<Precise, inputs>& slope) {
  Dual result{value, slope, {}, {}};
  for (std::size_t i = 0; i < inputs; ++i) {
    result.size[i] = abs(slope[i]);
    result.rounded[i] = result.size[i] < one ? one : result.size[i];
  }
  return result;
}

Dual share_of(const std::array<Precise, inputs>& x, std::size_t k) {
  const auto s = shares(x);
  std::array<Precise, inputs> slope;
  for (std::size_t i = 0; i < inputs; ++i) {
    slope[i] = i == k ? s[k] * (one - s[k]) : -(s[k] * s[i]);
  }
  return dual_of(s[k], slope);
}

std::vector<Head> heads() {
  std::vector<Head> all;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(inputs); ++i) {
    const auto k = static_cast<std::size_t>(i);
    const std::string subscript = std::to_string(i);
    all.push_back({"x" + subscript, [i](const Tensor& x) { return x.at({i}); },
                   [k](const std::array<Precise, inputs>& x) {
                     std::array<Precise, inputs> slope;
                     slope[k] = one;
                     Dual result{x[k], slope, slope, slope};
                     return result;
                   }});
    all.push_back({"softmax(x)" + subscript, [i](const Tensor& x) { return xg::softmax(x).at({i}); },
                   [k](const std::array<Precise, inputs>& x) { return share_of(x, k); }});
    all.push_back({"(e^x / Σ e^x)" + subscript,
                   [i](const Tensor& x) { return (xg::exp(x) / xg::sum(xg::exp(x))).at({i}); },
                   [k](const std::array<Precise, inputs>& x) { return share_of(x, k); }});
  }
  const auto log_total = [](const std::array<Precise, inputs>& x) { return log(exp(x[0]) + exp(x[1]) + exp(x[2])); };
  all.push_back({"log Σ e^x", [](const Tensor& x) { return xg::log(xg::sum(xg::exp(x))); },
                 [=](const std::array<Precise, inputs>& x) { return dual_of(log_total(x), shares(x)); }});
  all.push_back(
      {"log mean e^x", [](const Tensor& x) { return xg::log(xg::mean(xg::exp(x))); },
       [=](const std::array<Precise, inputs>& x) { return dual_of(log_total(x) - log(Precise{3}), shares(x)); }});
  all.push_back({"√Σ x²", [](const Tensor& x) { return xg::sqrt(xg::sum(xg::square(x))); },
                 [](const std::array<Precise, inputs>& x) {
                   const Precise norm = sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
                   return dual_of(norm, {x[0] / norm, x[1] / norm, x[2] / norm});
                 }});
  return all;
}

/// A formula: a head and steps, or the product or quotient of two.
struct Formula {
  std::string text;
  std::function<Tensor(const Tensor&)> written;
  std::function<Dual(const std::array<Precise, inputs>&)> exact;
};

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_{seed} {}

  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>{0, count - 1}(engine_); }
  double within(double bound) { return std::uniform_real_distribution<double>{-bound, bound}(engine_); }

  Formula formula() {
    Formula f = path();
    if (below(3) != 0) {
      return f;
    }
    const Formula g = path();
    const bool divides = below(2) == 0;
    return {"(" + f.text + (divides ? ") / (" : ") (") + g.text + ")",
            [=](const Tensor& x) { return divides ? f.written(x) / g.written(x) : f.written(x) * g.written(x); },
            [=](const std::array<Precise, inputs>& x) {
              const Dual u = f.exact(x);
              const Dual v = g.exact(x);
              return divides ? chain(u.value / v.value, u, one / v.value, v, -(u.value / (v.value * v.value)))
                             : chain(u.value * v.value, u, v.value, v, u.value);
            }};
  }

 private:
  Formula path() {
    static const std::vector<Head> all_heads = heads();
    static const std::vector<Step> all_steps = steps();
    const Head& head = all_heads[below(all_heads.size())];
    Formula f{head.text, head.written, head.exact};
    for (std::size_t count = below(4); count > 0; --count) {
      const Step& step = all_steps[below(all_steps.size())];
      f = {step.before + f.text + step.after,
           [inner = f.written, &step](const Tensor& x) { return step.written(inner(x)); },
           [inner = f.exact, &step](const std::array<Precise, inputs>& x) {
             const Dual u = inner(x);
             // Outside of the domain nothing is asked for.
             return step.domain(u.value.is_zero() ? 0 : (u.value < Precise{} ? -1 : 1)) && u.value.is_finite()
                        ? step.exact(u)
                        : chain(Precise{std::numeric_limits<double>::quiet_NaN()}, u, one);
           }};
    }
    return f;
  }

  std::mt19937_64 engine_;
};

bool agree(const Dual& a, const Dual& b) {
  const auto close = [](const Precise& p, const Precise& q) {
    if (!p.is_finite() || !q.is_finite()) {
      return p.is_finite() == q.is_finite();
    }
    const Precise difference = p - q;
    return difference.is_zero() || difference.exponent() < q.exponent() - 80;
  };
  bool all = close(a.value, b.value);
  for (std::size_t i = 0; i < inputs; ++i) {
    all = all && close(a.slope[i], b.slope[i]) && close(a.size[i], b.size[i]);
  }
  return all;
}

/// By more and more bits, until twice the same is found; false if that doesn't happen.
bool exactly(const Formula& f, const std::vector<double>& at, Dual& result) {
  const auto with = [&](long bits) {
    Precise::set_bits(bits);
    return f.exact({at[0], at[1], at[2]});
  };
  Dual before = with(256);
  for (const long bits : {1024L, 4096L, 16384L}) {
    result = with(bits);
    if (agree(before, result)) {
      return true;
    }
    before = std::move(result);
  }
  return false;
}

/// What is asked of a dtype.
struct Precision {
  xg::DType dtype;
  double smallest;
  double largest;
  double epsilon;
  double value;     ///< relative error of a value that counts as right
  double gradient;  ///< of a gradient's entry, relative to the size of the products that it is the sum of
};

constexpr std::array<Precision, 2> precisions{{
    {xg::float32, 1e-30, 1e30, 0x1p-23, 1e-5, 1e-2},
    {xg::float64, 1e-290, 1e290, 0x1p-52, 1e-12, 1e-6},
}};

bool within(const Precise& x, const Precision& p) {
  if (!x.is_finite()) {
    return false;
  }
  const double size = std::abs(x.to_double());
  return x.is_zero() || (size > p.smallest && size < p.largest);
}

}  // namespace

TEST_CASE("stable forms: wherever the value of a composition is right, so is its gradient") {
  constexpr int formulas = xg::test::sanitized ? 1'000 : 20'000;
  constexpr std::array<double, 4> bounds{3, 30, 300, 1e4};
  Draw draw{2026};
  int compared = 0;
  int wrong = 0;
  for (int n = 0; n < formulas; ++n) {
    const Formula f = draw.formula();
    const double bound = bounds[draw.below(bounds.size())];
    std::vector<double> at(inputs);
    std::generate(at.begin(), at.end(), [&] { return static_cast<double>(static_cast<float>(draw.within(bound))); });
    Dual exact;
    if (!exactly(f, at, exact)) {
      continue;
    }
    for (const Precision& p : precisions) {
      bool can_be_held = within(exact.value, p);
      for (std::size_t i = 0; i < inputs; ++i) {
        can_be_held =
            can_be_held && within(exact.slope[i], p) && within(exact.size[i], p) && within(exact.rounded[i], p);
      }
      if (!can_be_held) {
        continue;
      }
      const Tensor x = xg::variable(xg::cast(xg::from_vector(at, xg::Shape{inputs}), p.dtype));
      const auto [value, gradients] = xg::value_and_gradients(f.written(x), {x});
      const double expected = exact.value.to_double();
      if (!(std::abs(value.item() - expected) <= p.value * std::abs(expected))) {
        continue;
      }
      ++compared;
      const auto found = xg::cast(gradients[0], xg::float64).to_vector<double>();
      for (std::size_t i = 0; i < inputs; ++i) {
        const double slope = exact.slope[i].to_double();
        const double allowed =
            p.gradient * exact.size[i].to_double() + 8 * p.epsilon * exact.rounded[i].to_double() + p.smallest;
        if (!(std::abs(found[i] - slope) <= allowed)) {
          ++wrong;
          if (wrong <= 20) {
            MESSAGE(f.text << " at (" << at[0] << ", " << at[1] << ", " << at[2] << ") in " << xg::to_string(p.dtype)
                           << ": value " << value.item() << ", derivative " << i << " is " << found[i] << ", not "
                           << slope);
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(compared > formulas / 2);
}
