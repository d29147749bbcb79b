#include "cli/suggestion.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <fmt/format.h>
#include <vector>

namespace xgrad::cli {
namespace {

/// Letters put in, left out, exchanged, or swapped with their neighbour, to make one word the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t exchange = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + exchange});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

/// "lr" of "learning-rate"
std::string initials_of(std::string_view name) {
  std::string initials;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i == 0 || name[i - 1] == '-') {
      initials += name[i];
    }
  }
  return initials;
}

/// Whether the word's letters are among the name's in their order, from the first on.
bool is_contraction(std::string_view word, std::string_view name) {
  if (word.size() < 2 || name.empty() || word.front() != name.front()) {
    return false;
  }
  std::size_t found = 0;
  for (const char letter : name) {
    found += found < word.size() && word[found] == letter ? 1 : 0;
  }
  return found == word.size();
}

bool has_part(std::string_view word, std::string_view name) {
  return word.starts_with(fmt::format("{}-", name)) || word.ends_with(fmt::format("-{}", name));
}

/// The lower, the nearer; `far` for a name that wasn't meant.
constexpr std::size_t far = 1000;
std::size_t distance(std::string_view word, std::string_view name) {
  if (word.empty() || name.empty()) {
    return far;
  }
  if (word.size() > 1 && word == initials_of(name)) {
    return 0;
  }
  const std::size_t edits = edit_distance(word, name);
  if (edits <= 1 && word.size() > 1) {
    return edits;
  }
  if (name.starts_with(word)) {
    return 2;
  }
  if (has_part(word, name)) {
    return 3;
  }
  if (edits <= std::max<std::size_t>(1, word.size() / 3)) {
    return 3 + edits;
  }
  return is_contraction(word, name) ? far - name.size() : far;
}

// Without dashes in front and what follows a '=', in small letters: "lstm" may mean LSTM.
std::string plain(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  std::string result{word.substr(0, word.find('='))};
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// "--learning-rate" and the like.
std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
  }
  return names;
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  std::string result;
  std::size_t least = far;
  for (const std::string& candidate : candidates) {
    const std::size_t its = distance(plain(word), plain(candidate));
    if (its < least) {
      least = its;
      result = candidate;
    }
  }
  return result;
}

std::string complaint_about_extras(const CLI::App& app) {
  const std::vector<CLI::App*> commands = app.get_subcommands();
  const bool is_general = !app.remaining().empty() || commands.empty();
  const CLI::App& place = is_general ? app : *commands.front();
  const std::vector<std::string> extras = place.remaining();
  const std::string word = extras.empty() ? "" : extras.front();
  const std::string title = is_general ? app.get_name() : fmt::format("{} {}", app.get_name(), place.get_name());
  const bool is_option = word.starts_with('-');
  const bool is_command = is_general && !is_option && commands.empty();
  const std::string meant = nearest(word, is_command ? command_names(app) : option_names(place));
  const std::string other = is_command ? "command" : "argument";
  const std::string what = is_option ? "option" : other;
  return meant.empty() || !(is_option || is_command)
             ? fmt::format("'{}' is no {} of {}: see {} --help", word, what, title, title)
             : fmt::format("'{}' is no {} of {}: did you mean {}?", word, what, title, meant);
}

}  // namespace xgrad::cli
