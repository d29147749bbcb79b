#include "run/products/product_timing.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "run/products/product_shape.hpp"

namespace xgrad::run {

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double most_multiplications = 3.2e7;  // that are measured
constexpr Seconds shortest_sample{4e-6};
constexpr Seconds budget{5e-3};         // after the first samples, where times are clear
constexpr Seconds most_budget{2.5e-2};  // where they aren't
constexpr int sure_rounds = 2;          // that every form takes part in
constexpr int least_rounds = 6;
constexpr int most_rounds = 200;
constexpr double hopeless = 1.5;  // times the best time, after the sure rounds
constexpr double alike = 1.04;    // times the best time: an earlier form is as good
constexpr double unclear = 0.02;  // from `alike`: measured for longer

// The longest side shortened until the product is quick to measure.
ProductShape shortened(ProductShape s) noexcept {
  const double all = multiplications(s);
  if (all > most_multiplications) {
    std::int64_t& longest = std::max({std::ref(s.m), std::ref(s.n), std::ref(s.k)}).get();
    const double part = static_cast<double>(longest) * most_multiplications / all;
    longest = std::max<std::int64_t>(static_cast<std::int64_t>(part), 1);
  }
  return s;
}

// Memory aligned like that of tensors, with numbers in [−½, ½).
template <class T>
class Scratch {
 public:
  explicit Scratch(std::int64_t count) : lines_(static_cast<std::size_t>(count) * sizeof(T) / sizeof(Line) + 1) {
    unsigned state = 1;
    std::generate_n(data(), count, [&state] {
      state = state * 1664525U + 1013904223U;
      return static_cast<T>(state >> 8U) / static_cast<T>(1U << 24U) - T{0.5};
    });
  }

  [[nodiscard]] T* data() noexcept { return reinterpret_cast<T*>(lines_.data()); }

 private:
  struct alignas(64) Line {
    std::array<std::byte, 64> bytes;
  };
  std::vector<Line> lines_;
};

struct Contender {
  ProductForm form;
  int calls = 1;  // of a sample
  double best = std::numeric_limits<double>::infinity();
};

double best_time(const std::vector<Contender>& contenders) {
  const auto faster = [](const Contender& x, const Contender& y) { return x.best < y.best; };
  return std::min_element(contenders.begin(), contenders.end(), faster)->best;
}

// The first that is as good as the best: of forms that are alike the same one is taken whatever the noise.
const Contender& winner(const std::vector<Contender>& contenders) {
  const double limit = alike * best_time(contenders);
  return *std::find_if(contenders.begin(), contenders.end(), [limit](const Contender& x) { return x.best <= limit; });
}

// Whether a little noise might have made another the winner.
bool is_unclear(const std::vector<Contender>& contenders) {
  const double best = best_time(contenders);
  return std::any_of(contenders.begin(), contenders.end(),
                     [best](const Contender& x) { return std::abs(x.best / best - alike) < unclear; });
}

// Contenders take turns, so that each finds the operands where the last product with them has left them, and the noise
// of a machine hits all alike. The best of many short samples is what a form takes undisturbed.
template <class T>
ProductForm fastest(const ProductShape& shape, std::span<const ProductForm> forms) {
  Scratch<T> a{shape.m * shape.k};
  Scratch<T> b{shape.k * shape.n};
  Scratch<T> c{shape.m * shape.n};
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
    sample(contender);  // its code, and its packed operands' memory
    contender.best = sample(contender);
    contender.calls = static_cast<int>(std::clamp(std::ceil(shortest_sample.count() / contender.best), 1.0, 1000.0));
  }
  const Clock::time_point start = Clock::now();
  for (int round = 0; round < most_rounds; ++round) {
    const Seconds spent = Clock::now() - start;
    if (round >= least_rounds && spent > (is_unclear(contenders) ? most_budget : budget)) {
      break;
    }
    const double limit = hopeless * best_time(contenders);
    for (Contender& contender : contenders) {
      if (round < sure_rounds || contender.best < limit) {
        contender.best = std::min(contender.best, sample(contender));
      }
    }
  }
  return winner(contenders).form;
}

}  // namespace

ProductForm fastest_product_form(const ProductShape& shape, std::span<const ProductForm> forms) {
  const ProductShape part = shortened(shape);
  return shape.dtype == DType::float32 ? fastest<float>(part, forms) : fastest<double>(part, forms);
}

}  // namespace xgrad::run
