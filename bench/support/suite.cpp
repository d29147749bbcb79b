#include "suite.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace bench {

benchmark::internal::Benchmark* add(const std::string& name, std::function<std::string()> check,
                                    std::function<void(benchmark::State&)> timed) {
  const auto verdict = std::make_shared<std::optional<std::string>>();
  return benchmark::RegisterBenchmark(
             name.c_str(),
             [check = std::move(check), timed = std::move(timed), verdict](benchmark::State& state) {
               if (!*verdict) {
                 *verdict = check();
               }
               if (!(*verdict)->empty()) {
                 state.SkipWithError((*verdict)->c_str());
                 return;
               }
               timed(state);
             })
      ->Unit(benchmark::kMicrosecond)
      ->ComputeStatistics(
          "min", [](const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); });
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace bench
