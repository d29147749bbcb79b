#pragma once

#include <benchmark/benchmark.h>
#include <functional>
#include <string>

/// What all benchmarks have in common.
namespace bench {

/// Registers a contender under "<workload>/<contender>". Before it is timed for the first time `check` is called, once,
/// and says what is wrong with its result; if that isn't empty, the contender fails with it and gets no time. Times are
/// in microseconds; the minimum over repetitions is reported besides the usual statistics.
benchmark::internal::Benchmark* add(const std::string& name, std::function<std::string()> check,
                                    std::function<void(benchmark::State&)> timed);

/// The main function of every benchmark.
int run(int argc, char** argv);

}  // namespace bench
