#include <string>
#include <utility>
#include <vector>

#include "../support/suite.hpp"
#include "workload.hpp"

namespace bench::gradient_ratio {

namespace {

struct Entry {
  const char* mode;
  std::unique_ptr<Contender> (*make)(const Workload&);
  const char* name;
  void (Contender::*work)();
};

const std::vector<Entry> entries{{"eager", xgrad_eager, "value", &Contender::value},
                                 {"eager", xgrad_eager, "gradient", &Contender::value_and_gradient},
                                 {"compiled", xgrad_compiled, "value", &Contender::value},
                                 {"compiled", xgrad_compiled, "gradient", &Contender::value_and_gradient}};

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
    add(
        std::string{"gradient_ratio/"} + entry.mode + "/" + name + "/" + std::to_string(batch) + "/" + entry.name,
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
