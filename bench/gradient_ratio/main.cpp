#include <string>
#include <utility>
#include <vector>

#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::gradient_ratio {

namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Contender> (*make)(const Workload&);
  void (Contender::*work)();
};

const std::vector<Entry> entries{{"value_eager", xgrad_eager, &Contender::value},
                                 {"gradient_eager", xgrad_eager, &Contender::value_and_gradient},
                                 {"value_compiled", xgrad_compiled, &Contender::value},
                                 {"gradient_compiled", xgrad_compiled, &Contender::value_and_gradient}};

void run(benchmark::State& state, const Workload& workload, const Entry& entry) {
  const auto contender = entry.make(workload);
  for (int i = 0; i < 3; ++i) {
    (*contender.*entry.work)();
  }
  for (auto _ : state) {
    (*contender.*entry.work)();
    benchmark::ClobberMemory();
  }
}

void register_network(const std::string& name, const std::vector<std::int64_t>& widths, std::int64_t batch) {
  const auto workload = std::make_shared<const Workload>(mlp_step::make_workload(widths, batch));
  for (const Entry& entry : entries) {
    add("gradient_ratio/" + name + "/" + std::to_string(batch) + "/" + entry.name,
        [=] { return check(*workload, *entry.make(*workload)); },
        [=](benchmark::State& state) { run(state, *workload, entry); });
  }
}

}  // namespace

}  // namespace bench::gradient_ratio

int main(int argc, char** argv) {
  bench::gradient_ratio::register_network("784-30-10", {784, 30, 10}, 32);
  bench::gradient_ratio::register_network("784-512-512-10", {784, 512, 512, 10}, 128);
  return bench::run(argc, argv);
}
