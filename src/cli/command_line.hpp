#pragma once

#include <string_view>

#include "cli/commands.hpp"

namespace xgrad::cli {

/// What the arguments ask for.
struct CommandLine {
  Action action;  ///< empty if nothing is left to be done
  int code = 0;   ///< what the process returns then
};

/// Prints help and version where they are asked for, and one line of complaint about bad arguments.
[[nodiscard]] CommandLine read_command_line(int argc, const char* const* argv);

/// "xgrad: message" on standard error, as one line whatever the message. Gives the code back.
int complain(std::string_view message, int code);

}  // namespace xgrad::cli
