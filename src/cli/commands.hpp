#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <functional>

/// The subcommands. Each adds itself with its options, and gives what is to be called once the arguments are read, if
/// it is the one asked for; that returns the exit code.
namespace xgrad::cli {

using Action = std::function<int()>;

struct Command {
  CLI::App* app;
  Action action;
};

[[nodiscard]] Command add_train(CLI::App& app);
[[nodiscard]] Command add_check(CLI::App& app);
[[nodiscard]] Command add_derive(CLI::App& app);

/// In the order in which --help lists them.
inline constexpr std::array all_commands{&add_train, &add_check, &add_derive};

}  // namespace xgrad::cli
