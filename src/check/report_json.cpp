#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/check.hpp"

// JSON has no NaN and no infinity: such numbers are null. Objects and arrays are written here and not by nlohmann's
// class, whose destructor takes memory, and so ends the process where there is none.
namespace xgrad::check {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string>>;  ///< names, and values as text

/// A string, a number or a truth value.
template <class T>
std::string leaf(const T& value) {
  using Json = nlohmann::json;
  return Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Between the brackets, an indented line each.
std::string listed(char open, const std::vector<std::string>& items, char close, std::size_t depth) {
  if (items.empty()) {
    return {open, close};
  }
  constexpr std::size_t indentation = 2;
  std::string text{open};
  for (const std::string& item : items) {
    text += text.size() == 1 ? "\n" : ",\n";
    text.append(indentation * (depth + 1), ' ') += item;
  }
  text += '\n';
  text.append(indentation * depth, ' ') += close;
  return text;
}

std::string object(const Fields& fields, std::size_t depth) {
  std::vector<std::string> items;
  items.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    items.push_back(leaf(name) + ": " + value);
  }
  return listed('{', items, '}', depth);
}

std::string numbers(const std::vector<std::int64_t>& values, std::size_t depth) {
  std::vector<std::string> items;
  items.reserve(values.size());
  for (const std::int64_t value : values) {
    items.push_back(leaf(value));
  }
  return listed('[', items, ']', depth);
}

std::string direction_of(std::int64_t direction) {
  return direction < 0 ? "null" : leaf(direction);
}

std::string json_of(const Comparison& comparison, std::size_t depth) {
  return object({{"done", leaf(comparison.done)},
                 {"verdict", leaf(to_string(comparison.verdict))},
                 {"reason", leaf(comparison.reason)},
                 {"absolute", leaf(comparison.absolute)},
                 {"relative", leaf(comparison.relative)},
                 {"norm_relative", leaf(comparison.norm_relative)},
                 {"index", numbers(comparison.index, depth + 1)},
                 {"direction", direction_of(comparison.direction)}},
                depth);
}

std::string json_of(const ParameterReport& parameter, std::size_t depth) {
  return object({{"name", leaf(parameter.name)},
                 {"shape", numbers(parameter.shape.to_vector(), depth + 1)},
                 {"checked", leaf(parameter.checked)},
                 {"index", numbers(parameter.index, depth + 1)},
                 {"direction", direction_of(parameter.direction)},
                 {"manual", leaf(parameter.manual)},
                 {"automatic", leaf(parameter.automatic)},
                 {"numerical", leaf(parameter.numerical)},
                 {"step", leaf(parameter.step)},
                 {"error", leaf(parameter.error)},
                 {"manual_automatic", json_of(parameter.manual_automatic, depth + 1)},
                 {"automatic_numerical", json_of(parameter.automatic_numerical, depth + 1)},
                 {"verdict", leaf(to_string(parameter.verdict))},
                 {"reason", leaf(parameter.reason)},
                 {"diagnosis", leaf(parameter.diagnosis)},
                 {"place", leaf(parameter.place)}},
                depth);
}

std::string json_of(const std::vector<ParameterReport>& reports, std::size_t depth) {
  std::vector<std::string> items;
  items.reserve(reports.size());
  for (const ParameterReport& report : reports) {
    items.push_back(json_of(report, depth + 1));
  }
  return listed('[', items, ']', depth);
}

}  // namespace

std::string Report::json() const {
  return object({{"title", leaf(title)},
                 {"dtype", leaf(to_string(dtype))},
                 {"loss", leaf(loss)},
                 {"manual_source", leaf(manual_source)},
                 {"differences", leaf(differences)},
                 {"verdict", leaf(to_string(verdict()))},
                 {"first_divergence", leaf(first_divergence)},
                 {"parameters", json_of(parameters, 1)},
                 {"tensors", json_of(tensors, 1)}},
                0);
}

}  // namespace xgrad::check
