#include <string>
#include <utility>
#include <vector>

#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::pooling {

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
  contender->run();
  for (auto _ : state) {
    contender->run();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(workload.x.size()));
}

void register_all() {
  for (const auto& [name, kind] : {std::pair{"max", Kind::max}, {"average", Kind::average}}) {
    const auto workload = std::make_shared<const Workload>(make_workload(kind, 32, 16, 28));
    for (const Entry& entry : entries) {
      add(
          std::string{"pooling/"} + name + "/32x16x28x28/" + entry.name,
          [=] { return check(*workload, *entry.make(*workload)); },
          [=](benchmark::State& state) { run(state, *workload, entry); });
    }
  }
}

}  // namespace

}  // namespace bench::pooling

int main(int argc, char** argv) {
  bench::pooling::register_all();
  return bench::run(argc, argv);
}
