#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/check.hpp"

#include "check/verdict/agreement.hpp"

namespace xgrad::check {
namespace {

constexpr std::size_t columns = 13;
using Row = std::array<std::string, columns>;

constexpr std::size_t manual_automatic_column = 7;
constexpr std::size_t automatic_numerical_column = 9;

std::string value_text(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.8g}", value);
}
std::string small_text(double value) {
  return fmt::format("{:.1e}", value);
}

/// Characters, not bytes, of UTF-8.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t to, bool left) {
  const std::string spaces(to - std::min(to, width(text)), ' ');
  return left ? text + spaces : spaces + text;
}

void add_comparison(Row& row, std::size_t column, const Comparison& comparison) {
  row[column] = comparison.done ? small_text(comparison.absolute) : "-";
  row[column + 1] = comparison.done ? small_text(comparison.relative) : "-";
}

std::string worst_text(const ParameterReport& parameter) {
  if (parameter.direction >= 0) {
    return fmt::format("direction {}", parameter.direction);
  }
  const bool somewhere = parameter.automatic_numerical.done || parameter.manual_automatic.done;
  return somewhere ? index_text(parameter.index) : "-";
}

Row row_of(const ParameterReport& parameter) {
  Row row{parameter.name,
          to_string(parameter.shape),
          fmt::format("{}/{}", parameter.checked, parameter.shape.size()),
          worst_text(parameter),
          value_text(parameter.manual),
          value_text(parameter.automatic),
          value_text(parameter.numerical)};
  add_comparison(row, manual_automatic_column, parameter.manual_automatic);
  add_comparison(row, automatic_numerical_column, parameter.automatic_numerical);
  row[11] = std::isnan(parameter.step) ? "-" : small_text(parameter.step);
  row[12] = std::string{to_string(parameter.verdict)};
  return row;
}

std::string line_of(const Row& row, const std::array<std::size_t, columns>& widths) {
  std::string line;
  for (std::size_t c = 0; c < columns; ++c) {
    const bool left = c < 2 || c == columns - 1;
    line += (c == 0 ? "" : "  ") + padded(row[c], widths[c], left);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

/// The line over the heading, with the names of the two comparisons over their columns.
std::string groups_of(const std::array<std::size_t, columns>& widths) {
  std::string line;
  const auto pad_to = [&](std::size_t column) {
    std::size_t start = 0;
    for (std::size_t c = 0; c < column; ++c) {
      start += widths[c] + 2;
    }
    line += std::string(start - std::min(start, width(line)), ' ');
  };
  pad_to(manual_automatic_column);
  line += "|manual-automatic|";
  pad_to(automatic_numerical_column);
  line += "|automatic-numerical|";
  return line + '\n';
}

}  // namespace

std::string Report::text() const {
  std::vector<Row> rows{{tensors.empty() ? "parameter" : "gradient of", "shape", "checked", "worst at", "manual",
                         "automatic", "numerical", "absolute", "relative", "absolute", "relative", "step", "verdict"}};
  std::vector<const ParameterReport*> reports;
  for (const std::vector<ParameterReport>* all : {&parameters, &tensors}) {
    std::transform(all->begin(), all->end(), std::back_inserter(reports),
                   [](const ParameterReport& report) { return &report; });
  }
  // Those without a position keep their order.
  std::vector<std::size_t> order(reports.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&reports](std::size_t a, std::size_t b) {
    return std::pair{reports[a]->place, a} < std::pair{reports[b]->place, b};
  });
  std::array<std::size_t, 3> counts{};
  for (const std::size_t i : order) {
    rows.push_back(row_of(*reports[i]));
    ++counts[static_cast<std::size_t>(reports[i]->verdict)];
  }
  std::array<std::size_t, columns> widths{};
  for (const Row& row : rows) {
    for (std::size_t c = 0; c < columns; ++c) {
      widths[c] = std::max(widths[c], width(row[c]));
    }
  }
  // Each pair of columns is at least as wide as the words over it.
  widths[manual_automatic_column] = std::max<std::size_t>(widths[manual_automatic_column], 9);
  widths[automatic_numerical_column] = std::max<std::size_t>(widths[automatic_numerical_column], 12);

  std::string text = title.empty() ? "Gradient check\n" : title + '\n';
  text += fmt::format("dtype {}, loss {:.8g}, manual column: {}\n\n", to_string(dtype), loss, manual_source);
  if (!differences.empty()) {
    text.insert(text.size() - 1, fmt::format("differences {}\n", differences));
  }
  text += groups_of(widths);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    text += line_of(rows[r], widths);
    if (r == 0) {
      continue;
    }
    const ParameterReport& report = *reports[order[r - 1]];
    if (report.verdict != Verdict::right) {
      text += fmt::format("  {}: {}\n", report.name, report.reason);
      if (!report.diagnosis.empty()) {
        text += fmt::format("  {}\n", report.diagnosis);
      }
    }
  }
  if (!first_divergence.empty()) {
    text += fmt::format("\nfirst divergence: {}\n", first_divergence);
  }
  text += fmt::format("\n{} right, {} wrong, {} inconclusive\n", counts[0], counts[1], counts[2]);
  return text;
}

}  // namespace xgrad::check
