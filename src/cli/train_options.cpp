#include "cli/train_options.hpp"

#include <algorithm>

namespace xgrad::cli {
namespace {

/// "1-10"
SeedRange read_seeds(std::string_view option, std::string_view text) {
  constexpr std::uint64_t most = 10'000;
  const std::size_t dash = std::min(text.find('-'), text.size());
  SeedRange seeds;
  try {
    seeds.first = read_integer(option, text.substr(0, dash), 0);
    seeds.last = dash == text.size() ? seeds.first : read_integer(option, text.substr(dash + 1), 0);
  } catch (const UsageError&) {
    seeds = {1, 0};
  }
  if (seeds.last < seeds.first || seeds.last - seeds.first >= most) {
    throw UsageError(fmt::format("{} '{}': expected a range such as 1-10, of at most {} seeds", option, text, most));
  }
  return seeds;
}

/// 0 for "all"
std::int64_t read_batch(std::string_view option, std::string_view text) {
  if (text == "all") {
    return 0;
  }
  try {
    return static_cast<std::int64_t>(read_integer(option, text, 1, 1'000'000'000));
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}, or 'all'", error.what()));
  }
}

/// Of the optimisers that have a rate of their own: "0.003 for adam".
std::string own_rates() {
  std::string text;
  for (const auto& [name, optimizer] : optimizers()) {
    if (optimizer->learning_rate != 0) {
      text += fmt::format("{}{} for {}", text.empty() ? "" : ", ", optimizer->learning_rate, name);
    }
  }
  return text;
}

void add_training_options(CLI::App& app, Training& training) {
  add_choice(app, "--optimizer", optimizers(), training.optimizer, "Rule of descent");
  add_value(app, "--learning-rate", "RATE", "",
            fmt::format("If not given, one that suits: 3 for sigmoid and the quadratic loss,\n"
                        "{}; docs/command.md has the rule",
                        own_rates()),
            [&training](const std::string& option, const std::string& text) {
              training.learning_rate = read_number(option, text, Range::positive);
            });
  add_value(app, "--momentum", "NUMBER", "0", "Of sgd, at least 0 and below 1",
            [&training](const std::string& option, const std::string& text) {
              training.momentum = read_number(option, text, Range::zero_to_below_one);
            });
  app.add_flag("--nesterov", training.nesterov, "Nesterov's form of the momentum");
  add_value(app, "--weight-decay", "NUMBER", "0", "Adds NUMBER times the parameter to its gradient",
            [&training](const std::string& option, const std::string& text) {
              training.weight_decay = read_number(option, text, Range::not_negative);
            });
  add_value(app, "--epochs", "N", fmt::format("{}", training.epochs), "Passes over the training samples",
            [&training](const std::string& option, const std::string& text) {
              training.epochs = static_cast<std::int64_t>(read_integer(option, text, 1, 1'000'000'000));
            });
  add_value(
      app, "--batch", "N|all", fmt::format("{}", training.batch),
      "Samples per step; 'all' is the document's full-batch descent",
      [&training](const std::string& option, const std::string& text) { training.batch = read_batch(option, text); });
  app.add_flag("--trace-nonfinite", training.trace_nonfinite,
               "If a loss or an output becomes infinite or NaN, say which operation made it so");
}

}  // namespace

void add_train_options(CLI::App& app, TrainOptions& options) {
  add_model_options(app, options.training.model, "IN-30-OUT of the data: 64-30-10");
  add_training_options(app, options.training);
  add_value(app, "--data", "digits|PATH", options.data,
            "The built-in digits, or a folder with MNIST's four IDX files, plain or gzipped",
            [&options](const std::string& option, const std::string& text) {
              options.data = read_path(option, text, "digits or a folder");
            });
  add_value(app, "--test-fraction", "NUMBER", "0.2", "Share of the digits kept for the test",
            [&options](const std::string& option, const std::string& text) {
              options.test_fraction = read_number(option, text, Range::between_zero_and_one);
            });
  CLI::Option* const seed =
      add_value(app, "--seed", "N", "1", "Of initial weights, order of samples, and split of the digits",
                [&options](const std::string& option, const std::string& text) {
                  options.seeds.first = options.seeds.last = read_integer(option, text, 0);
                });
  add_value(
      app, "--seeds", "FIRST-LAST", "", "Train once with each seed, and give mean, lowest and highest accuracy",
      [&options](const std::string& option, const std::string& text) { options.seeds = read_seeds(option, text); })
      ->excludes(seed);
  add_value(app, "--json", "FILE", "",
            "Also write the results there, - being standard output;\ndocs/command.md lists the keys",
            [&options](const std::string& option, const std::string& text) {
              options.json = read_path(option, text, "a file, or - for standard output");
            });
  app.add_flag("--quiet", options.quiet, "Print the last line only");
}

void require_consistent(const TrainOptions& options) {
  const Training& training = options.training;
  if (!training.optimizer->has_momentum && (training.momentum != 0 || training.nesterov)) {
    throw UsageError(fmt::format("--momentum and --nesterov: --optimizer {} takes neither", training.optimizer->name));
  }
  if (training.nesterov && training.momentum == 0) {
    throw UsageError("--nesterov needs a --momentum above 0");
  }
  if (options.test_fraction && !options.is_embedded()) {
    throw UsageError("--test-fraction divides the digits; a folder of --data has a test part of its own");
  }
}

}  // namespace xgrad::cli
