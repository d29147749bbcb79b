// bench_ratios [--baseline NAME] [--statistic median|min|mean] FILE...
//
// From results of benchmarks: one line per workload, the CPU time of the baseline, and each contender's time divided by
// it.
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <stdexcept>
#include <string>
#include <vector>

#include "results.hpp"

namespace bench::report {

namespace {

struct Options {
  std::string baseline = "by_hand";
  std::string statistic = "median";
  std::vector<std::string> files;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--baseline" || argument == "--statistic") {
      if (++i == argc) {
        throw std::runtime_error(argument + " needs a value");
      }
      (argument == "--baseline" ? options.baseline : options.statistic) = argv[i];
    } else {
      options.files.push_back(argument);
    }
  }
  if (options.files.empty()) {
    throw std::runtime_error("usage: bench_ratios [--baseline NAME] [--statistic median|min|mean] FILE...");
  }
  return options;
}

void print(const Results& results, const std::string& baseline) {
  fmt::print("{:<28}{:>14}", "", baseline + ", us");
  for (const std::string& contender : results.contenders) {
    if (contender != baseline) {
      fmt::print("{:>18}", contender);
    }
  }
  fmt::print("\n");
  for (const Row& row : results.rows) {
    const Measurement* base = row.find(baseline);
    if (base == nullptr) {
      continue;
    }
    fmt::print("{:<28}{:>14.2f}", row.workload, base->nanoseconds() / 1e3);
    for (const std::string& contender : results.contenders) {
      if (contender != baseline) {
        const Measurement* other = row.find(contender);
        fmt::print("{:>18}", other == nullptr ? "" : fmt::format("{:.2f}", other->nanoseconds() / base->nanoseconds()));
      }
    }
    fmt::print("\n");
  }
  for (const auto& [name, message] : results.failures) {
    fmt::print(stderr, "{}: {}\n", name, message);
  }
}

}  // namespace

}  // namespace bench::report

int main(int argc, char** argv) {
  try {
    const auto options = bench::report::parse(argc, argv);
    bench::report::Results results;
    for (const std::string& file : options.files) {
      read(results, file, options.statistic);
    }
    bench::report::print(results, options.baseline);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_ratios: {}\n", error.what());
    return 1;
  }
}
