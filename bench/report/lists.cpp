#include "lists.hpp"

#include <fstream>
#include <stdexcept>

namespace bench::report {

namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream stream{file};
  if (!stream) {
    throw std::runtime_error("can't read " + file);
  }
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.front() != '#') {
      lines.push_back(line);
    }
  }
  return lines;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t at = line.find(separator); at != std::string::npos; at = line.find(separator, from)) {
    parts.push_back(trimmed(line.substr(from, at - from)));
    from = at + 1;
  }
  parts.push_back(trimmed(line.substr(from)));
  return parts;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    return pattern == name;
  }
  const std::string_view head = pattern.substr(0, star);
  const std::string_view tail = pattern.substr(star + 1);
  return name.size() >= head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail);
}

std::vector<Target> read_targets(const std::string& file) {
  std::vector<Target> targets;
  for (const std::string& line : lines_of(file)) {
    std::vector<std::string> parts = split(line, '|');
    if (parts.size() != 4 && parts.size() != 5) {
      throw std::runtime_error(file + ": four or five fields needed: " + line);
    }
    parts.resize(5);
    targets.push_back({parts[0], std::stod(parts[1]), parts[2], parts[3], parts[4]});
  }
  return targets;
}

Pairs read_pairs(const std::string& file, std::string_view separator) {
  Pairs pairs;
  for (const std::string& line : lines_of(file)) {
    const std::size_t cut = line.find(separator);
    if (cut == std::string::npos) {
      throw std::runtime_error(file + ": a key and a value needed: " + line);
    }
    pairs.emplace_back(trimmed(line.substr(0, cut)), trimmed(line.substr(cut + separator.size())));
  }
  return pairs;
}

}  // namespace bench::report
