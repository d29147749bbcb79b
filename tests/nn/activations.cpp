// Activations as layers: beside PyTorch's, with their options, in models that are named, copied, saved and trained.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace xg = xgrad;
namespace nn = xg::nn;
using xg::Tensor;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Named {
  std::string name;  ///< as tests/nn/golden/activations.py calls it
  std::string type;  ///< as scopes and Sequential call it
  nn::Layer layer;
};

std::vector<Named> all_layers() {
  return {
      {"GELU", "GELU", nn::GELU{}},
      {"GELU, approximate", "GELU", nn::GELU{.approximate = true}},
      {"SiLU", "SiLU", nn::SiLU{}},
      {"Mish", "Mish", nn::Mish{}},
      {"Softsign", "Softsign", nn::Softsign{}},
      {"Tanhshrink", "Tanhshrink", nn::Tanhshrink{}},
      {"LogSigmoid", "LogSigmoid", nn::LogSigmoid{}},
      {"Softplus", "Softplus", nn::Softplus{}},
      {"Softplus, beta 2", "Softplus", nn::Softplus{2}},
      {"ELU", "ELU", nn::ELU{}},
      {"ELU, alpha 0.5", "ELU", nn::ELU{0.5}},
      {"SELU", "SELU", nn::SELU{}},
      {"CELU", "CELU", nn::CELU{}},
      {"CELU, alpha 2", "CELU", nn::CELU{2}},
      {"LeakyReLU", "LeakyReLU", nn::LeakyReLU{}},
      {"LeakyReLU, slope 0.3", "LeakyReLU", nn::LeakyReLU{0.3}},
      {"PReLU", "PReLU", nn::PReLU{1, {.dtype = xg::float64}}},
      {"PReLU of 4", "PReLU", nn::PReLU{4, {.initial = 0.125, .dtype = xg::float64}}},
      {"ReLU6", "ReLU6", nn::ReLU6{}},
      {"Hardtanh", "Hardtanh", nn::Hardtanh{}},
      {"Hardtanh, -2 to 0.5", "Hardtanh", nn::Hardtanh{-2, 0.5}},
      {"Hardsigmoid", "Hardsigmoid", nn::Hardsigmoid{}},
      {"Hardswish", "Hardswish", nn::Hardswish{}},
      {"Hardshrink", "Hardshrink", nn::Hardshrink{}},
      {"Softshrink", "Softshrink", nn::Softshrink{}},
      {"Softmin", "Softmin", nn::Softmin{}},
      {"Softmin, axis 1", "Softmin", nn::Softmin{.axis = 1}},
      {"LogSoftmax", "LogSoftmax", nn::LogSoftmax{}},
      {"GLU", "GLU", nn::GLU{}},
      {"GLU, axis 1", "GLU", nn::GLU{.axis = 1}},
      {"SwiGLU", "SwiGLU", nn::SwiGLU{}},
  };
}

// Relative to the largest entry.
double difference(const Values& found, const Values& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  double size = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    worst = std::max(worst, std::abs(found[i] - expected[i]));
    size = std::max(size, std::abs(expected[i]));
  }
  return worst / std::max(size, 1e-300);
}

/// Several activations, one of which has a parameter.
struct Model {
  nn::Dense first;
  nn::PReLU slopes;
  nn::ELU elu;
  nn::GELU gelu;
  Tensor operator()(const Tensor& x) const { return gelu(elu(slopes(first(x)))); }
};

}  // namespace

TEST_CASE("activations: values and gradients are those of PyTorch's layers") {
  std::ifstream file{std::string{XGRAD_TEST_DATA} + "/../nn/golden/activations.json"};
  REQUIRE(file.good());
  const nlohmann::json golden = nlohmann::json::parse(file);
  const std::vector<Named> layers = all_layers();
  CHECK(golden.at("layers").size() == layers.size());
  for (const auto& [name, type, layer] : layers) {
    CAPTURE(name);
    const nlohmann::json& expected = golden.at("layers").at(name);
    const Tensor x = xg::variable(xg::from_vector(golden.at("x").get<Values>(), {2, 4, 2}));
    const Tensor y = layer(x);
    const xg::Shape shape{expected.at("shape").get<std::vector<std::int64_t>>()};
    CHECK(y.shape() == shape);
    CHECK(difference(values_of(y), expected.at("y").get<Values>()) < 1e-14);
    std::vector<Tensor> xs{x};
    for (const xg::NamedParameter& parameter : layer.parameters()) {
      xs.push_back(parameter.parameter.value());
    }
    const Tensor g = xg::from_vector(expected.at("g").get<Values>(), shape);
    const std::vector<Tensor> gradients = xg::vjp(std::vector{y}, xs, std::vector{g});
    REQUIRE(gradients.size() == expected.at("gradients").size());
    const double allowed = name == "Hardsigmoid" ? 1e-7 : 1e-14;  // PyTorch's 1/6 is a float there
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      CHECK(difference(values_of(gradients[i]), expected.at("gradients")[i].get<Values>()) < allowed);
    }
  }
}

TEST_CASE("activations: a Sequential names each by its type, and its nodes by its role") {
  for (const auto& [name, type, layer] : all_layers()) {
    CAPTURE(name);
    CHECK(layer.type() == type);
    nn::Sequential net;
    net.add(layer);
    const Tensor x = xg::zeros({2, 4, 2}, xg::float64).named("x");
    const std::vector<xg::NodeInfo> nodes = xg::nodes(net(x));
    CHECK(nodes.back().scope == "0/" + type);
    CHECK(nodes.back().role == xg::Scope::Role::activation);
  }
}

TEST_CASE("activations: float32 in, float32 out") {
  for (const auto& [name, type, layer] : all_layers()) {
    if (layer.parameters().empty()) {
      CAPTURE(name);
      CHECK(layer(xg::ones({2, 4, 2})).dtype() == xg::float32);
    }
  }
  CHECK(nn::PReLU{}(xg::ones({2})).dtype() == xg::float32);
}

TEST_CASE("activations: options that make no sense are errors which name the layer and the option") {
  CHECK(message_of<xg::ValueError>([] { return nn::ELU{-1}; }) ==
        "[ELU] found alpha = -1; expected a finite number, 0 or larger");
  CHECK(message_of<xg::ValueError>([] { return nn::ELU{not_a_number}; }) ==
        "[ELU] found alpha = nan; expected a finite number, 0 or larger");
  CHECK(message_of<xg::ValueError>([] { return nn::CELU{0}; }) == "[CELU] found alpha = 0; expected a positive number");
  CHECK(message_of<xg::ValueError>([] { return nn::Softplus{-2}; }) ==
        "[Softplus] found beta = -2; expected a positive number");
  CHECK(message_of<xg::ValueError>([] { return nn::Softplus{infinity}; }) ==
        "[Softplus] found beta = inf; expected a positive number");
  CHECK(message_of<xg::ValueError>([] { return nn::LeakyReLU{infinity}; }) ==
        "[LeakyReLU] found slope = inf; expected a finite number");
  CHECK(message_of<xg::ValueError>([] {
          return nn::Hardtanh{1, 1};
        }) == "[Hardtanh] found low = 1, high = 1; expected low < high");
  CHECK(message_of<xg::ValueError>([] { return nn::Hardshrink{-1}; }) ==
        "[Hardshrink] found lambda = -1; expected a finite number, 0 or larger");
  CHECK(message_of<xg::ValueError>([] { return nn::Softshrink{not_a_number}; }) ==
        "[Softshrink] found lambda = nan; expected a finite number, 0 or larger");
  CHECK(message_of<xg::ValueError>([] { return nn::PReLU{0}; }) == "[PReLU] of 0 slopes; expected one or more");
  CHECK(message_of<xg::ValueError>([] {
          return nn::PReLU{2, {.initial = not_a_number}};
        }) == "[PReLU] found initial = nan; expected a finite number");
  CHECK(message_of<xg::DTypeError>([] {
          return nn::PReLU{2, {.dtype = xg::int64}};
        }) == "[PReLU] of int64; expected float32 or float64");
}

TEST_CASE("activations: options that are changed later are checked at the call") {
  nn::ELU elu;
  elu.alpha = -1;
  CHECK(contains(message_of<xg::ValueError>([&] { return elu(xg::ones({2})); }), "[ELU] found alpha = -1"));
  nn::Softplus softplus;
  softplus.beta = 0;
  CHECK(contains(message_of<xg::ValueError>([&] { return softplus(xg::ones({2})); }), "[Softplus] found beta = 0"));
  nn::Hardtanh hardtanh;
  hardtanh.high = -2;
  CHECK(contains(message_of<xg::ValueError>([&] { return hardtanh(xg::ones({2})); }), "low = -1, high = -2"));
}

TEST_CASE("activations: shapes that don't fit, undefined tensors and integers are errors") {
  CHECK(message_of<xg::ShapeError>([] {
          return nn::PReLU{3}(xg::ones({2, 4}));
        }) == "[PReLU] takes (N, 3, …), not (2, 4)");
  CHECK(message_of<xg::ShapeError>([] { return nn::PReLU{3}(xg::ones({3})); }) == "[PReLU] takes (N, 3, …), not (3,)");
  CHECK(contains(message_of<xg::ShapeError>([] { return nn::GLU{}(xg::ones({2, 3})); }), "[glu]"));
  CHECK(contains(message_of<xg::ShapeError>([] { return nn::SwiGLU{.axis = 2}(xg::ones({2, 4})); }), "[swiglu]"));
  CHECK(contains(message_of<xg::ShapeError>([] { return nn::Softmin{.axis = 2}(xg::ones({2, 4})); }), "[softmin]"));
  for (const auto& [name, type, layer] : all_layers()) {
    CAPTURE(name);
    CHECK(contains(message_of<xg::ValueError>([&l = layer] { return l(Tensor{}); }), "undefined"));
    CHECK_THROWS_AS(static_cast<void>(layer(xg::ones({2, 4, 2}, xg::int64))), xg::DTypeError);
  }
}

TEST_CASE("activations: PReLU is trained, by what He et al. derive for its slopes") {
  const nn::PReLU slopes{2, {.dtype = xg::float64}};
  CHECK(values_of(slopes.weight) == Values{0.25, 0.25});
  const Tensor x = xg::from_vector(Values{-4, 2, 6, -8}, {2, 2});
  xg::optim::SGD sgd{nn::parameters(slopes), {.learning_rate = 0.1}};
  sgd.step(xg::sum(slopes(x)));
  // ā is Σ x over what is negative: −4 for the first channel, −8 for the second.
  CHECK(difference(values_of(slopes.weight), {0.25 + 0.4, 0.25 + 0.8}) < 1e-15);
}

TEST_CASE("activations: parameters are found by name; a clone has cells and options of its own") {
  xg::Random random{3};
  const Model model{{2, 3, random}, nn::PReLU{3}, nn::ELU{0.5}, {.approximate = true}};
  std::vector<std::string> names;
  for (const auto& named : nn::parameters(model)) {
    names.push_back(named.name);
  }
  CHECK(names == std::vector<std::string>{"first.W", "first.b", "slopes.weight"});
  Model copy = nn::clone(model);
  copy.slopes.weight.set(xg::full({3}, 9));
  CHECK(values_of(xg::cast(model.slopes.weight.value(), xg::float64)) == Values{0.25, 0.25, 0.25});
  CHECK(copy.elu.alpha == 0.5);
  CHECK(copy.gelu.approximate);

  const nn::Sequential net{nn::Dense{2, 3, random}, nn::PReLU{3}, nn::GELU{}};
  const nn::Sequential other = nn::clone(net);
  nn::parameters(other)[2].parameter.set(xg::full({3}, 0));
  const Tensor x = random.normal({4, 2}).eval();
  CHECK(values_of(xg::cast(net(x), xg::float64)) != values_of(xg::cast(other(x), xg::float64)));
  CHECK(nn::states(net).empty());
  CHECK(values_of(xg::cast(nn::inference(net)(x), xg::float64)) == values_of(xg::cast(net(x), xg::float64)));
}

TEST_CASE_TEMPLATE("activations: fused and compiled, values and gradients are those of node by node", T, float,
                   double) {
  constexpr double allowed = std::is_same_v<T, float> ? 1e-6 : 1e-14;
  xg::Random random{9};
  const xg::DType dtype = xg::dtype_of<T>;
  const Tensor x = random.normal({6, 4, 1500}, 0, 3, dtype).eval();
  const Tensor weights = random.normal({6, 4, 1500}, 0, 1, dtype).eval();
  for (const auto& [name, type, layer] : all_layers()) {
    if (!layer.parameters().empty() && dtype == xg::float32) {
      continue;
    }
    CAPTURE(name);
    const auto both = [&l = layer](const Tensor& a, const Tensor& b) {
      const Tensor moved = xg::variable(a) * 1.25 - 0.5;
      const Tensor loss = xg::sum(xg::square(l(moved) + 1.0)) + xg::sum(b * moved);
      return xg::gradients(loss, {moved})[0] * b;
    };
    const auto wide = [](const Tensor& tensor) { return values_of(xg::cast(tensor, xg::float64)); };
    const Values fused = wide(both(x, weights).eval());
    auto compiled = xg::compile(both);
    CHECK(difference(wide(compiled(x, weights)), fused) <= allowed);
    const xg::PlanScope plain{{.simplify = false, .fuse = false}};
    CHECK(difference(wide(both(x, weights).eval()), fused) <= allowed);
  }
}

TEST_CASE("activations: a learned slope is saved by its name, and put back") {
  const TemporaryFolder folder;
  const nn::Sequential net{nn::PReLU{2}, nn::ELU{}};
  for (const auto& [name, parameter] : nn::parameters(net)) {
    CHECK(name == "0.weight");
    parameter.set(xg::tensor({0.5, -0.125}));
    xg::data::write_npy(folder.path() / (name + ".npy"), parameter);
  }
  const nn::Sequential other{nn::PReLU{2}, nn::ELU{}};
  for (const xg::NamedParameter& named : nn::parameters(other)) {
    named.set(xg::data::read_npy(folder.path() / (named.name + ".npy")));
  }
  const Tensor x = xg::tensor({{-2, -8}, {4, 3}});
  CHECK(other(x).to_vector<float>() == net(x).to_vector<float>());
  CHECK(other(x).to_vector<float>()[1] == 1);
}
