#pragma once

#include <nlohmann/json.hpp>

#include "xgrad/check.hpp"

#include "cli/json_output.hpp"

namespace xgrad::cli {

/// Prints a report of `xgrad check`, as JSON too if that is wanted, which begins with these options. Gives the exit
/// code.
[[nodiscard]] int print_report(const check::Report& report, const JsonOutput& json,
                               const nlohmann::ordered_json& options);

}  // namespace xgrad::cli
