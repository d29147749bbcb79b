#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::elementwise {

namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Contender> (*make)(const Floats&);
};

struct Part {
  const char* name;
  void (Contender::*work)();
  std::string (*check)(const Floats&, Contender&);
};

const std::vector<Part> parts{{"forward", &Contender::forward, check_forward},
                              {"gradient", &Contender::gradient, check_gradient}};

const std::vector<Entry> entries{{"by_hand", by_hand},
                                 {"xtensor", xtensor},
#ifdef BENCH_LIBTORCH
                                 {"libtorch", libtorch},
#endif
                                 {"xgrad_eager", xgrad_eager},
                                 {"xgrad_compiled", xgrad_compiled}};

/// Made when first asked for.
const Floats& input(std::int64_t count) {
  static std::map<std::int64_t, Floats> inputs;
  Floats& x = inputs[count];
  if (x.empty()) {
    x = make_input(count);
  }
  return x;
}

void run(benchmark::State& state, std::int64_t count, const Part& part, const Entry& entry) {
  const auto contender = entry.make(input(count));
  for (int i = 0; i < 2; ++i) {
    (*contender.*part.work)();
  }
  for (auto _ : state) {
    (*contender.*part.work)();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * count);
}

void register_all() {
  for (const Part& part : parts) {
    for (const std::int64_t count : {1'000, 10'000, 100'000, 1'000'000, 10'000'000}) {
      for (const Entry& entry : entries) {
        add(
            std::string{"elementwise/"} + part.name + "/" + std::to_string(count) + "/" + entry.name,
            [=] { return part.check(input(count), *entry.make(input(count))); },
            [=](benchmark::State& state) { run(state, count, part, entry); });
      }
    }
  }
}

}  // namespace

}  // namespace bench::elementwise

int main(int argc, char** argv) {
  bench::elementwise::register_all();
  return bench::run(argc, argv);
}
