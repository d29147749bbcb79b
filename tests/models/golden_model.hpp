#pragma once

#include <cmath>
#include <doctest/doctest.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/reproducible.hpp"

/// A model beside the same one in PyTorch: outputs, gradients, statistics and three steps of training from equal
/// weights, eager and compiled. golden/models.py says how the figures were made.
namespace golden_model {

constexpr double tolerance = 1e-10;
using Golden = nlohmann::ordered_json;

struct Result {
  xgrad::Tensor output;
  xgrad::Tensor loss;
};

inline const Golden& all() {
  static const Golden golden = [] {
    std::ifstream file{std::string{XGRAD_TEST_DATA} + "/../models/golden/models.json"};
    REQUIRE(file);
    return Golden::parse(file);
  }();
  return golden;
}

/// PyTorch's name: "first.weight" for "first.W", "recurrent.weight_ih_l1" for "recurrent.cells.1.weight_ih".
inline std::string torch_name(std::string name) {
  const auto replace_end = [&name](const std::string& from, const std::string& to) {
    if (name.ends_with(from)) {
      name.replace(name.size() - from.size(), from.size(), to);
    }
  };
  replace_end(".W", ".weight");
  replace_end(".b", ".bias");
  if (const std::size_t cells = name.find("cells."); cells != std::string::npos) {
    const std::string layer = name.substr(cells + 6, 1);
    name = name.substr(0, cells) + name.substr(cells + 8) + "_l" + layer;
  }
  return name;
}

/// By PyTorch's names.
template <class Model>
std::map<std::string, xgrad::Parameter> parameters_of(const Model& model) {
  std::map<std::string, xgrad::Parameter> result;
  for (const auto& [name, parameter] : xgrad::nn::parameters(model)) {
    result.emplace(torch_name(name), parameter);
  }
  return result;
}

/// As initialise() in models.py; `order` has the names in PyTorch's order.
template <class Model>
void initialise(const Model& model, const Golden& order) {
  const auto parameters = parameters_of(model);
  CHECK(parameters.size() == order.size());
  std::uint64_t seed = 100;
  for (const auto& [name, unused] : order.items()) {
    CAPTURE(name);
    REQUIRE(parameters.contains(name));
    const xgrad::Parameter& parameter = parameters.at(name);
    const xgrad::Shape& shape = parameter.shape();
    const xgrad::Tensor values = reproducible::tensor(seed++, shape);
    if (shape.rank() > 1) {
      parameter.set(values * std::sqrt(3.0 / static_cast<double>(shape.size() / shape[0])));
    } else {
      const bool gain = name.ends_with("weight") || name.ends_with("gain");
      parameter.set(gain ? 1 + values * 0.1 : values * 0.1);
    }
  }
}

inline void check_print(const xgrad::Tensor& found, const Golden& expected) {
  CHECK(reproducible::distance(found, expected.get<reproducible::Fingerprint>()) < tolerance);
}

inline bool alike(const xgrad::Tensor& a, const xgrad::Tensor& b) {
  return reproducible::distance(a, reproducible::fingerprint(b)) < 1e-12;
}

template <class Model>
void check_trained(const Model& model, const Golden& expected) {
  const auto parameters = parameters_of(model);
  for (const auto& [name, print] : expected.at("parameters").items()) {
    CAPTURE(name);
    check_print(parameters.at(name).value(), print);
  }
  const auto& statistics = expected.at("statistics");
  std::size_t found = 0;  // streams of random numbers are states, too
  for (const auto& [name, state] : xgrad::nn::states(model)) {
    if (statistics.contains(name)) {
      CAPTURE(name);
      check_print(state.value(), statistics.at(name));
      ++found;
    }
  }
  CHECK(found == statistics.size());
}

/// `forward(model)` gives the Result.
template <class Model, class Forward>
void check(const char* name, const Model& model, const Forward& forward) {
  CAPTURE(name);
  const Golden& expected = all().at(name);
  initialise(model, expected.at("gradients"));
  const Model twin = xgrad::nn::clone(model);
  const xgrad::optim::SGDOptions options{.learning_rate = 0.05, .momentum = 0.9};

  xgrad::optim::SGD eager{xgrad::nn::parameters(model), options};
  for (std::size_t step = 0; step < 3; ++step) {
    const Result result = forward(model);
    if (step == 0) {
      const auto list = xgrad::nn::parameters(model);
      const auto gradients = xgrad::gradients(result.loss, list, {.unconnected = xgrad::Unconnected::zeros});
      for (std::size_t i = 0; i < list.size(); ++i) {
        CAPTURE(list[i].name);
        check_print(gradients[i], expected.at("gradients").at(torch_name(list[i].name)));
      }
      check_print(result.output, expected.at("output"));
    }
    eager.step(result.loss);
    CHECK(result.loss.item() == doctest::Approx(expected.at("losses")[step].get<double>()).epsilon(tolerance));
  }
  check_trained(model, expected);

  xgrad::optim::SGD compiled{xgrad::nn::parameters(twin), options};
  auto step = xgrad::compile([&] {
    const xgrad::Tensor loss = forward(twin).loss;
    compiled.step(loss);
    return loss;
  });
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(step().item() == doctest::Approx(expected.at("losses")[i].get<double>()).epsilon(tolerance));
  }
  check_trained(twin, expected);
}

}  // namespace golden_model
