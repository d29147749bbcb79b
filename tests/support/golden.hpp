#pragma once

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>
#include <xgrad/creation.hpp>
#include <xgrad/tensor.hpp>

/// One golden run of the document's program; tests/data/golden/README.md describes the fields.
namespace golden {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

struct Parameters {
  std::vector<Matrix> W;
  std::vector<Vector> b;
};

struct Run {
  std::vector<std::int64_t> sizes;
  double eta = 0;
  int epochs = 0;
  Matrix inputs;
  Matrix targets;
  Parameters initial;
  Parameters final;
  double first_loss = 0;
  std::vector<Vector> delta;
  std::vector<Matrix> dW;
  std::vector<Vector> db;
  Vector loss_before_epoch;

  [[nodiscard]] std::size_t depth() const { return sizes.size() - 1; }
};

inline Parameters read_parameters(const nlohmann::json& json) {
  return {json.at("W").get<std::vector<Matrix>>(), json.at("b").get<std::vector<Vector>>()};
}

/// Throws if the file is missing or lacks a key.
inline Run read(const std::string& sizes) {
  const std::string path = std::string{XGRAD_TEST_DATA} + "/golden/document-" + sizes + ".json";
  std::ifstream file{path};
  if (!file) {
    throw std::runtime_error("can't read " + path);
  }
  const nlohmann::json json = nlohmann::json::parse(file);
  const nlohmann::json& first = json.at("first_sample");
  return {.sizes = json.at("sizes"),
          .eta = json.at("eta"),
          .epochs = json.at("epochs"),
          .inputs = json.at("inputs"),
          .targets = json.at("targets"),
          .initial = read_parameters(json.at("initial")),
          .final = read_parameters(json.at("final")),
          .first_loss = first.at("loss"),
          .delta = first.at("delta"),
          .dW = first.at("dW"),
          .db = first.at("db"),
          .loss_before_epoch = json.at("loss_before_epoch")};
}

inline xgrad::Tensor tensor(const Vector& values) {
  return xgrad::from_vector(values, xgrad::Shape{static_cast<std::int64_t>(values.size())});
}

inline xgrad::Tensor tensor(const Matrix& rows) {
  Vector flat;
  for (const Vector& row : rows) {
    flat.insert(flat.end(), row.begin(), row.end());
  }
  return xgrad::from_vector(
      flat, xgrad::Shape{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows.at(0).size())});
}

/// The largest |found − expected| / |expected| of all entries; infinite if the shapes differ or one isn't a number.
inline double worst_relative(const xgrad::Tensor& found, const xgrad::Tensor& expected) {
  if (found.shape() != expected.shape()) {
    return INFINITY;
  }
  const auto a = found.data<double>();
  const auto b = expected.data<double>();
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    const double relative = difference == 0 ? 0 : difference / std::abs(b[i]);
    worst = relative <= worst ? worst : relative;
    if (std::isnan(relative)) {
      return INFINITY;
    }
  }
  return worst;
}

}  // namespace golden
