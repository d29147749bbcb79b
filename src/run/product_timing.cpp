#include "run/product_timing.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "run/blas.hpp"
#include "run/product_shape.hpp"

namespace xgrad::run {

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double most_multiplications = 4e6;           // that are measured on one thread
constexpr double most_threaded_multiplications = 2e7;  // and on several
constexpr Seconds budget{2.5e-3};                      // after the first sample of each form
constexpr Seconds shortest_sample{4e-6};
constexpr int most_rounds = 20;
constexpr int sure_rounds = 2;
constexpr double clearly_faster = 0.93;  // of the first form's time
constexpr double hopeless = 1.5;         // of the best time, after the sure rounds

// The longest side shortened until the product is quick to measure.
ProductShape shortened(ProductShape s) noexcept {
  const double all = multiplications(s);
  const double most = blas_threads(s.m, s.n, s.k) == 1 ? most_multiplications : most_threaded_multiplications;
  if (all > most) {
    std::int64_t& longest = std::max({std::ref(s.m), std::ref(s.n), std::ref(s.k)}).get();
    longest = std::max<std::int64_t>(static_cast<std::int64_t>(static_cast<double>(longest) * most / all), 1);
  }
  return s;
}

template <class T>
std::vector<T> scratch(std::int64_t count) {
  std::vector<T> result(static_cast<std::size_t>(count));
  unsigned state = 1;
  std::generate(result.begin(), result.end(), [&state] {
    state = state * 1664525U + 1013904223U;
    return static_cast<T>(state >> 8U) / static_cast<T>(1U << 24U) - T{0.5};
  });
  return result;
}

struct Contender {
  ProductForm form;
  int calls = 1;  // of a sample
  double best = std::numeric_limits<double>::infinity();
};

template <class T>
ProductForm fastest(const ProductShape& shape, std::span<const ProductForm> forms) {
  const std::vector<T> a = scratch<T>(shape.m * shape.k);
  const std::vector<T> b = scratch<T>(shape.k * shape.n);
  std::vector<T> c(static_cast<std::size_t>(shape.m * shape.n));
  const T beta = shape.adds ? T{1} : T{0};
  const auto sample = [&](const Contender& contender) {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < contender.calls; ++i) {
      product<T>(shape, contender.form, T{1}, a.data(), b.data(), beta, c.data());
    }
    return Seconds{Clock::now() - start}.count() / contender.calls;
  };
  std::vector<Contender> contenders;
  sample({forms.front()});  // warms up
  for (const ProductForm& form : forms) {
    Contender& contender = contenders.emplace_back(Contender{form});
    contender.best = sample(contender);
    contender.calls = static_cast<int>(std::clamp(std::ceil(shortest_sample.count() / contender.best), 1.0, 1000.0));
  }
  const auto faster = [](const Contender& x, const Contender& y) { return x.best < y.best; };
  const Clock::time_point start = Clock::now();
  for (int round = 0; round < most_rounds && Clock::now() - start < budget; ++round) {
    const double limit = hopeless * std::min_element(contenders.begin(), contenders.end(), faster)->best;
    for (Contender& contender : contenders) {
      if (round < sure_rounds || contender.best < limit || &contender == &contenders.front()) {
        contender.best = std::min(contender.best, sample(contender));
      }
    }
  }
  const Contender& winner = *std::min_element(contenders.begin(), contenders.end(), faster);
  return winner.best < clearly_faster * contenders.front().best ? winner.form : contenders.front().form;
}

}  // namespace

ProductForm fastest_product_form(const ProductShape& shape, std::span<const ProductForm> forms) {
  const ProductShape part = shortened(shape);
  return shape.dtype == DType::float32 ? fastest<float>(part, forms) : fastest<double>(part, forms);
}

}  // namespace xgrad::run
