#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

struct Options {
  std::optional<std::int64_t> epochs = std::nullopt;
  std::uint64_t seeds = 1;
  std::optional<double> expected = std::nullopt;  // test loss
  bool validate = false;
  bool help = false;
};

constexpr const char* usage =
    "vae [--epochs N] [--seeds N] [--expect LOSS] [--validate]\n"
    "\n"
    "  --epochs N     passes over the training data; 150\n"
    "  --seeds N      trains N times, with the seeds 1 to N; 1\n"
    "  --expect LOSS  mean test loss, in nats per image, above which the exit code is 1; 24\n"
    "  --validate     tests on a fifth of the training data, which is kept aside: to choose settings by\n";

// What is wrong with an argument, in one line.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Options parse(int argc, const char* const* argv);
