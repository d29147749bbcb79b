#include <array>
#include <doctest/doctest.h>
#include <memory>
#include <optional>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

std::vector<std::string> names(const auto& all) {
  std::vector<std::string> result;
  for (const auto& named : all) {
    result.push_back(named.name);
  }
  return result;
}

xg::nn::Sequential network(xg::Random& random) {
  return xg::nn::Sequential{xg::nn::Dense{3, 4, random}, xg::nn::BatchNorm{4}, xg::nn::ReLU{},
                            xg::nn::Dropout{0.5, random}, xg::nn::Dense{4, 2, random}};
}

/// Keeps a State in every kind of field.
struct Everything {
  xg::nn::BatchNorm norm{2};
  std::vector<xg::State> many;
  std::optional<xg::State> maybe;
  std::shared_ptr<xg::nn::BatchNorm> shared;
  xg::nn::Mode mode = xg::nn::Mode::training;
  xg::Random random{4};
  xg::State empty;
  int width = 3;
};

/// Lists what it holds.
class Opaque {
 public:
  explicit Opaque(double value) : state_{xg::scalar(value), "kept"} {}
  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const { return {}; }
  void replace_parameters(const xg::nn::ReplaceParameter& /*replacement*/) {}
  [[nodiscard]] std::vector<xg::NamedState> states() const { return {{"kept", state_}}; }
  void replace_states(const xg::nn::ReplaceState& replacement) { state_ = replacement(state_); }
  void set_mode(xg::nn::Mode mode) { mode_ = mode; }
  [[nodiscard]] xg::nn::Mode mode() const { return mode_; }
  [[nodiscard]] xg::Tensor operator()(const xg::Tensor& x) const { return x * state_; }

 private:
  xg::State state_;
  xg::nn::Mode mode_ = xg::nn::Mode::training;
};

/// Doesn't say whether it holds states.
class Silent {
 public:
  explicit Silent(double value) : factor_{xg::scalar(value), "factor"} {}
  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const { return {{"factor", factor_}}; }
  void replace_parameters(const xg::nn::ReplaceParameter& replacement) { factor_ = replacement(factor_); }
  [[nodiscard]] xg::Tensor operator()(const xg::Tensor& x) const { return x * factor_; }

 private:
  xg::Parameter factor_;
};

struct SameAsDense : xg::nn::Dense {
  using Dense::Dense;
};

}  // namespace

TEST_CASE("states: are found by name, in the order of the fields, beside the parameters") {
  xg::Random random{1};
  const auto net = network(random);
  CHECK(names(xg::nn::states(net)) == std::vector<std::string>{"1.running_mean", "1.running_var", "3.random"});
  CHECK(names(xg::nn::parameters(net)) == std::vector<std::string>{"0.W", "0.b", "1.weight", "1.bias", "4.W", "4.b"});
  Everything model;
  model.many = {xg::State{doubles({1})}, xg::State{doubles({2})}};
  model.maybe = xg::State{doubles({3})};
  model.shared = std::make_shared<xg::nn::BatchNorm>(2);
  CHECK(names(xg::nn::states(model)) == std::vector<std::string>{"norm.running_mean", "norm.running_var", "many.0",
                                                                 "many.1", "maybe", "shared.running_mean",
                                                                 "shared.running_var", "random"});
  CHECK(names(xg::nn::parameters(model)) ==
        std::vector<std::string>{"norm.weight", "norm.bias", "shared.weight", "shared.bias"});
  CHECK(names(xg::nn::states(xg::State{doubles({1}), "alone"})) == std::vector<std::string>{"alone"});
  CHECK(xg::nn::states(SameAsDense{2, 2, random}).empty());
}

TEST_CASE("states: of a class that lists them, and of one that doesn't say") {
  const xg::nn::Sequential lists{Opaque{3}};
  CHECK(names(xg::nn::states(lists)) == std::vector<std::string>{"0.kept"});
  const xg::nn::Sequential silent{Silent{3}};
  const std::string message = message_of<xg::ValueError>([&] { return xg::nn::states(silent); });
  CHECK(contains(message, "Silent has parameters() of its own, and doesn't say what states it holds"));
  CHECK_THROWS_AS(static_cast<void>(xg::nn::inference(silent)), xg::ValueError);
  CHECK(xg::nn::parameters(xg::nn::clone(silent)).size() == 1);
}

TEST_CASE("clone: has states of its own, of the same values, and shared ones stay shared") {
  Everything model;
  model.many = {xg::State{doubles({1})}};
  model.many.push_back(model.many[0]);
  model.shared = std::make_shared<xg::nn::BatchNorm>(2);
  const Everything copy = model;  // NOLINT(performance-unnecessary-copy-initialization)
  const Everything cloned = xg::nn::clone(model);
  CHECK(copy.many[0].is(model.many[0]));
  CHECK(cloned.many[0].is(cloned.many[1]));
  const auto of_model = xg::nn::states(model);
  const auto of_clone = xg::nn::states(cloned);
  REQUIRE(of_model.size() == of_clone.size());
  for (std::size_t i = 0; i < of_model.size(); ++i) {
    CAPTURE(of_model[i].name);
    CHECK(of_clone[i].name == of_model[i].name);
    CHECK(!of_clone[i].state.is(of_model[i].state));
    CHECK(xg::cast(of_clone[i], xg::float64).to_vector<double>() ==
          xg::cast(of_model[i], xg::float64).to_vector<double>());
  }
  const xg::nn::Sequential listed{Opaque{3}};
  const auto other = xg::nn::clone(listed);
  other.states()[0].set(xg::scalar(5));
  CHECK(listed.states()[0].state.value().item() == 3);
}

TEST_CASE("inference: is a copy that shares all cells, the original goes on training, and training is the reverse") {
  xg::Random random{1};
  const auto net = network(random);
  const auto inferring = xg::nn::inference(net);
  const xg::Tensor x = random.normal({8, 3}).eval();
  const xg::Tensor once = inferring(x);
  CHECK(once.to_vector<float>() == inferring(x).to_vector<float>());
  CHECK(xg::nn::states(net)[0].state.value().to_vector<float>() == std::vector<float>(4, 0.0F));
  static_cast<void>(net(x).eval());
  CHECK(xg::nn::states(net)[0].state.value().to_vector<float>() != std::vector<float>(4, 0.0F));
  CHECK(inferring(x).to_vector<float>() != once.to_vector<float>());
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(xg::nn::states(net)[i].state.is(xg::nn::states(inferring)[i].state));
  }
  CHECK(xg::nn::parameters(net)[2].parameter.is(xg::nn::parameters(inferring)[2].parameter));
  const auto again = xg::nn::training(inferring);
  CHECK(again(x).to_vector<float>() != again(x).to_vector<float>());

  Everything model;
  model.shared = std::make_shared<xg::nn::BatchNorm>(2);
  const Everything in_inference = xg::nn::inference(model);
  CHECK(in_inference.mode == xg::nn::Mode::inference);
  CHECK(in_inference.norm.mode == xg::nn::Mode::inference);
  CHECK(in_inference.shared->mode == xg::nn::Mode::inference);
  CHECK(model.mode == xg::nn::Mode::training);
  CHECK(model.shared->mode == xg::nn::Mode::training);
  CHECK(xg::nn::inference(Opaque{1}).mode() == xg::nn::Mode::inference);
}
