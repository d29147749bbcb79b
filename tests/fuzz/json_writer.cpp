// Reports in JSON: valid JSON for any names and numbers, which hold names that are UTF-8, and finite numbers, to the
// bit.
#include <cmath>
#include <nlohmann/json.hpp>

#include "xgrad/check.hpp"

#include "fuzz.hpp"

namespace {

using Json = nlohmann::json;

/// Parts of the input, one after the other.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_{bytes} {}

  std::string text() {
    const std::size_t length = rest_.empty() ? 0 : static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(rest_.empty() ? 0 : 1);
    std::string result{rest_.substr(0, length)};
    rest_.remove_prefix(result.size());
    return result;
  }
  double number() {
    double result = 0;
    if (rest_.size() >= sizeof(result)) {
      std::memcpy(&result, rest_.data(), sizeof(result));
      rest_.remove_prefix(sizeof(result));
    }
    return result;
  }
  std::int64_t integer() {
    const double bits = number();
    std::int64_t result = 0;
    std::memcpy(&result, &bits, sizeof(result));
    return result;
  }
  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool is_utf8(const std::string& text) {
  try {
    return !Json(text).dump().empty();
  } catch (const Json::type_error&) {
    return false;
  }
}

void require_text(const Json& found, const std::string& expected) {
  const bool is_same = !is_utf8(expected) || found.get<std::string>() == expected;
  FUZZ_CHECK(is_same);
}

void require_number(const Json& found, double expected) {
  const bool is_same = std::isfinite(expected) ? found.get<double>() == expected : found.is_null();
  FUZZ_CHECK(is_same);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{fuzz::bytes_of(data, size)};
  xgrad::check::Report report;
  report.title = input.text();
  report.loss = input.number();
  report.first_divergence = input.text();
  while (!input.is_at_end()) {
    xgrad::check::ParameterReport& parameter = report.parameters.emplace_back();
    parameter.name = input.text();
    parameter.index = {input.integer(), 0};
    parameter.automatic = input.number();
    parameter.diagnosis = input.text();
    parameter.manual_automatic.relative = input.number();
  }
  report.tensors = report.parameters;
  const std::string text = report.json();
  const Json root = Json::parse(text);  // which throws, for what isn't JSON in UTF-8
  require_text(root["title"], report.title);
  require_number(root["loss"], report.loss);
  require_text(root["first_divergence"], report.first_divergence);
  FUZZ_CHECK(root["parameters"].size() == report.parameters.size());
  FUZZ_CHECK(root["parameters"] == root["tensors"]);
  for (std::size_t i = 0; i < report.parameters.size(); ++i) {
    const Json& found = root["parameters"][i];
    const xgrad::check::ParameterReport& parameter = report.parameters[i];
    require_text(found["name"], parameter.name);
    require_text(found["diagnosis"], parameter.diagnosis);
    require_number(found["automatic"], parameter.automatic);
    require_number(found["manual_automatic"]["relative"], parameter.manual_automatic.relative);
    FUZZ_CHECK(found["index"] == Json(parameter.index));
  }
  return 0;
}
