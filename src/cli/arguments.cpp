#include "arguments.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

namespace xgrad::cli {
namespace {

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
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value < low || value > high) {
    throw UsageError(fmt::format("{} '{}': expected an integer from {} to {}", option, text, low, high));
  }
  return value;
}

double read_number(std::string_view option, std::string_view text, Range range) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value) || !is_within(value, range)) {
    throw UsageError(fmt::format("{} '{}': expected {}, finite", option, text, words_for(range)));
  }
  return value;
}

}  // namespace xgrad::cli
