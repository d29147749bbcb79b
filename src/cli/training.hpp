#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/data.hpp"
#include "xgrad/error.hpp"

#include "cli/network.hpp"
#include "cli/optimizers.hpp"
#include "cli/progress.hpp"

namespace xgrad::cli {

/// How a model is trained.
struct Training {
  Model model;
  const OptimizerEntry* optimizer = optimizers().front().value;
  std::optional<double> learning_rate;
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
  std::int64_t epochs = 30;
  std::int64_t batch = 10;  ///< 0: all samples at once
  /// Keep a step's graph and parameters until the next, so that NotFinite says where what isn't finite comes from.
  bool trace_nonfinite = false;
};

/// The samples in one step. Throws UsageError for a batch larger than the data.
[[nodiscard]] std::int64_t samples_per_step(const Training& training, const data::TrainTest& data);

/// The rate given, or one that suits model and optimiser; docs/command.md has the rule.
[[nodiscard]] double learning_rate_of(const Training& training, const data::TrainTest& data);

/// Throws UsageError unless the network's ends are the data's.
void require_fit(const Training& training, const data::TrainTest& data);

struct Epoch {
  std::int64_t samples = 0;  ///< that it trained on: all, but in the one in which an interruption came
  double loss = 0;      ///< of its batches, each before its step: their mean by samples, or sum, as the reduction is
  double accuracy = 0;  ///< on the test samples, after it
  double seconds = 0;   ///< in training
};

struct Run {
  std::uint64_t seed = 0;
  std::vector<Epoch> epochs;
  double accuracy = 0;       ///< of the trained network on the test samples
  std::int64_t correct = 0;  ///< of the test samples
  double seconds = 0;
  bool is_interrupted = false;  ///< by a signal, before its last epoch had ended
};

/// A loss or an output that isn't finite: training has failed.
struct NotFinite : Error {
  explicit NotFinite(const std::string& message, std::string origin = {}) : Error{message}, trace{std::move(origin)} {}
  std::string trace;  ///< lines on where it comes from, if that was asked for
};

/// Initial weights and the order of samples are drawn from `seed`. An Interruption ends it after the current step.
/// Throws NotFinite.
[[nodiscard]] Run train_once(const Training& training, const data::TrainTest& data, std::uint64_t seed,
                             Progress& progress);

}  // namespace xgrad::cli
