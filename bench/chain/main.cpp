#include <algorithm>
#include <benchmark/benchmark.h>
#include <cmath>
#include <string>
#include <vector>

#include "workload.hpp"

namespace bench::chain {

namespace {

using Contender = Result (*)(Graph, std::int64_t, float, Phases&);

bool near(double found, double expected) {
  return std::abs(found - expected) <= 1e-3 * std::abs(expected);
}

void run(benchmark::State& state, Graph graph, std::int64_t count, Contender contender) {
  // `volatile`, so that no loop is computed beforehand.
  volatile float x = 1.0F;
  Phases unused;
  const Result expected = plain_loop(graph, count, x, unused);
  const Result found = contender(graph, count, x, unused);
  if (!near(found.value, expected.value) || !near(found.derivative, expected.derivative)) {
    state.SkipWithError("value or derivative isn't that of the plain loop");
    return;
  }
  Phases phases;
  for (auto _ : state) {
    benchmark::DoNotOptimize(contender(graph, count, x, phases));
  }
  const double operations = static_cast<double>(count) * (graph == Graph::chain ? 1 : 2);
  const double nanoseconds = 1e9 / (operations * static_cast<double>(state.iterations()));
  state.SetItemsProcessed(static_cast<std::int64_t>(operations) * state.iterations());
  // A phase that a contender doesn't have gets no counter: statistics of zeros are NaN, which JSON doesn't know.
  for (const auto& [name, seconds] : {std::pair{"ns_build", phases.build},
                                      {"ns_differentiate", phases.differentiate},
                                      {"ns_evaluate", phases.evaluate},
                                      {"ns_free", phases.release}}) {
    if (seconds > 0) {
      state.counters[name] = seconds * nanoseconds;
    }
  }
}

void register_all() {
  for (const Graph graph : {Graph::chain, Graph::fan_out}) {
    for (const std::int64_t count : {1'000, 100'000, 1'000'000}) {
      for (const auto& [name, contender] :
           {std::pair<const char*, Contender>{"plain_loop", plain_loop}, {"xgrad_eager", xgrad_eager}}) {
        const std::string title =
            std::string{graph == Graph::chain ? "chain/" : "fan_out/"} + std::to_string(count) + "/" + name;
        const Contender function = contender;
        benchmark::RegisterBenchmark(title.c_str(),
                                     [=](benchmark::State& state) { run(state, graph, count, function); })
            ->Unit(benchmark::kMicrosecond)
            ->ComputeStatistics(
                "min", [](const std::vector<double>& times) { return *std::min_element(times.begin(), times.end()); });
      }
    }
  }
}

}  // namespace

}  // namespace bench::chain

int main(int argc, char** argv) {
  bench::chain::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
