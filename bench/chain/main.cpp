#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::chain {

namespace {

using Contender = Result (*)(Graph, std::int64_t, float, Phases&);

struct Entry {
  const char* name;
  Contender contender;
  std::int64_t largest = 1'000'000;
};

// libtorch takes half a minute for a million operations.
const std::vector<Entry> entries{{"plain_loop", plain_loop},
#ifdef BENCH_LIBTORCH
                                 {"libtorch", libtorch, 100'000},
#endif
                                 {"xgrad_eager", xgrad_eager}};

// `volatile`, so that no loop is computed beforehand.
volatile float start = 1.0F;

bool near(double found, double expected) {
  return std::abs(found - expected) <= 1e-3 * std::abs(expected);
}

std::string check(Graph graph, std::int64_t count, Contender contender) {
  Phases unused;
  const Result expected = plain_loop(graph, count, start, unused);
  const Result found = contender(graph, count, start, unused);
  return near(found.value, expected.value) && near(found.derivative, expected.derivative)
             ? ""
             : "value or derivative isn't that of the plain loop";
}

void run(benchmark::State& state, Graph graph, std::int64_t count, Contender contender) {
  Phases phases;
  for (auto _ : state) {
    benchmark::DoNotOptimize(contender(graph, count, start, phases));
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
      for (const Entry& entry : entries) {
        if (count > entry.largest) {
          continue;
        }
        const Contender contender = entry.contender;
        add(
            std::string{graph == Graph::chain ? "chain/" : "fan_out/"} + std::to_string(count) + "/" + entry.name,
            [=] { return check(graph, count, contender); },
            [=](benchmark::State& state) { run(state, graph, count, contender); });
      }
    }
  }
}

}  // namespace

}  // namespace bench::chain

int main(int argc, char** argv) {
  bench::chain::register_all();
  return bench::run(argc, argv);
}
