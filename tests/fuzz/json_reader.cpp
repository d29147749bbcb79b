// Gradients in JSON, as 'xgrad check --manual' reads them. What is accepted and written again is read as the same.
#include <nlohmann/json.hpp>

#include "xgrad/creation.hpp"

#include "cli/manual_gradients.hpp"
#include "fuzz.hpp"

namespace {

namespace xg = xgrad;
using Json = nlohmann::json;

std::vector<xg::NamedParameter> parameters() {
  return {{"W1", xg::Parameter{xg::zeros({2, 3}, xg::float64)}},
          {"b1", xg::Parameter{xg::zeros({2}, xg::float64)}},
          {"s", xg::Parameter{xg::zeros({}, xg::float64)}}};
}

Json json_of(std::span<const double> numbers, std::span<const std::int64_t> lengths) {
  if (lengths.empty()) {
    return numbers.front();
  }
  Json list = Json::array();
  const std::size_t step = numbers.size() / static_cast<std::size_t>(lengths.front());
  for (std::size_t i = 0; i < numbers.size(); i += step) {
    list.push_back(json_of(numbers.subspan(i, step), lengths.subspan(1)));
  }
  return list;
}

Json json_of(const xg::Tensor& tensor) {
  const std::vector<std::int64_t> lengths = tensor.shape().to_vector();
  return json_of(tensor.data<double>(), lengths);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::File input{"gradients.json"};
  static const std::vector<xg::NamedParameter> all = parameters();
  static const std::vector<xg::cli::Slot> layers{{"z1", {2}, xg::float64}};
  input.write(fuzz::bytes_of(data, size));
  const auto read = [] {
    return fuzz::or_refused([] { return xg::cli::read_manual_gradients(input.path(), all, layers); });
  };
  const auto found = read();
  if (!found) {
    return 0;
  }
  FUZZ_CHECK(found->parameters.size() == all.size());
  Json written = Json::object();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (found->parameters[i].defined()) {
      FUZZ_CHECK(found->parameters[i].shape() == all[i].parameter.shape());
      written[all[i].name] = json_of(found->parameters[i]);
    }
  }
  for (const xg::NamedTensor& named : found->tensors) {
    FUZZ_CHECK(named.name == "z1" && named.tensor.shape() == layers[0].shape);
    written[named.name] = json_of(named.tensor);
  }
  input.write(written.dump());
  const auto again = read();
  FUZZ_CHECK(again.has_value());
  for (std::size_t i = 0; i < all.size(); ++i) {
    FUZZ_CHECK(found->parameters[i].defined() == again->parameters[i].defined());
    FUZZ_CHECK(!found->parameters[i].defined() || fuzz::same(found->parameters[i], again->parameters[i]));
  }
  FUZZ_CHECK(found->tensors.size() == again->tensors.size());
  return 0;
}
