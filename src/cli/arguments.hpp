#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Reading the values of options, with one line of complaint for each bad one.
namespace xgrad::cli {

/// A command line that can't be carried out. The message is one line and names the option.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What the process returns; --help says so too.
namespace exit_code {
inline constexpr int success = 0;
inline constexpr int failure = 1;  ///< check: a gradient is wrong; train: the loss isn't finite
inline constexpr int usage = 2;    ///< a bad option, a bad file, any other error
inline constexpr int inconclusive = 3;
inline constexpr int interrupted = 128;  ///< and the signal's number
}  // namespace exit_code

/// A value of an option that is one of several words.
template <class T>
struct Choice {
  std::string_view name;
  T value;
};

template <class T>
[[nodiscard]] std::string_view name_of(std::span<const Choice<T>> choices, T value) {
  for (const Choice<T>& choice : choices) {
    if (choice.value == value) {
      return choice.name;
    }
  }
  throw std::logic_error("a value without a name");
}

/// "sigmoid, tanh or relu"
[[nodiscard]] std::string alternatives(std::span<const std::string> names);

template <class T>
[[nodiscard]] std::string names_of(std::span<const Choice<T>> choices) {
  std::vector<std::string> names;
  for (const Choice<T>& choice : choices) {
    names.emplace_back(choice.name);
  }
  return alternatives(names);
}

/// Throws UsageError that lists the choices.
template <class T>
[[nodiscard]] T read_choice(std::string_view option, const std::string& text, std::span<const Choice<T>> choices) {
  for (const Choice<T>& choice : choices) {
    if (choice.name == text) {
      return choice.value;
    }
  }
  throw UsageError(fmt::format("{} '{}': expected {}", option, text, names_of(choices)));
}

/// A decimal integer in [low, high], the whole text. Throws UsageError.
[[nodiscard]] std::uint64_t read_integer(std::string_view option, std::string_view text, std::uint64_t low,
                                         std::uint64_t high = std::numeric_limits<std::uint64_t>::max());

/// What a number must be, besides finite.
enum class Range : std::uint8_t { positive, not_negative, zero_to_below_one, between_zero_and_one };

/// Throws UsageError.
[[nodiscard]] double read_number(std::string_view option, std::string_view text, Range range);

/// The text as it is. Throws UsageError that names the option and says what was expected, if it is empty.
[[nodiscard]] std::string read_path(const std::string& option, const std::string& text, std::string_view expected);

/// An option that takes one value. `read(option, text)` keeps it, or throws.
template <class Read>
CLI::Option* add_value(CLI::App& app, const std::string& option, const std::string& type, const std::string& fallback,
                       const std::string& description, const Read& read) {
  return app
      .add_option_function<std::string>(
          option, [option, read](const std::string& text) { read(option, text); }, description)
      ->type_name(type)
      ->default_str(fallback);
}

/// An option whose value is one of several words; `target` holds the default. The description lists them.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& option, std::span<const Choice<T>> choices, T& target,
                        const std::string& description) {
  return add_value(app, option, "NAME", std::string{name_of(choices, target)},
                   fmt::format("{}: {}", description, names_of(choices)),
                   [choices, &target](const std::string& name, const std::string& text) {
                     target = read_choice(name, text, choices);
                   });
}

}  // namespace xgrad::cli
