#include <cmath>
#include <cstdint>
#include <string>
#include <xgrad/xgrad.hpp>

#include "../support/suite.hpp"

/// What an inner gradient costs in a loop whose history grows: a particle in the potential k x², x ← x − η ∂(k x²)/∂x,
/// float64. Sixteen times the steps are to cost sixteen times as much, and as much more as it takes to reach memory
/// outside of the nearest caches. `written_out` has the derivative by hand.
namespace bench::nested {

namespace {

using xgrad::Tensor;

constexpr double k = 0.3;
constexpr double rate = 0.01;

Tensor number(double value) {
  return xgrad::scalar(value, xgrad::float64);
}

Tensor moved(Tensor x, std::int64_t steps, bool by_hand) {
  for (std::int64_t i = 0; i < steps; ++i) {
    x = x - rate * (by_hand ? 2 * k * x : xgrad::gradients(k * xgrad::square(x), {x})[0]);
  }
  return x;
}

std::string check() {
  constexpr std::int64_t steps = 100;
  const Tensor x = xgrad::variable(number(1.5));
  const Tensor end = moved(x, steps, false);
  const double factor = std::pow(1 - 2 * k * rate, steps);
  const double slope = xgrad::gradients(end, {x})[0].item();
  return std::abs(end.item() - 1.5 * factor) <= 1e-12 && std::abs(slope - factor) <= 1e-12
             ? ""
             : "the particle isn't where it belongs";
}

void run(benchmark::State& state, std::int64_t steps, bool by_hand) {
  for (auto _ : state) {
    const Tensor x = xgrad::variable(number(1.5));
    benchmark::DoNotOptimize(moved(x, steps, by_hand));
  }
}

void register_all() {
  for (const std::int64_t steps : {100, 1600}) {
    const std::string name = "nested/" + std::to_string(steps) + "/";
    add(name + "xgrad", check, [steps](benchmark::State& state) { run(state, steps, false); });
    add(name + "written_out", check, [steps](benchmark::State& state) { run(state, steps, true); });
  }
}

}  // namespace

}  // namespace bench::nested

int main(int argc, char** argv) {
  bench::nested::register_all();
  return bench::run(argc, argv);
}
