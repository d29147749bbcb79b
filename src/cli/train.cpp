#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "cli/commands.hpp"
#include "cli/interruption.hpp"
#include "cli/json_output.hpp"
#include "cli/train_options.hpp"
#include "cli/training.hpp"

namespace xgrad::cli {
namespace {

using Json = nlohmann::ordered_json;

data::TrainTest load(const TrainOptions& options, std::uint64_t seed) {
  const DType dtype = options.training.model.dtype;
  if (!options.is_embedded()) {
    return data::mnist(options.data, dtype);
  }
  return data::digits({.test_fraction = options.test_fraction.value_or(0.2), .seed = seed, .dtype = dtype});
}

std::string batch_text(const Training& training) {
  return training.batch == 0 ? "all" : fmt::format("{}", training.batch);
}

std::string heading(const TrainOptions& options, const data::TrainTest& data) {
  const Training& training = options.training;
  return fmt::format(
      "{}: {} samples to train with, {} to test\n{}; {}, learning rate {:.6g}, batch {}, {} weights, {}, "
      "{}",
      options.data, data.train.size(), data.test.size(), training.model.description(), training.optimizer->name,
      learning_rate_of(training, data), batch_text(training), name_of(inits, training.model.init),
      name_of(dtypes, training.model.dtype), options.seeds.text());
}

/// "30 epochs", "2 epochs and 130 of 1438 samples"
std::string length_text(const Run& run, const data::TrainTest& data) {
  const std::int64_t last = run.epochs.back().samples;
  const bool is_whole = last == data.train.size();
  const std::size_t epochs = run.epochs.size() - (is_whole ? 0 : 1);
  const std::string whole = fmt::format("{} epoch{}", epochs, epochs == 1 ? "" : "s");
  return is_whole ? whole : fmt::format("{} and {} of {} samples", whole, last, data.train.size());
}

std::string result_text(const Run& run, const data::TrainTest& data) {
  return fmt::format("test accuracy {} ({} of {}) after {} in {}{}", percent_text(run.accuracy), run.correct,
                     data.test.size(), length_text(run, data), duration_text(run.seconds),
                     run.is_interrupted ? fmt::format(", ended by {}", Interruption::name()) : "");
}

struct Summary {
  double mean = 0;
  double min = 0;
  double max = 0;
};

/// Of the runs that weren't interrupted; if there is none, of the one that was.
Summary summary_of(std::vector<Run> runs) {
  if (runs.size() > 1 && runs.back().is_interrupted) {
    runs.pop_back();
  }
  const auto by_accuracy = [](const Run& a, const Run& b) { return a.accuracy < b.accuracy; };
  const auto [min, max] = std::minmax_element(runs.begin(), runs.end(), by_accuracy);
  const double total =
      std::accumulate(runs.begin(), runs.end(), 0.0, [](double sum, const Run& run) { return sum + run.accuracy; });
  return {total / static_cast<double>(runs.size()), min->accuracy, max->accuracy};
}

Json options_json(const TrainOptions& options, const data::TrainTest& data) {
  const Training& training = options.training;
  const Model& model = training.model;
  return {{"data", options.data},
          {"train_samples", data.train.size()},
          {"test_samples", data.test.size()},
          {"layers", model.widths},
          {"activation", name_of(activations, model.activation)},
          {"output_activation", name_of(activations, model.output_activation())},
          {"loss", name_of(losses, model.loss)},
          {"reduction", name_of(reductions, model.reduction)},
          {"init", name_of(inits, model.init)},
          {"dtype", name_of(dtypes, model.dtype)},
          {"optimizer", training.optimizer->name},
          {"learning_rate", learning_rate_of(training, data)},
          {"momentum", training.momentum},
          {"nesterov", training.nesterov},
          {"weight_decay", training.weight_decay},
          {"epochs", training.epochs},
          {"batch", samples_per_step(training, data)}};
}

Json run_json(const Run& run) {
  Json epochs = Json::array();
  for (const Epoch& epoch : run.epochs) {
    epochs.push_back({{"epoch", epochs.size() + 1},
                      {"loss", epoch.loss},
                      {"test_accuracy", epoch.accuracy},
                      {"seconds", epoch.seconds}});
  }
  if (run.is_interrupted) {
    epochs.back()["samples"] = run.epochs.back().samples;
  }
  return {{"seed", run.seed},
          {"test_accuracy", run.accuracy},
          {"test_correct", run.correct},
          {"seconds", run.seconds},
          {"epochs", std::move(epochs)}};
}

std::string json_text(const TrainOptions& options, const data::TrainTest& data, const std::vector<Run>& runs) {
  const Summary summary = summary_of(runs);
  Json root{{"command", "train"},
            {"version", XGRAD_VERSION},
            {"options", options_json(options, data)},
            {"test_accuracy", {{"mean", summary.mean}, {"min", summary.min}, {"max", summary.max}}},
            {"runs", Json::array()}};
  if (Interruption::came()) {
    root["interrupted_by"] = Interruption::name();
  }
  for (const Run& run : runs) {
    root["runs"].push_back(run_json(run));
  }
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Progress::Style style_of(const TrainOptions& options, const std::ostream& out) {
  if (options.quiet) {
    return Progress::Style::quiet;
  }
  const Progress::Style style = Progress::suitable_style(out);
  // Of many runs, a line each is enough to read.
  return style == Progress::Style::lines && !options.seeds.is_one() ? Progress::Style::quiet : style;
}

std::vector<Run> train_all(const TrainOptions& options, data::TrainTest& data, std::ostream& out) {
  std::vector<Run> runs;
  for (std::uint64_t seed = options.seeds.first;; ++seed) {
    if (options.is_embedded() && seed != options.seeds.first) {
      data = load(options, seed);
    }
    const std::string label = options.seeds.is_one() ? "" : fmt::format("seed {}: ", seed);
    {
      Progress progress{out, style_of(options, out), options.training.epochs, label};
      runs.push_back(train_once(options.training, data, seed, progress));
    }
    if (!options.quiet && !options.seeds.is_one()) {
      out << label << result_text(runs.back(), data) << '\n' << std::flush;
    }
    if (seed == options.seeds.last || Interruption::came()) {
      return runs;
    }
  }
}

/// "seeds 1-10", or "seed 1 of seeds 1-10, ended by SIGINT"
std::string seeds_text(const TrainOptions& options, const std::vector<Run>& runs) {
  if (!Interruption::came()) {
    return options.seeds.text();
  }
  const std::size_t whole = runs.size() - (runs.size() > 1 && runs.back().is_interrupted ? 1 : 0);
  const SeedRange done{options.seeds.first, options.seeds.first + whole - 1};
  return fmt::format("{} of {}, ended by {}", done.text(), options.seeds.text(), Interruption::name());
}

int train(TrainOptions& options) {
  require_consistent(options);
  const JsonOutput json{options.json};
  std::ostream& out = json.text();
  const Interruption interruption;
  data::TrainTest data = load(options, options.seeds.first);
  Widths& widths = options.training.model.widths;
  if (widths.empty()) {
    widths = {data.train.features(), 30, data.train.classes()};
  }
  require_fit(options.training, data);
  static_cast<void>(samples_per_step(options.training, data));
  if (!options.quiet) {
    out << heading(options, data) << '\n' << std::flush;
  }
  std::vector<Run> runs;
  try {
    runs = train_all(options, data, out);
  } catch (const NotFinite& error) {
    std::cout.flush();
    std::cerr << "xgrad: " << error.what() << '\n' << error.trace;
    return exit_code::failure;
  }
  if (json.is_wanted()) {
    json.write(json_text(options, data, runs));
  }
  if (options.seeds.is_one()) {
    out << result_text(runs.front(), data) << '\n';
  } else {
    const Summary summary = summary_of(runs);
    out << fmt::format("test accuracy over {}: mean {}, lowest {}, highest {}\n", seeds_text(options, runs),
                       percent_text(summary.mean), percent_text(summary.min), percent_text(summary.max));
  }
  out.flush();
  return Interruption::came() ? exit_code::interrupted + Interruption::signal() : exit_code::success;
}

}  // namespace

Command add_train(CLI::App& app) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App* const command = app.add_subcommand("train", "Train a fully connected network");
  add_train_options(*command, *options);
  command->footer(
      "Exit codes: 0 trained; 1 the loss or an output became infinite or NaN;\n"
      "2 a bad option or file, or any other error; 130 or 143 ended by SIGINT (Ctrl-C)\n"
      "or SIGTERM, after the current step and with the results so far. A second signal\n"
      "ends it at once.\n\n"
      "Examples:\n"
      "  xgrad train\n"
      "  xgrad train --seeds 1-10 --quiet\n"
      "  xgrad train --layers 64-50-20-10 --activation relu --loss cross-entropy --optimizer adam\n"
      "  xgrad train --data /usr/share/datasets/fashion-mnist --epochs 5 --json result.json\n"
      "  xgrad train --init normal --reduction sum --batch all --epochs 300    as the document has it");
  return {command, [options] { return train(*options); }};
}

}  // namespace xgrad::cli
