#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/resource.h>

#include "../support/suite.hpp"

/// How long a user's file takes to compile: CPU seconds of the compiler, which the manual time of these benchmarks is.
/// A command that fails has no time. The file named by BENCH_COMMANDS has a contender a line, its name, a tab and a
/// shell command that compiles.
namespace bench::compile_time {

namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

/// Of all children that have ended.
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

void run(benchmark::State& state, const std::string& command) {
  for (auto _ : state) {
    const double before = cpu_seconds();
    if (std::system(command.c_str()) != 0) {
      state.SkipWithError("it doesn't compile");
      break;
    }
    state.SetIterationTime(cpu_seconds() - before);
  }
}

void register_all() {
  std::ifstream stream{BENCH_COMMANDS};
  if (!stream) {
    throw std::runtime_error("can't read " BENCH_COMMANDS);
  }
  for (std::string name, command; std::getline(stream, name, '\t') && std::getline(stream, command);) {
    add(
        "compile_time/" + name, [] { return std::string{}; }, [=](benchmark::State& state) { run(state, command); })
        ->Unit(benchmark::kMillisecond)
        ->Iterations(1)
        ->UseManualTime();
  }
}

}  // namespace

}  // namespace bench::compile_time

int main(int argc, char** argv) {
  bench::compile_time::register_all();
  return bench::run(argc, argv);
}
