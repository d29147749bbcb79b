#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The files beside the results: kept by hand (targets, reasons) or written by scripts/bench (facts). In all of them an
/// empty line, or one that starts with #, is skipped. Functions throw std::runtime_error if they can't read a file or a
/// line.
namespace bench::report {

/// Whether the name is the pattern; one * in it stands for any characters.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view name);

/// name | target | quantity | numerator [| denominator]
struct Target {
  std::string name;
  double limit = 0;
  std::string quantity;     ///< cpu, real, a counter, or fact
  std::string numerator;    ///< <results>:<workload>/<contender>, of which the largest counts; or the key of a fact
  std::string denominator;  ///< likewise, without *; empty: the numerator's quantity itself
};
[[nodiscard]] std::vector<Target> read_targets(const std::string& file);

/// Pairs in the order of the file.
using Pairs = std::vector<std::pair<std::string, std::string>>;
/// Lines of a key, the separator and a value.
[[nodiscard]] Pairs read_pairs(const std::string& file, std::string_view separator);

}  // namespace bench::report
