#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <exception>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <xgrad/reflect.hpp>

/// A command line as a plain struct: `--learning-rate 0.01` sets the field learning_rate. A field is a std::string, a
/// std::int64_t from 1 on, or a finite double from 0 on. What it is stands in `static constexpr
/// std::array<std::string_view, N> descriptions`, in the order of the fields.
namespace settings {

/// What is wrong with a command line, in one line.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline std::string option_of(std::string_view field) {
  std::string option = "--";
  for (const char c : field) {
    option += c == '_' ? '-' : c;
  }
  return option;
}

template <class Field>
void read_value(Field& field, const std::string& option, std::string_view text) {
  if constexpr (std::is_same_v<Field, std::string>) {
    field = text;
  } else {
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, field);
    const bool in_range =
        std::is_same_v<Field, double> ? std::isfinite(static_cast<double>(field)) && field >= 0 : field > 0;
    if (error != std::errc{} || rest != end || !in_range) {
      const std::string expected = std::is_same_v<Field, double> ? "a number from 0 on" : "a whole number from 1 on";
      throw UsageError{option + " is " + expected + ", not '" + std::string{text} + "'"};
    }
  }
}

template <class Settings>
std::string usage(std::string_view summary) {
  std::ostringstream text;
  text << summary << "\n\nOptions and what they are unless told:\n";
  const Settings defaults;
  std::size_t i = 0;
  const auto line = [&](const auto& value) {
    std::ostringstream option;
    option << option_of(xgrad::reflect::field_names<Settings>()[i]) << ' ' << value;
    text << "  " << std::left << std::setw(24) << option.str() << "  " << Settings::descriptions[i] << '\n';
    ++i;
  };
  std::apply([&](const auto&... values) { (line(values), ...); }, xgrad::reflect::tie_fields(defaults));
  return text.str();
}

/// Throws UsageError.
template <class Settings>
Settings read(int count, const char* const* arguments) {
  Settings settings;
  for (int next = 1; next < count; next += 2) {
    const std::string option = arguments[next];
    bool found = false;
    std::size_t i = 0;
    const auto match = [&](auto& field) {
      if (option == option_of(xgrad::reflect::field_names<Settings>()[i++])) {
        if (next + 1 == count) {
          throw UsageError{option + " needs a value"};
        }
        read_value(field, option, arguments[next + 1]);
        found = true;
      }
    };
    std::apply([&](auto&... fields) { (match(fields), ...); }, xgrad::reflect::tie_fields(settings));
    if (!found) {
      throw UsageError{"there is no option '" + option + "'; --help lists them"};
    }
  }
  return settings;
}

/// What main() does: reads the command line, or prints `summary` and the options for --help, and runs the program,
/// which says whether it reached what it should. The exit code is 0 if so, 1 if not, 2 for an error, told in one line.
template <class Settings, class Program>
int run(int count, const char* const* arguments, std::string_view summary, const Program& program) try {
  if (std::any_of(arguments, arguments + count, [](std::string_view each) { return each == "--help"; })) {
    std::cout << usage<Settings>(summary);
    return 0;
  }
  return program(read<Settings>(count, arguments)) ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 2;
}

}  // namespace settings
