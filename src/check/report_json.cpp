#include <nlohmann/json.hpp>
#include <string>

#include "xgrad/check.hpp"

// JSON has no NaN and no infinity: such numbers are null.
namespace xgrad::check {
namespace {

using Json = nlohmann::ordered_json;

Json direction_of(std::int64_t direction) {
  return direction < 0 ? Json{} : Json(direction);
}

Json json_of(const Comparison& comparison) {
  return {{"done", comparison.done},         {"verdict", to_string(comparison.verdict)},
          {"reason", comparison.reason},     {"absolute", comparison.absolute},
          {"relative", comparison.relative}, {"norm_relative", comparison.norm_relative},
          {"index", comparison.index},       {"direction", direction_of(comparison.direction)}};
}

Json json_of(const ParameterReport& parameter) {
  return {{"name", parameter.name},
          {"shape", parameter.shape.to_vector()},
          {"checked", parameter.checked},
          {"index", parameter.index},
          {"direction", direction_of(parameter.direction)},
          {"manual", parameter.manual},
          {"automatic", parameter.automatic},
          {"numerical", parameter.numerical},
          {"step", parameter.step},
          {"error", parameter.error},
          {"manual_automatic", json_of(parameter.manual_automatic)},
          {"automatic_numerical", json_of(parameter.automatic_numerical)},
          {"verdict", to_string(parameter.verdict)},
          {"reason", parameter.reason},
          {"diagnosis", parameter.diagnosis},
          {"place", parameter.place}};
}

}  // namespace

std::string Report::json() const {
  Json root{{"title", title},
            {"dtype", to_string(dtype)},
            {"loss", loss},
            {"manual_source", manual_source},
            {"differences", differences},
            {"verdict", to_string(verdict())},
            {"first_divergence", first_divergence},
            {"parameters", Json::array()},
            {"tensors", Json::array()}};
  for (const ParameterReport& parameter : parameters) {
    root["parameters"].push_back(json_of(parameter));
  }
  for (const ParameterReport& tensor : tensors) {
    root["tensors"].push_back(json_of(tensor));
  }
  return root.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace xgrad::check
