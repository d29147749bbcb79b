#include <string>
#include <utility>
#include <vector>

#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::random {

namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Contender> (*make)(const Workload&);
};

const std::vector<std::pair<const char*, Kind>> kinds{{"uniform", Kind::uniform},
                                                      {"normal", Kind::normal},
                                                      {"bernoulli", Kind::bernoulli},
                                                      {"permutation", Kind::permutation}};

const std::vector<Entry> entries{
#ifdef BENCH_LIBTORCH
    {"libtorch", libtorch},
#endif
    {"xgrad_eager", xgrad_eager}};

void run(benchmark::State& state, const Workload& workload, const Entry& entry) {
  const auto contender = entry.make(workload);
  contender->run();
  for (auto _ : state) {
    contender->run();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * workload.count);
}

void register_all() {
  for (const auto& [name, kind] : kinds) {
    const Workload workload{kind, 1'000'000};
    for (const Entry& entry : entries) {
      add(
          std::string{"random/"} + name + "/" + std::to_string(workload.count) + "/" + entry.name,
          [=] { return check(workload, *entry.make(workload)); },
          [=](benchmark::State& state) { run(state, workload, entry); });
    }
  }
}

}  // namespace

}  // namespace bench::random

int main(int argc, char** argv) {
  bench::random::register_all();
  return bench::run(argc, argv);
}
