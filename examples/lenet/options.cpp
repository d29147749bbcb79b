#include "options.hpp"

#include <charconv>
#include <cstddef>
#include <span>
#include <sstream>
#include <system_error>

namespace {

template <class Number>
Number number(const std::string& option, const std::string& text, Number least, Number most) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const bool is_within = value >= least && value <= most;  // false for NaN
  if (error != std::errc{} || rest != end || !is_within) {
    std::ostringstream message;
    message << option << " '" << text << "': expected a number from " << least << " to " << most;
    throw UsageError{message.str()};
  }
  return value;
}

}  // namespace

Options parse(int argc, const char* const* argv) {
  const std::span<const char* const> arguments{argv, static_cast<std::size_t>(argc)};
  Options options;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string argument = arguments[i];
    const auto value = [&]() -> std::string {
      if (i + 1 == arguments.size()) {
        throw UsageError{argument + ": expected a value behind it"};
      }
      return arguments[++i];
    };
    if (argument == "--help") {
      options.help = true;
    } else if (argument == "--epochs") {
      options.epochs = number<std::int64_t>(argument, value(), 1, 1000);
    } else if (argument == "--seeds") {
      options.seeds = number<std::uint64_t>(argument, value(), 1, 1000);
    } else if (argument == "--expect") {
      options.expected = number<double>(argument, value(), 0, 1);
    } else if (argument == "--validate") {
      options.validate = true;
    } else if (!argument.empty() && argument.front() != '-' && options.folder.empty()) {
      options.folder = argument;
    } else {
      throw UsageError{"'" + argument + "' isn't expected here; see --help"};
    }
  }
  return options;
}
