// bench_ratios [--baseline NAME] [--statistic median|min|mean] FILE...
//
// From results that a benchmark wrote with --benchmark_out=FILE --benchmark_out_format=json: one line per workload, the
// CPU time of the baseline, and each contender's time divided by it. Benchmarks are named <workload>/<contender>.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Options {
  std::string baseline = "by_hand";
  std::string statistic = "median";
  std::vector<std::string> files;
};

struct Workload {
  std::string name;
  std::map<std::string, double> nanoseconds;  // by contender
};

struct Results {
  std::vector<Workload> workloads;
  std::vector<std::string> contenders;
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

double nanoseconds_in(const std::string& unit) {
  static const std::map<std::string, double> units{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  return units.at(unit);
}

void add(Results& results, const nlohmann::json& run) {
  const std::string name = run.at("run_name");
  const std::size_t cut = name.rfind('/');
  if (cut == std::string::npos) {
    return;
  }
  const std::string workload = name.substr(0, cut);
  const std::string contender = name.substr(cut + 1);
  auto place = std::find_if(results.workloads.begin(), results.workloads.end(),
                            [&](const Workload& other) { return other.name == workload; });
  if (place == results.workloads.end()) {
    place = results.workloads.insert(place, {workload, {}});
  }
  place->nanoseconds[contender] = run.at("cpu_time").get<double>() * nanoseconds_in(run.at("time_unit"));
  if (std::find(results.contenders.begin(), results.contenders.end(), contender) == results.contenders.end()) {
    results.contenders.push_back(contender);
  }
}

void read(Results& results, const std::string& file, const std::string& statistic) {
  std::ifstream stream{file};
  if (!stream) {
    throw std::runtime_error("can't read " + file);
  }
  auto runs = nlohmann::json::parse(stream).at("benchmarks");
  // Random interleaving writes them in another order than they were registered in.
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.at("family_index") < b.at("family_index"); });
  const bool aggregated =
      std::any_of(runs.begin(), runs.end(), [](const auto& run) { return run.at("run_type") == "aggregate"; });
  for (const auto& run : runs) {
    const bool wanted = aggregated ? run.value("aggregate_name", "") == statistic : run.at("run_type") == "iteration";
    if (run.value("error_occurred", false)) {
      fmt::print(stderr, "{}: {}\n", run.at("name").get<std::string>(), run.value("error_message", ""));
    } else if (wanted) {
      add(results, run);
    }
  }
}

void print(const Results& results, const std::string& baseline) {
  fmt::print("{:<28}{:>14}", "", baseline + ", us");
  for (const std::string& contender : results.contenders) {
    if (contender != baseline) {
      fmt::print("{:>18}", contender);
    }
  }
  fmt::print("\n");
  for (const Workload& workload : results.workloads) {
    const auto base = workload.nanoseconds.find(baseline);
    if (base == workload.nanoseconds.end()) {
      continue;
    }
    fmt::print("{:<28}{:>14.2f}", workload.name, base->second / 1e3);
    for (const std::string& contender : results.contenders) {
      if (contender != baseline) {
        const auto time = workload.nanoseconds.find(contender);
        fmt::print("{:>18}",
                   time == workload.nanoseconds.end() ? "" : fmt::format("{:.2f}", time->second / base->second));
      }
    }
    fmt::print("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse(argc, argv);
    Results results;
    for (const std::string& file : options.files) {
      read(results, file, options.statistic);
    }
    print(results, options.baseline);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_ratios: {}\n", error.what());
    return 1;
  }
}
