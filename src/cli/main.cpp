#include <CLI/CLI.hpp>
#include <array>
#include <cctype>
#include <exception>
#include <fmt/format.h>
#include <iostream>
#include <new>
#include <string>
#include <string_view>

#include "xgrad/error.hpp"
#include "xgrad/plan.hpp"

#include "arguments.hpp"
#include "commands.hpp"
#include "suggestion.hpp"

namespace xgrad::cli {
namespace {

/// "xgrad: message" on standard error, as one line whatever the message.
int complain(std::string_view message, int code) {
  std::string line{message};
  for (char& c : line) {
    c = std::iscntrl(static_cast<unsigned char>(c)) != 0 ? ' ' : c;
  }
  std::cerr << "xgrad: " << line << '\n';
  return code;
}

int run(int argc, char** argv) {
  CLI::App app{
      "Trains networks by automatic differentiation, checks gradients three ways, and prints their derivation.",
      "xgrad"};
  app.set_version_flag("--version", "xgrad " XGRAD_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.footer(
      "'xgrad train --help' and the like list the options of a command, their defaults and the exit codes.\n\n"
      "Examples:\n  xgrad train\n  xgrad check --layers 5-4-3\n  xgrad derive --layers 2-3-1");
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(34);
  const std::array commands{add_train(app), add_check(app), add_derive(app)};
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ExtrasError&) {
    return complain(complaint_about_extras(app), exit_code::usage);
  } catch (const CLI::ParseError& error) {
    return complain(error.what(), exit_code::usage);
  }
  // The same seed gives the same numbers whenever the command is called.
  PlanOptions options = plan_options();
  options.measure_products = false;
  const PlanScope scope{options};
  for (const Command& command : commands) {
    if (command.app->parsed()) {
      return command.action();
    }
  }
  throw UsageError("no command given: expected train, check or derive; see xgrad --help");
}

int checked_run(int argc, char** argv) {
  try {
    const int code = run(argc, argv);
    if (!std::cout.flush()) {
      return complain("standard output can't be written", exit_code::usage);
    }
    return code;
  } catch (const std::bad_alloc&) {
    return complain("not enough memory", exit_code::usage);
  } catch (const std::exception& error) {
    return complain(error.what(), exit_code::usage);
  }
}

}  // namespace
}  // namespace xgrad::cli

int main(int argc, char** argv) {
  return xgrad::cli::checked_run(argc, argv);
}
