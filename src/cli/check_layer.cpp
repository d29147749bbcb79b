#include "cli/check_layer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <iterator>
#include <vector>

#include "xgrad/check.hpp"
#include "xgrad/random.hpp"

#include "cli/arguments.hpp"
#include "cli/check_report.hpp"
#include "cli/json_output.hpp"
#include "cli/layer_problems.hpp"
#include "cli/network.hpp"

namespace xgrad::cli {
namespace {

std::string layer_names() {
  std::vector<std::string> names;
  std::transform(checked_layers().begin(), checked_layers().end(), std::back_inserter(names),
                 [](const CheckedLayer& entry) { return std::string{entry.name}; });
  return alternatives(names);
}

const CheckedLayer& entry_of(const std::string& name) {
  for (const CheckedLayer& entry : checked_layers()) {
    if (entry.name == name) {
      return entry;
    }
  }
  throw UsageError(fmt::format("--layer '{}': expected list, {}", name, layer_names()));
}

int print_list() {
  for (const CheckedLayer& entry : checked_layers()) {
    std::cout << fmt::format("{:<18}  {}\n", entry.name, entry.formula);
  }
  return exit_code::success;
}

}  // namespace

int check_layer(const LayerCheck& options) {
  if (options.name == "list") {
    if (options.json) {
      throw UsageError("--layer list checks nothing: expected it without --json");
    }
    return print_list();
  }
  const CheckedLayer& entry = entry_of(options.name);
  const JsonOutput json{options.json};
  Random random{options.seed};
  LayerProblem problem = entry.draw(options.dtype, random);
  problem.options.manual_source = fmt::format("by hand, after {}", entry.source);
  problem.options.numeric.max_entries = options.max_entries;
  problem.options.numeric.seed = options.seed;
  check::Report report =
      check::compare_backward(problem.forward, problem.inputs, problem.parameters, problem.manual, problem.options);
  report.title = fmt::format("{}, {}, seed {}", entry.name, problem.sizes, options.seed);
  return print_report(report, json,
                      {{"layer", entry.name}, {"max_entries", options.max_entries}, {"seed", options.seed}});
}

}  // namespace xgrad::cli
