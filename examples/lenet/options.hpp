#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

struct Options {
  std::string folder = {};  // of the four files; none: the digits in the library
  std::optional<std::int64_t> epochs = std::nullopt;
  std::uint64_t seeds = 1;
  std::optional<double> expected = std::nullopt;  // accuracy
  bool validate = false;
  bool help = false;
};

constexpr const char* usage =
    "lenet [folder] [--epochs N] [--seeds N] [--expect ACCURACY] [--validate]\n"
    "\n"
    "  folder             of the four files of Fashion-MNIST or MNIST; none: the digits in the library\n"
    "  --epochs N         passes over the training data; 30 of the digits, 10 of a folder\n"
    "  --seeds N          trains N times, with the seeds 1 to N; 1\n"
    "  --expect ACCURACY  mean test accuracy below which the exit code is 1; 0.985 and 0.905\n"
    "  --validate         tests on a fifth of the training data, which is kept aside: to choose settings by\n";

// What is wrong with an argument, in one line.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Options parse(int argc, const char* const* argv);
