#include <string>
#include <utility>
#include <vector>

#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::reductions {

namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Contender> (*make)(const Workload&);
};

const std::vector<std::pair<const char*, Operation>> operations{
    {"softmax", Operation::softmax},  {"log_softmax", Operation::log_softmax}, {"logsumexp", Operation::logsumexp},
    {"sum", Operation::sum},          {"sum_axis_0", Operation::sum_axis_0},   {"sum_axis_1", Operation::sum_axis_1},
    {"distance", Operation::distance}};

const std::vector<Entry> entries{{"by_hand", by_hand},
                                 {"xtensor", xtensor},
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
  state.SetItemsProcessed(state.iterations() * workload.rows * workload.columns);
}

void register_all() {
  for (const auto& [name, operation] : operations) {
    for (const auto& [rows, columns] : {std::pair{128, 10}, {1024, 512}, {64, 10'000}}) {
      const auto workload = std::make_shared<const Workload>(make_workload(operation, rows, columns));
      for (const Entry& entry : entries) {
        add(
            std::string{"reductions/"} + name + "/" + std::to_string(rows) + "x" + std::to_string(columns) + "/" +
                entry.name,
            [=] { return check(*workload, *entry.make(*workload)); },
            [=](benchmark::State& state) { run(state, *workload, entry); });
      }
    }
  }
}

}  // namespace

}  // namespace bench::reductions

int main(int argc, char** argv) {
  bench::reductions::register_all();
  return bench::run(argc, argv);
}
