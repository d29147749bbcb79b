// Pooling, windows and interpolation beside PyTorch: values, indices and gradients. golden/pooling.py made the data.
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using nlohmann::json;
using xg::Tensor;

namespace {

using Lengths = std::vector<std::int64_t>;

json rows() {
  const std::string path = std::string{XGRAD_TEST_DATA} + "/../ops/golden/pooling.json";
  std::ifstream file{path};
  REQUIRE_MESSAGE(file.good(), path);
  return json::parse(file).at("rows");
}

// ((factor · i) mod modulus) / divisor + shift, as pooling.py.
Tensor numbers(const Lengths& lengths, std::int64_t factor, std::int64_t modulus, double divisor, double shift) {
  const xg::Shape shape{lengths};
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(shape.size()));
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    values.push_back(static_cast<double>(i * factor % modulus) / divisor + shift);
  }
  return xg::from_vector(values, shape);
}

xg::PoolOptions pool_options(const json& options) {
  return {options.at("kernel"), options.at("stride"), options.at("padding"), options.at("dilation"),
          options.at("ceil_mode")};
}

Tensor max_pool(const Tensor& x, const json& options) {
  return xg::max_pool(x, pool_options(options));
}
Tensor avg_pool(const Tensor& x, const json& options) {
  return xg::avg_pool(x, {options.at("kernel"), options.at("stride"), options.at("padding"), options.at("ceil_mode"),
                          options.at("count_include_pad")});
}
Tensor windows(const Tensor& x, const json& options) {
  return xg::windows(x, {options.at("kernel"), options.at("stride"), options.at("padding"), options.at("dilation")});
}
Tensor upsample(const Tensor& x, const json& options) {
  const std::map<std::string, xg::Interpolation> modes{{"nearest", xg::Interpolation::nearest},
                                                       {"linear", xg::Interpolation::linear},
                                                       {"cubic", xg::Interpolation::cubic}};
  return xg::upsample(x, {options.value("size", Lengths{}), options.value("scale", std::vector<double>{}),
                          modes.at(options.at("mode")), options.at("align_corners")});
}

const std::map<std::string, std::function<Tensor(const Tensor&, const json&)>> functions{
    {"max_pool", max_pool},
    {"avg_pool", avg_pool},
    {"windows", windows},
    {"upsample", upsample},
    {"adaptive_max_pool", [](const Tensor& x, const json& o) { return xg::adaptive_max_pool(x, o.at("size")); }},
    {"adaptive_avg_pool", [](const Tensor& x, const json& o) { return xg::adaptive_avg_pool(x, o.at("size")); }},
    {"pixel_shuffle", [](const Tensor& x, const json& o) { return xg::pixel_shuffle(x, o.at("factor")); }},
    {"pixel_unshuffle", [](const Tensor& x, const json& o) { return xg::pixel_unshuffle(x, o.at("factor")); }}};

double worst(const Tensor& found, const std::vector<double>& expected) {
  const auto values = found.data<double>();
  REQUIRE_EQ(values.size(), expected.size());
  double result = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    result = std::max(result, std::abs(values[i] - expected[i]));
  }
  return result;
}

}  // namespace

TEST_CASE("pooling, windows, interpolation: values, indices and gradients are PyTorch's") {
  const json all = rows();
  CHECK_GE(all.size(), 40);
  for (const json& row : all) {
    INFO(row.at("function").get<std::string>() << " of " << row.at("shape").dump() << " " << row.at("options").dump());
    const Tensor x = xg::variable(numbers(row.at("shape"), 37, 101, 16, -3));
    const Tensor y = functions.at(row.at("function"))(x, row.at("options"));
    CHECK_EQ(y.shape(), xg::Shape{row.at("result").get<Lengths>()});
    CHECK(worst(y, row.at("value")) < 1e-13);
    const Tensor g = numbers(row.at("result"), 29, 97, 64, -0.5);
    CHECK(worst(xg::vjp({y}, {x}, {g})[0], row.at("gradient")) < 1e-13);
    if (row.contains("indices")) {
      const Tensor indices = xg::max_pool_indices(x, pool_options(row.at("options")));
      CHECK(worst(xg::cast(indices, xg::float64), row.at("indices")) == 0);
    }
  }
}
