#include <cmath>
#include <cstdint>
#include <string>
#include <xgrad/xgrad.hpp>

#include "../support/suite.hpp"

/// What it costs to meet a graph for the first time: the gradient of a recurrent network, h ← tanh(x W + h U), of some
/// thousand steps, float32, 4 sequences, 16 units. `first` evaluates a structure that wasn't seen before, which is
/// built beforehand; `node_by_node` the same without plans. `compile` traces and plans a function, which grows with the
/// number of steps.
namespace bench::planning {

namespace {

using xgrad::Tensor;

constexpr std::int64_t batch = 4;
constexpr std::int64_t units = 16;

struct Network {
  xgrad::Random random{1};
  xgrad::Parameter W{(random.normal({units, units}) * 0.1).eval(), "W"};
  xgrad::Parameter U{(random.normal({units, units}) * 0.1).eval(), "U"};
  Tensor x = random.normal({batch, units}).eval();

  [[nodiscard]] std::vector<Tensor> gradients(const Tensor& inputs, std::int64_t steps, std::int64_t odd = -1) const {
    Tensor h = xgrad::zeros({batch, units});
    for (std::int64_t t = 0; t < steps; ++t) {
      h = xgrad::tanh(xgrad::matmul(inputs, W.value()) + xgrad::matmul(h, U.value()));
      h = t == odd ? xgrad::tanh(h) : h;
    }
    return xgrad::gradients(xgrad::sum(xgrad::square(h)), {W.value(), U.value()});
  }
};

// Planned, node by node and compiled alike.
std::string check() {
  constexpr std::int64_t steps = 300;
  const Network network;
  const auto sums = [](const std::vector<Tensor>& gradients) {
    return xgrad::sum(xgrad::square(gradients[0])).item() + xgrad::sum(xgrad::square(gradients[1])).item();
  };
  const double first = sums(network.gradients(network.x, steps));
  const double second = sums(network.gradients(network.x, steps));
  double plain = 0;
  {
    const xgrad::PlanScope scope{{.simplify = false, .fuse = false}};
    plain = sums(network.gradients(network.x, steps));
  }
  auto compiled = xgrad::compile([&](const Tensor& x) { return network.gradients(x, steps); });
  for (const double found : {first, second, sums(compiled(network.x))}) {
    if (!(std::abs(found - plain) <= 1e-4 * plain)) {
      return "the gradient depends on how it is evaluated";
    }
  }
  return "";
}

void run_eval(benchmark::State& state, std::int64_t steps, const xgrad::PlanOptions& options) {
  const Network network;
  const xgrad::PlanScope scope{options};
  static std::int64_t odd = 0;  // the step that is another, so that every structure is new
  for (auto _ : state) {
    state.PauseTiming();
    {
      const auto gradients = network.gradients(network.x, steps, odd++ % steps);
      state.ResumeTiming();
      xgrad::eval(gradients);
      state.PauseTiming();
    }
    state.ResumeTiming();
  }
}

void run_compile(benchmark::State& state, std::int64_t steps) {
  const Network network;
  for (auto _ : state) {
    auto compiled = xgrad::compile([&](const Tensor& x) { return network.gradients(x, steps); });
    benchmark::DoNotOptimize(compiled(network.x));
  }
}

void register_all() {
  const std::string name = "planning/eval/1000/";
  add(name + "first", check, [](benchmark::State& state) { run_eval(state, 1000, {}); });
  add(name + "node_by_node", check,
      [](benchmark::State& state) { run_eval(state, 1000, {.simplify = false, .fuse = false}); });
  for (const std::int64_t steps : {1000, 4000, 16'000}) {
    add("planning/compile/" + std::to_string(steps) + "/xgrad", check,
        [steps](benchmark::State& state) { run_compile(state, steps); });
  }
}

}  // namespace

}  // namespace bench::planning

int main(int argc, char** argv) {
  bench::planning::register_all();
  return bench::run(argc, argv);
}
