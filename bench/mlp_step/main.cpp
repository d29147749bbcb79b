#include <algorithm>
#include <benchmark/benchmark.h>
#include <string>

#include "workload.hpp"

namespace bench::mlp_step {

namespace {

struct Network {
  const char* name;
  std::vector<std::int64_t> widths;
  std::vector<std::int64_t> batches;
};

struct Entry {
  const char* name;
  std::unique_ptr<Contender> (*make)(const Workload&);
  bool checked;
};

/// A workload and which contenders have been found right, made when first asked for.
class Bench {
 public:
  Bench(const Network& network, std::int64_t batch) : widths_{network.widths}, batch_{batch} {}

  const Workload& workload() {
    if (workload_.layers.empty()) {
      workload_ = make_workload(widths_, batch_);
    }
    return workload_;
  }

  /// Empty if the contender's step is right.
  const std::string& verdict(const Entry& entry) {
    const auto known = std::find_if(verdicts_.begin(), verdicts_.end(),
                                    [&](const auto& verdict) { return verdict.first == entry.make; });
    if (known != verdicts_.end()) {
      return known->second;
    }
    const auto contender = entry.make(workload());
    return verdicts_.emplace_back(entry.make, entry.checked ? check_step(workload(), *contender) : "").second;
  }

 private:
  std::vector<std::int64_t> widths_;
  std::int64_t batch_;
  Workload workload_;
  std::vector<std::pair<decltype(Entry::make), std::string>> verdicts_;
};

void run(benchmark::State& state, Bench& bench, const Entry& entry) {
  if (const std::string& mistake = bench.verdict(entry); !mistake.empty()) {
    state.SkipWithError(mistake.c_str());
    return;
  }
  const auto contender = entry.make(bench.workload());
  for (int i = 0; i < 3; ++i) {
    contender->step();
  }
  for (auto _ : state) {
    contender->step();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * bench.workload().batch);
}

void register_all() {
  const std::vector<Network> networks{{"784-30-10", {784, 30, 10}, {1, 10, 32, 128, 1024}},
                                      {"784-512-512-10", {784, 512, 512, 10}, {1, 32, 128, 1024}},
                                      {"2-3-1", {2, 3, 1}, {1, 10}}};
  const std::vector<Entry> entries{{"by_hand", by_hand, true},
                                   {"by_hand_folded", by_hand_folded, true},
                                   {"by_hand_chunked", by_hand_chunked, true},
                                   {"products", products, false},
                                   {"xgrad_eager", xgrad_eager, true},
                                   {"xgrad_eager_rows", xgrad_eager_rows, true}};
  for (const Network& network : networks) {
    for (const std::int64_t batch : network.batches) {
      const auto bench = std::make_shared<Bench>(network, batch);
      for (const Entry& entry : entries) {
        if ((entry.make == xgrad_eager_rows && batch != 1) || (entry.make == by_hand_chunked && !can_chunk(batch))) {
          continue;
        }
        const std::string name =
            std::string{"mlp_step/"} + network.name + "/" + std::to_string(batch) + "/" + entry.name;
        benchmark::RegisterBenchmark(name.c_str(),
                                     [bench, entry](benchmark::State& state) { run(state, *bench, entry); })
            ->Unit(benchmark::kMicrosecond)
            ->ComputeStatistics(
                "min", [](const std::vector<double>& times) { return *std::min_element(times.begin(), times.end()); });
      }
    }
  }
}

}  // namespace

}  // namespace bench::mlp_step

int main(int argc, char** argv) {
  bench::mlp_step::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
