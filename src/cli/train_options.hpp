#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>

#include "cli/training.hpp"

/// The command line of xgrad train.
namespace xgrad::cli {

inline constexpr std::string_view embedded_data = "digits";

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;

  [[nodiscard]] bool is_one() const { return first == last; }
  [[nodiscard]] std::string text() const {
    return is_one() ? fmt::format("seed {}", first) : fmt::format("seeds {}-{}", first, last);
  }
};

struct TrainOptions {
  Training training;
  std::string data{embedded_data};
  std::optional<double> test_fraction;
  SeedRange seeds;
  std::optional<std::string> json;
  bool quiet = false;

  [[nodiscard]] bool is_embedded() const { return data == embedded_data; }
};

void add_train_options(CLI::App& app, TrainOptions& options);

/// Throws UsageError for options that exclude each other.
void require_consistent(const TrainOptions& options);

}  // namespace xgrad::cli
