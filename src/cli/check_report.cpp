#include "cli/check_report.hpp"

#include <iostream>
#include <stdexcept>
#include <string>

#include "cli/arguments.hpp"

namespace xgrad::cli {
namespace {

using Json = nlohmann::ordered_json;

int code_of(check::Verdict verdict) {
  switch (verdict) {
    case check::Verdict::right:
      return exit_code::success;
    case check::Verdict::wrong:
      return exit_code::failure;
    case check::Verdict::inconclusive:
      return exit_code::inconclusive;
  }
  throw std::logic_error("a verdict without an exit code");
}

}  // namespace

int print_report(const check::Report& report, const JsonOutput& json, const Json& options) {
  if (json.is_wanted()) {
    Json root{{"command", "check"}, {"version", XGRAD_VERSION}, {"options", options}};
    root.update(Json::parse(report.json()));
    json.write(root.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
  }
  json.text() << report;
  return code_of(report.verdict());
}

}  // namespace xgrad::cli
