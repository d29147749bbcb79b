#include "support/vector_kernels.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xgrad::test;

namespace {

using Exact = long double;

// In units in the last place of a number of that size, as vector_errors counts them: of the exact result, mostly.
template <class T>
double error_in_ulp(T got, Exact exact, Exact size) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(exact) || std::isnan(got) || std::isinf(exact)) {
    return same(static_cast<Exact>(got), exact) ? 0 : std::numeric_limits<double>::infinity();
  }
  const Exact overflow = std::ldexp(Exact{1}, Limits::max_exponent);
  const Exact value = std::isinf(got) ? std::copysign(overflow, static_cast<Exact>(got)) : static_cast<Exact>(got);
  if (std::isinf(got) && std::abs(exact) >= overflow) {
    return 0;
  }
  const int exponent = size == 0 ? Limits::min_exponent - 1
                                 : std::clamp(std::ilogb(size), Limits::min_exponent - 1, Limits::max_exponent - 1);
  return static_cast<double>(std::abs(value - exact) / std::ldexp(Exact{1}, exponent + 1 - Limits::digits));
}

// Special values with their neighbours, then random ones: in wide and narrow intervals, of every exponent, near ±1.
template <class T>
std::vector<T> arguments() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> result{Limits::quiet_NaN()};
  for (const double special : {0.0,
                               static_cast<double>(Limits::denorm_min()),
                               static_cast<double>(Limits::min()),
                               static_cast<double>(Limits::min()) / 4,
                               static_cast<double>(Limits::epsilon()),
                               0.5,
                               1.0,
                               2.0,
                               8.5,
                               16.0,
                               44.0,
                               87.3,
                               87.336,
                               88.0,
                               88.376,
                               88.7228,
                               88.8,
                               103.0,
                               103.97,
                               104.0,
                               350.0,
                               708.3,
                               708.396,
                               709.0,
                               709.436,
                               709.7827,
                               709.8,
                               744.44,
                               745.0,
                               745.13,
                               746.0,
                               1e4,
                               1e7,
                               1e22,
                               1e30,
                               static_cast<double>(Limits::max()) / 2,
                               static_cast<double>(Limits::max()),
                               std::numeric_limits<double>::infinity()}) {
    for (const T x : {static_cast<T>(special), static_cast<T>(-special)}) {
      result.insert(result.end(), {x, std::nextafter(x, Limits::infinity()), std::nextafter(x, -Limits::infinity())});
    }
  }
  std::mt19937_64 random{20240607};
  const auto uniform = [&](double low, double high) {
    return static_cast<T>(std::uniform_real_distribution<double>{low, high}(random));
  };
  for (const double range : {1e-3, 0.1, 1.0, 3.0, 10.0, 20.0, 110.0, 760.0, 1e4, 1e8}) {
    std::generate_n(std::back_inserter(result), 6000, [&] { return uniform(-range, range); });
  }
  std::generate_n(std::back_inserter(result), 40000, [&] {
    if constexpr (std::is_same_v<T, float>) {
      return std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    } else {
      return std::bit_cast<double>(random());
    }
  });
  const auto exponent = [&](int low, int high) { return std::uniform_int_distribution<int>{low, high}(random); };
  std::generate_n(std::back_inserter(result), 30000,
                  [&] { return std::ldexp(uniform(-2, 2), exponent(-1 - Limits::digits, 10)); });
  for (const T centre : {T{1}, T{-1}}) {
    std::generate_n(std::back_inserter(result), 10000,
                    [&] { return centre + std::ldexp(uniform(-1, 1), -exponent(0, Limits::digits - 1)); });
  }
  return result;
}

const RoundedKernel& reference(std::string_view name) {
  for (const RoundedKernel& kernel : rounded_kernels) {
    if (kernel.name == name) {
      return kernel;
    }
  }
  throw std::logic_error("no reference for the kernel " + std::string{name});
}

}  // namespace

TEST_CASE_TEMPLATE("vector kernels: every function keeps its stated error against long double", T, float, double) {
  const std::vector<T> x = arguments<T>();
  const auto sets = instruction_sets();
  for (const auto& [name, kernel, float32_error, float64_error] : xgrad::run::vector_errors) {
    const double allowed = std::is_same_v<T, float> ? float32_error : float64_error;
    const RoundedKernel& known = reference(name);
    std::vector<Exact> exact(x.size());
    std::vector<Exact> sizes(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      exact[i] = std::isnan(x[i]) ? x[i] : known.exactly(x[i]);
      sizes[i] = known.size(x[i]);
    }
    for (const auto& [isa, kernels] : sets) {
      const std::vector<T> got = run_on(kernels.*kernel, x);
      double worst = 0;
      std::size_t where = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double error = error_in_ulp(got[i], exact[i], sizes[i]);
        if (error > worst) {
          worst = error;
          where = i;
        }
      }
      INFO(isa << " " << name << "(" << x[where] << ") = " << got[where] << ", exactly "
               << static_cast<double>(exact[where]));
      CHECK(worst <= allowed);
    }
  }
}

TEST_CASE_TEMPLATE("vector kernels: arithmetic is correctly rounded", T, float, double) {
  const std::vector<T> a = arguments<T>();
  std::vector<T> b = a;
  std::shuffle(b.begin(), b.end(), std::mt19937_64{11});
  for (const auto& [isa, kernels] : instruction_sets()) {
    INFO(isa);
    const auto check = [&](const std::string& name, const VectorKernel& kernel, auto scalar) {
      const std::vector<T> got = run_on(kernel, a, b);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        wrong += same(got[i], static_cast<T>(scalar(a[i], b[i]))) ? 0U : 1U;
      }
      INFO(name);
      CHECK(wrong == 0);
    };
    check("add", kernels.add, [](T p, T q) { return p + q; });
    check("sub", kernels.sub, [](T p, T q) { return p - q; });
    check("mul", kernels.mul, [](T p, T q) { return p * q; });
    check("div", kernels.div, [](T p, T q) { return p / q; });
    check("neg", kernels.neg, [](T p, T) { return -p; });
    check("square", kernels.square, [](T p, T) { return p * p; });
    check("abs", kernels.abs, [](T p, T) { return std::fabs(p); });
    check("sqrt", kernels.sqrt, [](T p, T) { return std::sqrt(p); });
    check("floor", kernels.floor, [](T p, T) { return std::floor(p); });
    check("ceil", kernels.ceil, [](T p, T) { return std::ceil(p); });
    check("round", kernels.round, [](T p, T) { return std::nearbyint(p); });
    check("trunc", kernels.trunc, [](T p, T) { return std::trunc(p); });
    check("relu", kernels.relu, [](T p, T) { return p < 0 ? T{0} : p; });
    check("maximum", kernels.maximum,
          [](T p, T q) { return std::isnan(p) || std::isnan(q) ? p + q : std::fmax(p, q); });
    check("minimum", kernels.minimum,
          [](T p, T q) { return std::isnan(p) || std::isnan(q) ? p + q : std::fmin(p, q); });
  }
}

TEST_CASE_TEMPLATE("vector kernels: a result depends neither on its place nor on the length of the tile", T, float,
                   double) {
  std::vector<T> x{T(-90.5), T(-3.25), T(-0.5), T(1e-4), T(0.75), T(1.5), T(7), T(88.5), T(95)};
  for (const auto& [isa, kernels] : instruction_sets()) {
    for (const auto& error : xgrad::run::vector_errors) {
      INFO(isa << " " << error.name);
      const VectorKernel& kernel = kernels.*error.kernel;
      for (const T value : x) {
        const T alone = run_on<T>(kernel, {value})[0];
        for (std::size_t length = 1; length <= 35; ++length) {
          const std::vector<T> got = run_on(kernel, std::vector<T>(length, value));
          CHECK(std::all_of(got.begin(), got.end(), [&](T result) { return same(result, alone); }));
        }
        for (std::size_t place = 0; place < x.size(); ++place) {
          std::vector<T> mixed = x;
          mixed[place] = value;
          CHECK(same(run_on(kernel, mixed)[place], alone));
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("vector kernels: a result doesn't depend on its neighbours, whatever their size", T, float, double) {
  std::mt19937_64 random{17};
  std::vector<T> x(8192);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool moderate = i / 64 % 2 == 0;
    const double size = std::pow(10.0, std::uniform_real_distribution<double>{moderate ? -1.0 : -12.0, 3}(random));
    x[i] = static_cast<T>(random() % 2 == 0 ? size : -size);
  }
  x[1] = std::numeric_limits<T>::quiet_NaN();
  x[40] = std::numeric_limits<T>::infinity();
  for (const auto& [isa, kernels] : instruction_sets()) {
    for (const auto& error : xgrad::run::vector_errors) {
      INFO(isa << " " << error.name);
      const std::vector<T> together = run_on(kernels.*error.kernel, x);
      std::size_t different = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        different += same(run_on<T>(kernels.*error.kernel, {x[i]})[0], together[i]) ? 0U : 1U;
      }
      CHECK(different == 0);
    }
  }
}

TEST_CASE_TEMPLATE("vector kernels: the output may be an input, and nothing behind it is written", T, float, double) {
  for (const auto& [isa, kernels] : instruction_sets()) {
    INFO(isa);
    for (std::size_t count = 0; count <= 35; ++count) {
      std::vector<T> a(count + 1, T{3});
      const std::vector<T> b(count, T{4});
      const std::array<const void*, 2> inputs{a.data(), b.data()};
      of_type<T>(kernels.mul)(NoOperation{}, inputs.data(), a.data(), count);
      of_type<T>(kernels.square)(NoOperation{}, inputs.data(), a.data(), count);
      CHECK(std::count(a.begin(), a.end(), T{144}) == static_cast<std::ptrdiff_t>(count));
      CHECK(a.back() == T{3});
    }
  }
}
