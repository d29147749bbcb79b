#include "cli/arguments.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

namespace xgrad::cli {
namespace {

/// Whether the whole text is a number of the type.
template <class T>
bool parse_whole(std::string_view text, T& value) {
  const char* const begin = text.data();  // NOLINT(bugprone-suspicious-stringview-data-usage): read up to its end
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  return error == std::errc{} && stop == end;
}

bool is_within(double value, Range range) {
  switch (range) {
    case Range::positive:
      return value > 0;
    case Range::not_negative:
      return value >= 0;
    case Range::zero_to_below_one:
      return value >= 0 && value < 1;
    case Range::between_zero_and_one:
      return value > 0 && value < 1;
  }
  return false;
}

std::string_view words_for(Range range) {
  switch (range) {
    case Range::positive:
      return "a number above 0";
    case Range::not_negative:
      return "a number of at least 0";
    case Range::zero_to_below_one:
      return "a number of at least 0 and below 1";
    case Range::between_zero_and_one:
      return "a number above 0 and below 1";
  }
  return "a number";
}

}  // namespace

std::uint64_t read_integer(std::string_view option, std::string_view text, std::uint64_t low, std::uint64_t high) {
  std::uint64_t value = 0;
  if (!parse_whole(text, value) || value < low || value > high) {
    throw UsageError(fmt::format("{} '{}': expected an integer from {} to {}", option, text, low, high));
  }
  return value;
}

double read_number(std::string_view option, std::string_view text, Range range) {
  double value = 0;
  if (!parse_whole(text, value) || !std::isfinite(value) || !is_within(value, range)) {
    throw UsageError(fmt::format("{} '{}': expected {}, finite", option, text, words_for(range)));
  }
  return value;
}

std::string read_path(const std::string& option, const std::string& text, std::string_view expected) {
  if (text.empty()) {
    throw UsageError(fmt::format("{} '': expected {}", option, expected));
  }
  return text;
}

std::string alternatives(std::span<const std::string> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) {
      text += i + 1 < names.size() ? ", " : " or ";
    }
    text += names[i];
  }
  return text;
}

}  // namespace xgrad::cli
