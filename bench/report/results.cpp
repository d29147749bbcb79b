#include "results.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace bench::report {

namespace {

using nlohmann::json;

// Google Benchmark writes NaN and Infinity where a statistic isn't defined, which isn't JSON.
std::string with_null_for_nan(std::string text) {
  for (const std::string_view word : {"-NaN", "NaN", "-Infinity", "Infinity"}) {
    const std::string found = ": " + std::string{word};
    for (std::size_t at = text.find(found); at != std::string::npos; at = text.find(found, at)) {
      text.replace(at, found.size(), ": null");
    }
  }
  return text;
}

double nanoseconds_in(const std::string& unit) {
  static const std::map<std::string, double> units{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  return units.at(unit);
}

/// Removes what Google Benchmark appends to a name for its own purposes; whether times are manual.
bool strip_suffixes(std::string& name) {
  bool manual = false;
  for (;;) {
    const std::size_t cut = name.rfind('/');
    const std::string_view suffix = cut == std::string::npos ? "" : std::string_view{name}.substr(cut + 1);
    if (suffix != "manual_time" && suffix != "real_time" && !suffix.starts_with("iterations:")) {
      return manual;
    }
    manual = manual || suffix == "manual_time";
    name.resize(cut);
  }
}

std::map<std::string, double> counters_of(const json& run) {
  static const std::vector<std::string> own{
      "family_index", "per_family_instance_index", "repetitions", "threads", "iterations", "real_time", "cpu_time",
      "time_unit",    "repetition_index"};
  std::map<std::string, double> counters;
  for (const auto& [key, value] : run.items()) {
    if (value.is_number() && std::find(own.begin(), own.end(), key) == own.end()) {
      counters[key] = value.get<double>();
    }
  }
  return counters;
}

void add(Results& results, const json& run) {
  std::string name = run.at("run_name");
  const bool manual = strip_suffixes(name);
  const std::size_t cut = name.rfind('/');
  if (cut == std::string::npos) {
    return;
  }
  const std::string workload = name.substr(0, cut);
  const std::string contender = name.substr(cut + 1);
  auto row = std::find_if(results.rows.begin(), results.rows.end(),
                          [&](const Row& other) { return other.workload == workload; });
  if (row == results.rows.end()) {
    row = results.rows.insert(row, {workload, {}, {}});
  }
  const double unit = nanoseconds_in(run.at("time_unit"));
  row->contenders[contender] = {run.at("cpu_time").get<double>() * unit, run.at("real_time").get<double>() * unit,
                                manual, counters_of(run)};
  auto& order = results.contenders;
  if (std::find(order.begin(), order.end(), contender) == order.end()) {
    const auto previous = std::find(order.begin(), order.end(), row->last);
    order.insert(previous == order.end() ? previous : previous + 1, contender);
  }
  row->last = contender;
}

}  // namespace

const Measurement* Row::find(const std::string& contender) const {
  const auto found = contenders.find(contender);
  return found == contenders.end() ? nullptr : &found->second;
}

const Measurement* Results::find(const std::string& name) const {
  const std::size_t cut = name.rfind('/');
  for (const Row& row : rows) {
    if (cut != std::string::npos && row.workload == name.substr(0, cut)) {
      return row.find(name.substr(cut + 1));
    }
  }
  return nullptr;
}

void read(Results& results, const std::string& file, std::string_view statistic) {
  std::ifstream stream{file};
  if (!stream) {
    throw std::runtime_error("can't read " + file);
  }
  std::string text{std::istreambuf_iterator<char>{stream}, {}};
  json runs = json::parse(with_null_for_nan(std::move(text))).at("benchmarks");
  // Random interleaving writes them in another order than they were registered in.
  std::stable_sort(runs.begin(), runs.end(),
                   [](const json& a, const json& b) { return a.at("family_index") < b.at("family_index"); });
  const bool aggregated =
      std::any_of(runs.begin(), runs.end(), [](const json& run) { return run.at("run_type") == "aggregate"; });
  for (const json& run : runs) {
    if (run.value("error_occurred", false)) {
      std::string name = run.at("run_name");
      strip_suffixes(name);
      if (std::none_of(results.failures.begin(), results.failures.end(),
                       [&](const Failure& failure) { return failure.name == name; })) {
        results.failures.push_back({name, run.value("error_message", "")});
      }
    } else if (aggregated ? run.value("aggregate_name", "") == statistic : run.at("run_type") == "iteration") {
      add(results, run);
    }
  }
}

}  // namespace bench::report
