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

void run(benchmark::State& state, const Workload& workload, const Entry& entry) {
  const auto contender = entry.make(workload);
  for (int i = 0; i < 3; ++i) {
    contender->step();
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(contender->step());
    benchmark::ClobberMemory();
  }
}

void register_all() {
  for (const std::int64_t count : {10'000, 1'000'000}) {
    const auto workload = std::make_shared<const Workload>(make_workload(count));
    for (const Entry& entry : entries) {
      add(
          std::string{"optimizer/adam/"} + std::to_string(count) + "/" + entry.name,
          [=] { return check(*workload, *entry.make(*workload)); },
          [=](benchmark::State& state) { run(state, *workload, entry); });
    }
  }
}

}  // namespace

}  // namespace bench::optimizer

int main(int argc, char** argv) {
  bench::optimizer::register_all();
  return bench::run(argc, argv);
}
