#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What a benchmark wrote with --benchmark_out=FILE --benchmark_out_format=json.
namespace bench::report {

struct Measurement {
  double cpu = 0;   ///< nanoseconds of CPU time an iteration
  double real = 0;  ///< nanoseconds an iteration; CPU time of other processes where a benchmark says so (manual time)
  bool manual = false;
  std::map<std::string, double> counters;

  /// The one to compare.
  [[nodiscard]] double nanoseconds() const noexcept { return manual ? real : cpu; }
};

/// All contenders of one workload. Benchmarks are named <workload>/<contender>.
struct Row {
  std::string workload;
  std::map<std::string, Measurement> contenders;
  std::string last;  ///< the contender registered last

  /// Null if there is none.
  [[nodiscard]] const Measurement* find(const std::string& contender) const;
};

struct Failure {
  std::string name;
  std::string message;
};

struct Results {
  std::vector<Row> rows;                ///< in the order of registration
  std::vector<std::string> contenders;  ///< of all rows, each after the one before it in its row
  std::vector<Failure> failures;

  /// By <workload>/<contender>; null if there is none.
  [[nodiscard]] const Measurement* find(const std::string& name) const;
};

/// Adds what is in the file: of repeated measurements the statistic (median, min, mean), else the only one. Throws
/// std::runtime_error if it can't be read.
void read(Results& results, const std::string& file, std::string_view statistic = "median");

}  // namespace bench::report
