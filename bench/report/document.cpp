// bench_document --results DIR --facts FILE --targets FILE --reasons FILE [--plot FILE]
//
// Writes docs/benchmarks.md to the standard output: facts about the machine and the commands as scripts/bench found
// them, the targets, and a table of ratios per workload from the files DIR/<workload>.json. --plot writes the numbers
// that report/plot.gp draws.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "lists.hpp"
#include "results.hpp"

namespace bench::report {

namespace {

struct Options {
  std::string results;
  std::string facts;
  std::string targets;
  std::string reasons;
  std::string plot;
};

struct Section {
  std::string file;  ///< of the results, without .json
  std::string title;
  std::string text;
  std::string baseline;
  bool real_time = false;                        ///< compare elapsed time
  bool contest = true;                           ///< whether a row can be lost
  std::vector<std::string> out_of_contest = {};  ///< contenders that aren't rivals
  std::vector<std::string> counters = {};
};

const std::vector<Section> sections{
    {"mlp_step",
     "One training step",
     "Forward, quadratic loss, backward and plain SGD of a sigmoid network in float32, the loss read in every step. "
     "Rows: "
     "layer widths and batch. `products` are the step's matrix products alone, as one would call them: no step, and so "
     "no rival.",
     "by_hand",
     false,
     true,
     {"products"}},
    {"threads", "Two threads", "The compiled step on two cores, elapsed time.", "xgrad_compiled", true, false},
    {"elementwise", "A chain of element-wise operations",
     "y = σ(a x + b) ⊙ tanh(c x) + e^(−x²), ten operations; forward alone, and Σ y with its gradient. Rows: number of "
     "elements.",
     "by_hand"},
    {"reductions", "Reductions", "Over each row of a matrix, or sums. Rows: rows × columns.", "by_hand"},
    {"chain",
     "The price of a node",
     "Graphs of scalars, built, differentiated, evaluated and freed. `plain_loop` is the arithmetic alone, for scale, "
     "and "
     "no rival.",
     "plain_loop",
     false,
     true,
     {"plain_loop"},
     {"ns_build", "ns_differentiate", "ns_evaluate", "ns_free"}},
    {"gradient_ratio", "Gradient beside value", "The loss of a network, alone and with its gradient.", "value", false,
     false},
    {"numeric", "Differences beside the derived gradient",
     "Every entry of every parameter of a small network in float64, with error estimates, as the gradient check takes "
     "them.",
     "automatic", false, false},
    {"parts", "Gradients of many parts of one tensor",
     "A training step of a recurrent network whose steps take parts of one tensor. Rows: how, and the number of steps. "
     "`by_hand` is the same on CBLAS, without a graph: what it reads and writes grows from 0.5 MB to 2 MB.",
     "xgrad_compiled", false, false},
    {"convolution", "Convolutions",
     "A convolution with both of its gradients, and LeNet-5 with mean pooling and its gradient, float32, one thread. "
     "Rows: channels, kernel, image, batch. `by_hand` multiplies columns of an image on CBLAS.",
     "by_hand"},
    {"planning", "A graph met for the first time",
     "The gradient of a recurrent network: evaluated beside node by node; traced and planned. Rows: the number of "
     "steps.",
     "node_by_node", false, false},
    {"nested", "An inner gradient per step", "Built, not evaluated. Rows: the number of steps.", "written_out", false,
     false},
    {"random", "Random numbers", "A million of them: float32, bernoulli as bool, a permutation in int64.", "libtorch"},
    {"optimizer", "A step of Adam", "Loss ½ Σ (w − t)², its gradient and the update, float32. Rows: number of weights.",
     "by_hand"},
    {"pooling", "Pooling", "Value and gradient, (32, 16, 28, 28) in float32, windows of 2 × 2.", "libtorch"},
    {"functions", "Functions of many numbers", "16,384 of them, beside glibc's vector functions.", "libmvec"},
    {"gate", "A cotangent of 0 stays 0",
     "A step of gradient descent, and the derivative of an element-wise chain, with chain_mul and chain_div beside the "
     "same with plain products and quotients, float32.",
     "plain"},
    {"product_forms",
     "The form chosen for a product",
     "What this process chose by timing, beside the form that is fastest when all are timed for long. `disagreement` "
     "is "
     "the share of 20 other processes that didn't choose what most of them did.",
     "fastest",
     false,
     false,
     {},
     {"disagreement"}},
    {"compile_time", "Compiling a user's file", "CPU time of the compiler, with -O2.", "xgrad"}};

using AllResults = std::map<std::string, Results>;

bool is_ours(const std::string& contender) {
  return contender.starts_with("xgrad");
}

double time_of(const Section& section, const Measurement& measurement) {
  return section.real_time ? measurement.real : measurement.nanoseconds();
}

std::string duration(double nanoseconds) {
  if (nanoseconds < 1e3) {
    return fmt::format("{:.0f} ns", nanoseconds);
  }
  if (nanoseconds < 1e6) {
    return fmt::format("{:.3g} µs", nanoseconds / 1e3);
  }
  return nanoseconds < 1e9 ? fmt::format("{:.3g} ms", nanoseconds / 1e6) : fmt::format("{:.3g} s", nanoseconds / 1e9);
}

std::string number(double value) {
  return value < 10    ? fmt::format("{:.2f}", value)
         : value < 100 ? fmt::format("{:.1f}", value)
                       : fmt::format("{:.0f}", value);
}

// --- targets

std::optional<double> quantity_of(const Measurement& measurement, const std::string& quantity) {
  if (quantity == "cpu") {
    return measurement.cpu;
  }
  if (quantity == "real") {
    return measurement.real;
  }
  const auto counter = measurement.counters.find(quantity);
  return counter == measurement.counters.end() ? std::nullopt : std::optional{counter->second};
}

/// The largest of all that match <results>:<pattern>.
std::optional<double> largest(const AllResults& all, const std::string& pattern, const std::string& quantity) {
  std::optional<double> result;
  const std::size_t colon = pattern.find(':');
  const auto results = all.find(pattern.substr(0, colon));
  if (colon == std::string::npos || results == all.end()) {
    return result;
  }
  for (const Row& row : results->second.rows) {
    for (const auto& [contender, measurement] : row.contenders) {
      if (matches(std::string_view{pattern}.substr(colon + 1), row.workload + "/" + contender)) {
        const auto value = quantity_of(measurement, quantity);
        result = value && (!result || *value > *result) ? value : result;
      }
    }
  }
  return result;
}

std::optional<double> measured(const Target& target, const AllResults& all, const Pairs& facts) {
  if (target.quantity == "fact") {
    const auto fact =
        std::find_if(facts.begin(), facts.end(), [&](const auto& pair) { return pair.first == target.numerator; });
    return fact == facts.end() ? std::nullopt : std::optional{std::stod(fact->second)};
  }
  const auto numerator = largest(all, target.numerator, target.quantity);
  if (!numerator || target.denominator.empty()) {
    return numerator;
  }
  const auto denominator = largest(all, target.denominator, target.quantity);
  return denominator ? std::optional{*numerator / *denominator} : std::nullopt;
}

std::string reason_for(const std::string& workload, const Pairs& reasons) {
  for (const auto& [pattern, reason] : reasons) {
    if (matches(pattern, workload)) {
      return reason;
    }
  }
  return "not explained yet";
}

void print_targets(const std::vector<Target>& targets, const AllResults& all, const Pairs& facts,
                   const Pairs& reasons) {
  fmt::print("## Targets\n\n| | target | measured | |\n|---|---:|---:|---|\n");
  for (const Target& target : targets) {
    const auto value = measured(target, all, facts);
    fmt::print("| {} | {:g} | {} | {} |\n", target.name, target.limit, value ? fmt::format("{:.3g}", *value) : "–",
               !value ? std::string{"not measured"}
               : *value <= target.limit
                   ? "met"
                   : "not met: " + reason_for(target.numerator.substr(target.numerator.find(':') + 1), reasons));
  }
  fmt::print("\n");
}

// --- tables of ratios

void print_losses(const Section& section, const Results& results, const Pairs& reasons) {
  std::vector<std::string> losses;
  for (const Row& row : results.rows) {
    const std::pair<const std::string, Measurement>* ours = nullptr;
    const std::pair<const std::string, Measurement>* rival = nullptr;
    for (const auto& entry : row.contenders) {
      if (std::find(section.out_of_contest.begin(), section.out_of_contest.end(), entry.first) !=
          section.out_of_contest.end()) {
        continue;
      }
      auto& best = is_ours(entry.first) ? ours : rival;
      if (best == nullptr || time_of(section, entry.second) < time_of(section, best->second)) {
        best = &entry;
      }
    }
    if (ours == nullptr || rival == nullptr) {
      continue;
    }
    const double ratio = time_of(section, ours->second) / time_of(section, rival->second);
    if (ratio > 1) {
      losses.push_back(fmt::format("- `{}`: {} takes {} times as long as {}: {}", row.workload, ours->first,
                                   number(ratio), rival->first, reason_for(row.workload, reasons)));
    }
  }
  if (!section.contest) {
    return;
  }
  if (losses.empty()) {
    fmt::print("xgrad loses no row to the best rival in it.\n\n");
    return;
  }
  fmt::print("Rows that xgrad's best contender loses to the best rival:\n\n");
  for (const std::string& loss : losses) {
    fmt::print("{}\n", loss);
  }
  fmt::print("\n");
}

void print_ratios(const Section& section, const Results& results) {
  fmt::print("| | {}", section.baseline);
  std::string rule = "|---|---:";
  for (const std::string& contender : results.contenders) {
    if (contender != section.baseline) {
      fmt::print(" | {}", contender);
      rule += "|---:";
    }
  }
  fmt::print(" |\n{}|\n", rule);
  for (const Row& row : results.rows) {
    const Measurement* base = row.find(section.baseline);
    fmt::print("| {} | {}", row.workload, base == nullptr ? "–" : duration(time_of(section, *base)));
    for (const std::string& contender : results.contenders) {
      if (contender != section.baseline) {
        const Measurement* other = row.find(contender);
        fmt::print(" | {}", other == nullptr || base == nullptr
                                ? ""
                                : number(time_of(section, *other) / time_of(section, *base)));
      }
    }
    fmt::print(" |\n");
  }
  fmt::print("\n");
}

void print_counters(const Section& section, const Results& results) {
  if (section.counters.empty()) {
    return;
  }
  fmt::print("| per operation, ns |");
  std::string rule = "|---|";
  for (const std::string& counter : section.counters) {
    fmt::print(" {} |", counter.starts_with("ns_") ? counter.substr(3) : counter);
    rule += "---:|";
  }
  fmt::print("\n{}\n", rule);
  for (const Row& row : results.rows) {
    for (const auto& [contender, measurement] : row.contenders) {
      fmt::print("| {}/{} |", row.workload, contender);
      for (const std::string& counter : section.counters) {
        const auto value = measurement.counters.find(counter);
        fmt::print(" {} |", value == measurement.counters.end() ? "" : fmt::format("{:.0f}", value->second));
      }
      fmt::print("\n");
    }
  }
  fmt::print("\n");
}

void print_section(const Section& section, const Results& results, const Pairs& reasons) {
  fmt::print("## {}\n\n{} The column {} is its time; all others are times divided by it.\n\n", section.title,
             section.text, section.baseline);
  print_ratios(section, results);
  print_counters(section, results);
  for (const auto& [name, message] : results.failures) {
    fmt::print("`{}` failed and has no time: {}\n\n", name, message);
  }
  print_losses(section, results, reasons);
}

// --- the rest of the document

void print_head(const Pairs& facts) {
  fmt::print(
      "# Benchmarks\n\n"
      "Written by `scripts/bench` from one run; not edited. [bench/README.md](../bench/README.md) says what is "
      "measured "
      "and how to read it: only ratios taken in one run mean anything. Times are medians of CPU time over repetitions "
      "whose order is random.\n\n"
      "![Times of a training step divided by that of the code by hand](benchmarks.svg)\n\n"
      "## Machine and commands\n\n| | |\n|---|---|\n");
  for (const auto& [key, value] : facts) {
    if (key != "command") {
      fmt::print("| {} | {} |\n", key, value);
    }
  }
  fmt::print("\n```sh\n");
  for (const auto& [key, value] : facts) {
    if (key == "command") {
      fmt::print("{}\n", value);
    }
  }
  fmt::print("```\n\n");
}

/// A line per row of mlp_step, a column per contender: times divided by the baseline's.
void write_plot(const std::string& file, const Results& results) {
  std::ofstream stream{file};
  const std::vector<std::string> contenders{"eigen", "libtorch_nn", "libtorch_raw", "xgrad_eager", "xgrad_compiled"};
  stream << "row";
  for (const std::string& contender : contenders) {
    stream << '\t' << contender;
  }
  stream << '\n';
  for (const Row& row : results.rows) {
    const Measurement* base = row.find("by_hand");
    stream << row.workload.substr(row.workload.find('/') + 1);
    for (const std::string& contender : contenders) {
      const Measurement* other = row.find(contender);
      stream << '\t'
             << (base == nullptr || other == nullptr
                     ? "?"
                     : fmt::format("{:.4g}", other->nanoseconds() / base->nanoseconds()));
    }
    stream << '\n';
  }
  if (!stream) {
    throw std::runtime_error("can't write " + file);
  }
}

Options parse(int argc, char** argv) {
  Options options;
  const std::map<std::string, std::string*> places{{"--results", &options.results},
                                                   {"--facts", &options.facts},
                                                   {"--targets", &options.targets},
                                                   {"--reasons", &options.reasons},
                                                   {"--plot", &options.plot}};
  for (int i = 1; i < argc; i += 2) {
    const auto place = places.find(argv[i]);
    if (place == places.end() || i + 1 == argc) {
      throw std::runtime_error(std::string{"unknown, or without a value: "} + argv[i]);
    }
    *place->second = argv[i + 1];
  }
  return options;
}

void write(const Options& options) {
  AllResults all;
  for (const Section& section : sections) {
    const std::string file = options.results + "/" + section.file + ".json";
    if (std::filesystem::exists(file)) {
      read(all[section.file], file);
    }
  }
  const Pairs facts = read_pairs(options.facts, "\t");
  const Pairs reasons = read_pairs(options.reasons, ": ");
  print_head(facts);
  print_targets(read_targets(options.targets), all, facts, reasons);
  for (const Section& section : sections) {
    if (const auto results = all.find(section.file); results != all.end()) {
      print_section(section, results->second, reasons);
    }
  }
  if (!options.plot.empty()) {
    write_plot(options.plot, all["mlp_step"]);
  }
}

}  // namespace

}  // namespace bench::report

int main(int argc, char** argv) {
  try {
    bench::report::write(bench::report::parse(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_document: {}\n", error.what());
    return 1;
  }
}
