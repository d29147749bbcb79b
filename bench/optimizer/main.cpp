#include <cstddef>
#include <string>
#include <vector>

#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::optimizer {

namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Contender> (*make)(const Workload&);
};

const std::vector<Entry> entries{{"by_hand", by_hand},
#ifdef BENCH_LIBTORCH
                                 {"libtorch", libtorch},
#endif
                                 {"xgrad_eager", xgrad_eager},
                                 {"xgrad_compiled", xgrad_compiled}};

/// Where a step finds what the last one left: in the caches as far as they reach, or in memory.
enum class Caches : std::uint8_t { warm, cold };

/// Writes more than the caches hold.
void empty_caches() {
  static Floats other(std::size_t{32} << 20U);
  for (float& each : other) {
    each += 1.0F;
  }
  benchmark::ClobberMemory();
}

void run(benchmark::State& state, const Workload& workload, const Entry& entry, Caches caches) {
  const auto contender = entry.make(workload);
  for (int i = 0; i < 3; ++i) {
    contender->step();
  }
  for (auto _ : state) {
    if (caches == Caches::cold) {
      state.PauseTiming();
      empty_caches();
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(contender->step());
    benchmark::ClobberMemory();
  }
}

void register_rows(const std::string& row, std::int64_t count, Caches caches) {
  const auto workload = std::make_shared<const Workload>(make_workload(count));
  for (const Entry& entry : entries) {
    add(
        "optimizer/" + row + "/" + std::to_string(count) + "/" + entry.name,
        [=] { return check(*workload, *entry.make(*workload)); },
        [=](benchmark::State& state) { run(state, *workload, entry, caches); });
  }
}

void register_all() {
  register_rows("adam", 10'000, Caches::warm);
  register_rows("adam", 1'000'000, Caches::warm);
  register_rows("adam_cold", 1'000'000, Caches::cold);
}

}  // namespace

}  // namespace bench::optimizer

int main(int argc, char** argv) {
  bench::optimizer::register_all();
  return bench::run(argc, argv);
}
