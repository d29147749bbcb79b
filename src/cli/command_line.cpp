#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <exception>
#include <fmt/format.h>
#include <iostream>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/suggestion.hpp"

namespace xgrad::cli {
namespace {

CommandLine read(int argc, const char* const* argv) {
  // The actions look at the options that were given: they keep the app.
  const auto kept = std::make_shared<CLI::App>(
      "Trains networks by automatic differentiation, checks gradients three ways, and prints their derivation.",
      "xgrad");
  CLI::App& app = *kept;
  app.set_version_flag("--version", "xgrad " XGRAD_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.footer(
      "'xgrad train --help' and the like list the options of a command, their defaults and the exit codes.\n\n"
      "Examples:\n  xgrad train\n  xgrad check --layers 5-4-3\n  xgrad derive --layers 2-3-1");
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(34);
  std::vector<Command> commands;
  std::transform(all_commands.begin(), all_commands.end(), std::back_inserter(commands),
                 [&app](const auto& add) { return add(app); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    if (app.get_subcommands().empty() && !app.remaining().empty()) {
      return {.action = {}, .code = complain(complaint_about_extras(app), exit_code::usage)};
    }
    return {.action = {}, .code = app.exit(success)};
  } catch (const CLI::ExtrasError&) {
    return {.action = {}, .code = complain(complaint_about_extras(app), exit_code::usage)};
  } catch (const CLI::ParseError& error) {
    return {.action = {}, .code = complain(error.what(), exit_code::usage)};
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) {
      return {.action = [kept, action = command.action] { return action(); }};
    }
  }
  std::vector<std::string> names;
  std::transform(commands.begin(), commands.end(), std::back_inserter(names),
                 [](const Command& command) { return command.app->get_name(); });
  throw UsageError(fmt::format("no command given: expected {}; see xgrad --help", alternatives(names)));
}

}  // namespace

int complain(std::string_view message, int code) {
  std::string line{message};
  for (char& c : line) {
    c = std::iscntrl(static_cast<unsigned char>(c)) != 0 ? ' ' : c;
  }
  std::cerr << "xgrad: " << line << '\n';
  return code;
}

CommandLine read_command_line(int argc, const char* const* argv) {
  try {
    return read(argc, argv);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return {.action = {}, .code = complain(error.what(), exit_code::usage)};
  }
}

}  // namespace xgrad::cli
