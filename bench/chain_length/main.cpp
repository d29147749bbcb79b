#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <xgrad/xgrad.hpp>

#include "../support/suite.hpp"
#include "../support/xgrad.hpp"
#include "by_hand.hpp"

/// A chain of 10 to 63 element-wise operations, which run in one pass: h ← h ⊙ x, h ← x − h, h ← |h| in turn, from
/// h = x. No operation takes longer than reading its operands does, so this is what an operation more in a pass costs.
/// float32, x in [−1, 1). Rows: forward leaves h in memory; gradient gives Σ h and ∂(Σ h)/∂x. Then the number of
/// operations, and of elements.
namespace bench::chain_length {

namespace {

using xgrad::Tensor;

Tensor chain(const Tensor& x, int length) {
  Tensor h = x;
  for (int k = 0; k < length; ++k) {
    h = k % 3 == 0 ? h * x : k % 3 == 1 ? x - h : xgrad::abs(h);
  }
  return h;
}

Floats input(std::int64_t count) {
  std::mt19937 random{7};
  std::uniform_real_distribution<float> range{-1.0F, 1.0F};
  Floats x(static_cast<std::size_t>(count));
  std::generate(x.begin(), x.end(), [&] { return range(random); });
  return x;
}

/// What a contender found.
struct Found {
  Floats h;  // of forward
  double sum = 0;
  Floats dx;  // of gradient
};

// Beside plain loops in double. An element whose path through |h| rounding may change has no certain slope, but there
// are few: h is continuous, and they are left out.
std::string check(const Floats& x, int length, const Found& found) {
  constexpr double tolerance = 2e-5;
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto at = static_cast<double>(x[i]);
    double h = at;
    double slope = 1;
    bool is_certain = true;
    for (int k = 0; k < length; ++k) {
      slope = k % 3 == 0 ? slope * at + h : k % 3 == 1 ? 1 - slope : h < 0 ? -slope : slope;
      is_certain = is_certain && (k % 3 != 2 || std::abs(h) > tolerance);
      h = k % 3 == 0 ? h * at : k % 3 == 1 ? at - h : std::abs(h);
    }
    sum += h;
    if (!found.h.empty() && !(std::abs(static_cast<double>(found.h[i]) - h) <= tolerance)) {
      return "element " + std::to_string(i) + " isn't that of plain loops";
    }
    if (!found.dx.empty() && is_certain &&
        !(std::abs(static_cast<double>(found.dx[i]) - slope) <= tolerance * (1 + std::abs(slope)))) {
      return "the gradient at element " + std::to_string(i) + " isn't that of plain loops";
    }
  }
  const bool is_sum = found.dx.empty() || std::abs(found.sum - sum) <= tolerance * static_cast<double>(x.size());
  return is_sum ? "" : "the sum isn't that of plain loops";
}

enum class Part : std::uint8_t { forward, gradient };

/// Runs once; asked for what it found, it says so.
using Contender = std::function<void(Found*)>;
using Make = Contender (*)(const Floats& x, int length, Part part);

Contender by_hand(const Floats& x, int length, Part part) {
  return [&x, length, part, result = Floats(x.size())](Found* found) mutable {
    double sum = 0;
    if (part == Part::forward) {
      forward_by_hand(length, x, result);
    } else {
      sum = gradient_by_hand(length, x, result);
    }
    benchmark::DoNotOptimize(sum);
    if (found != nullptr) {
      *found = part == Part::forward ? Found{result, 0, {}} : Found{{}, sum, result};
    }
  };
}

void tell(Found* found, Part part, const Tensor& result, double sum) {
  if (found != nullptr) {
    *found = part == Part::forward ? Found{floats_of(result), 0, {}} : Found{{}, sum, floats_of(result)};
  }
}

Contender xgrad_eager(const Floats& values, int length, Part part) {
  const Tensor x = xgrad::variable(xgrad_tensor(values, {static_cast<std::int64_t>(values.size())}));
  return [=, result = Tensor{}](Found* found) mutable {
    double sum = 0;
    if (part == Part::forward) {
      result = chain(x.detach(), length).eval();
    } else {
      auto [value, gradients] = xgrad::value_and_gradients(xgrad::sum(chain(x, length)), {x});
      sum = value.item();
      result = std::move(gradients[0]);
    }
    tell(found, part, result, sum);
  };
}

Contender xgrad_compiled(const Floats& values, int length, Part part) {
  const Tensor x = xgrad_tensor(values, {static_cast<std::int64_t>(values.size())});
  if (part == Part::forward) {
    auto forward = std::make_shared<decltype(xgrad::compile(std::function<Tensor(const Tensor&)>{}))>(
        xgrad::compile(std::function<Tensor(const Tensor&)>{[length](const Tensor& at) { return chain(at, length); }}));
    return [=, result = Tensor{}](Found* found) mutable {
      result = (*forward)(x);
      tell(found, part, result, 0);
    };
  }
  const auto traced = [length](const Tensor& at) {
    const Tensor sum = xgrad::sum(chain(at, length));
    return std::tuple{sum, xgrad::gradients(sum, {at})[0]};
  };
  auto gradient = std::make_shared<decltype(xgrad::compile(traced))>(xgrad::compile(traced));
  return [=, result = Tensor{}](Found* found) mutable {
    auto [sum, dx] = (*gradient)(x);
    result = std::move(dx);
    tell(found, part, result, sum.item());
  };
}

void register_row(const std::string& row, std::int64_t count, int length, Part part) {
  const auto x = std::make_shared<const Floats>(input(count));
  const std::pair<const char*, Make> contenders[] = {// NOLINT(modernize-avoid-c-arrays)
                                                     {"by_hand", by_hand},
                                                     {"xgrad_eager", xgrad_eager},
                                                     {"xgrad_compiled", xgrad_compiled}};
  for (const auto& each : contenders) {
    const Make make = each.second;
    const auto verify = [=] {
      Found found;
      make(*x, length, part)(&found);
      return check(*x, length, found);
    };
    add(row + each.first, verify, [=](benchmark::State& state) {
      const Contender contender = make(*x, length, part);
      contender(nullptr);
      contender(nullptr);
      for (auto _ : state) {
        contender(nullptr);
        benchmark::ClobberMemory();
      }
      state.SetItemsProcessed(state.iterations() * count * length);
    });
  }
}

void register_all() {
  for (const auto& [name, part] : {std::pair{"forward", Part::forward}, {"gradient", Part::gradient}}) {
    for (const int length : lengths) {
      for (const std::int64_t count : {10'000, 1'000'000}) {
        register_row(
            std::string{"chain_length/"} + name + "/" + std::to_string(length) + "/" + std::to_string(count) + "/",
            count, length, part);
      }
    }
  }
}

}  // namespace

}  // namespace bench::chain_length

int main(int argc, char** argv) {
  bench::chain_length::register_all();
  return bench::run(argc, argv);
}
