#include <exception>
#include <iostream>
#include <new>

#include "xgrad/plan.hpp"

#include "cli/arguments.hpp"
#include "cli/command_line.hpp"

namespace xgrad::cli {
namespace {

int run(int argc, char** argv) {
  const CommandLine line = read_command_line(argc, argv);
  if (!line.action) {
    return line.code;
  }
  // The same seed gives the same numbers whenever the command is called.
  PlanOptions options = plan_options();
  options.measure_products = false;
  const PlanScope scope{options};
  return line.action();
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
