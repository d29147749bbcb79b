#include "support/optimizers.hpp"

#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>

#include "xgrad/autodiff.hpp"
#include "xgrad/compile.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/math.hpp"
#include "xgrad/optim.hpp"
#include "xgrad/plan.hpp"
#include "xgrad/reduce.hpp"

namespace xg = xgrad;
using doctest::Approx;

namespace {

xg::Parameter cell(double value, const char* name) {
  return xg::Parameter{xg::scalar(value, xg::float64), name};
}

// L = ½ c (w − t)²: gradient c (w − t).
struct Bowl {
  double curvature;
  double target;
  [[nodiscard]] xg::Tensor loss(const xg::Parameter& w) const { return 0.5 * curvature * xg::square(w - target); }
  [[nodiscard]] double gradient(double w) const { return curvature * (w - target); }
};

constexpr Bowl bowl{3, 2};

}  // namespace

TEST_CASE("sgd: one step is w − η g") {
  const xg::Parameter w = cell(5, "w");
  xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0.1}};
  const xg::Tensor loss = bowl.loss(w);
  CHECK(sgd.step(loss).item() == Approx(0.5 * 3 * 9));
  CHECK(w.value().item() == Approx(5 - 0.1 * 9).epsilon(1e-15));
  CHECK(sgd.steps() == 1);
}

TEST_CASE("sgd: momentum, Nesterov's momentum and weight decay follow their recurrences") {
  for (const bool nesterov : {false, true}) {
    const xg::Parameter w = cell(5, "w");
    xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0.05, .momentum = 0.8, .nesterov = nesterov, .weight_decay = 0.1}};
    double value = 5;
    double velocity = 0;
    for (int i = 0; i < 25; ++i) {
      sgd.step(bowl.loss(w));
      const double g = bowl.gradient(value) + 0.1 * value;
      velocity = 0.8 * velocity + g;
      value -= 0.05 * (nesterov ? g + 0.8 * velocity : velocity);
      REQUIRE(w.value().item() == Approx(value).epsilon(1e-13));
    }
  }
}

TEST_CASE("every optimiser follows its recurrence, eagerly and compiled") {
  // L = Σ ½ c (w − t)²
  const xg::test::Numbers start{5, -1, 0.25};
  const xg::test::Numbers curvature{3, 0.5, 10};
  const auto gradient = [&](const xg::test::Numbers& w) {
    xg::test::Numbers g;
    for (std::size_t i = 0; i < w.size(); ++i) {
      g.push_back(curvature[i] * (w[i] - 2));
    }
    return g;
  };
  for (const auto& [name, make, recurrence] : xg::test::all_optimizers()) {
    CAPTURE(name);
    const xg::test::Numbers expected = recurrence(start, gradient, 20);
    for (const bool compiled : {false, true}) {
      const xg::Parameter w{xg::from_data<double>(start, xg::Shape{3}), "w"};
      const xg::Tensor c = xg::from_data<double>(curvature, xg::Shape{3});
      const auto optimizer = make({{"w", w}});
      const auto step = [&] { return optimizer->step(xg::sum(0.5 * c * xg::square(w - 2.0))); };
      auto compiled_step = xg::compile(step);
      for (int i = 0; i < 20; ++i) {
        static_cast<void>((compiled ? compiled_step() : step()).item());
      }
      const auto found = w.value().to_vector<double>();
      for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i] == Approx(expected[i]).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("adam: follows algorithm 1 of Kingma and Ba") {
  const xg::Parameter w = cell(5, "w");
  xg::optim::Adam adam{{{"w", w}}, {.learning_rate = 0.1, .beta1 = 0.7, .beta2 = 0.9, .epsilon = 1e-6}};
  double value = 5;
  double m = 0;
  double v = 0;
  for (int t = 1; t <= 40; ++t) {
    adam.step(bowl.loss(w));
    const double g = bowl.gradient(value);
    m = 0.7 * m + 0.3 * g;
    v = 0.9 * v + 0.1 * g * g;
    value -= 0.1 * (m / (1 - std::pow(0.7, t))) / (std::sqrt(v / (1 - std::pow(0.9, t))) + 1e-6);
    REQUIRE(w.value().item() == Approx(value).epsilon(1e-12));
  }
}

TEST_CASE("optimizer: apply takes gradients, leaves them as they are, and checks them") {
  const xg::Parameter w{xg::tensor({1, 2, 3}, xg::float64), "w"};
  xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0.5, .momentum = 0.9, .weight_decay = 0.1}};
  const xg::Tensor g = xg::tensor({1, 1, 1}, xg::float64) * 2.0;
  sgd.apply(std::vector{g});
  sgd.apply(std::vector{g});
  CHECK(g.to_vector<double>() == std::vector<double>{2, 2, 2});
  CHECK_THROWS_AS(sgd.apply({}), xg::ValueError);
  CHECK_THROWS_AS(sgd.apply(std::vector{xg::ones({2}, xg::float64)}), xg::ShapeError);
  CHECK_THROWS_AS(sgd.apply(std::vector{xg::ones({3})}), xg::DTypeError);
  CHECK_THROWS_AS(sgd.apply(std::vector{xg::Tensor{}}), xg::ValueError);
  CHECK(sgd.steps() == 2);
}

TEST_CASE("optimizer: an error leaves parameters and state as they were") {
  const xg::Parameter w = cell(5, "w");
  const xg::Parameter unused = cell(1, "unused");
  xg::optim::SGD sgd{{{"w", w}, {"layer.unused", unused}}, {.learning_rate = 0.1}};
  std::string message;
  try {
    sgd.step(bowl.loss(w));
  } catch (const xg::ValueError& error) {
    message = error.what();
  }
  CHECK(message.find("'layer.unused'") != std::string::npos);
  CHECK(w.value().item() == 5);
  CHECK(sgd.steps() == 0);
}

TEST_CASE("optimizer: a loss built before the last update no longer depends on the current values") {
  const xg::Parameter w = cell(5, "w");
  xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0.1}};
  const xg::Tensor loss = bowl.loss(w);
  sgd.step(loss);
  CHECK_THROWS_AS(sgd.step(loss), xg::ValueError);
}

TEST_CASE("optimizer: an old graph stays valid after an update") {
  const xg::Parameter w = cell(5, "w");
  xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0.1}};
  const xg::Tensor before = w * 10.0;
  const xg::Tensor old = w.value();
  sgd.step(bowl.loss(w));
  CHECK(before.item() == 50);
  CHECK(old.item() == 5);
  CHECK(xg::gradients(before, {old})[0].item() == 10);
}

TEST_CASE("optimizer: tied parameters are updated once") {
  const xg::Parameter w = cell(5, "w");
  xg::optim::SGD sgd{{{"a", w}, {"b", w}}, {.learning_rate = 0.1}};
  CHECK(sgd.parameters().size() == 1);
  sgd.step(bowl.loss(w));
  CHECK(w.value().item() == Approx(5 - 0.1 * 9));
}

TEST_CASE("optimizer: impossible options are errors") {
  const xg::Parameter w = cell(5, "w");
  const std::vector<xg::NamedParameter> ws{{"w", w}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double rate : {nan, -1.0, -1e-300, static_cast<double>(INFINITY)}) {
    CHECK_THROWS_AS((xg::optim::SGD{ws, {.learning_rate = rate}}), xg::ValueError);
    CHECK_THROWS_AS((xg::optim::Adam{ws, {.learning_rate = rate}}), xg::ValueError);
  }
  CHECK_THROWS_AS((xg::optim::SGD{{}, {}}), xg::ValueError);
  CHECK_THROWS_AS((xg::optim::SGD{ws, {.momentum = 1}}), xg::ValueError);
  CHECK_THROWS_AS((xg::optim::SGD{ws, {.momentum = nan}}), xg::ValueError);
  CHECK_THROWS_AS((xg::optim::SGD{ws, {.nesterov = true}}), xg::ValueError);
  CHECK_THROWS_AS((xg::optim::SGD{ws, {.weight_decay = -1}}), xg::ValueError);
  CHECK_THROWS_AS((xg::optim::Adam{ws, {.beta1 = 1}}), xg::ValueError);
  CHECK_THROWS_AS((xg::optim::Adam{ws, {.beta2 = -0.1}}), xg::ValueError);
  CHECK_THROWS_AS((xg::optim::Adam{ws, {.epsilon = 0}}), xg::ValueError);
  xg::optim::SGD sgd{ws};
  CHECK_THROWS_AS(sgd.set_learning_rate(nan), xg::ValueError);
  CHECK_THROWS_AS(sgd.set_learning_rate(-0.5), xg::ValueError);
  CHECK_THROWS_AS(sgd.set_learning_rate(INFINITY), xg::ValueError);
  sgd.set_learning_rate(0.25);
  CHECK(sgd.learning_rate() == 0.25);
}

TEST_CASE("optimizer: a learning rate of 0 takes steps that change nothing, eagerly and compiled: a warm-up from 0") {
  for (const bool compiled : {false, true}) {
    const xg::Parameter w = cell(5, "w");
    xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0}};
    xg::optim::Adam adam{{{"w", w}}, {.learning_rate = 0}};
    const auto loss = [&](xg::optim::Optimizer& optimizer) {
      const xg::Tensor value = xg::square(w);
      optimizer.step(value);
      return value;
    };
    auto with_sgd = xg::compile([&] { return loss(sgd); });
    auto with_adam = xg::compile([&] { return loss(adam); });
    for (int i = 0; i < 2; ++i) {
      static_cast<void>(compiled ? with_sgd() : loss(sgd));
      static_cast<void>(compiled ? with_adam() : loss(adam));
    }
    CHECK(w.value().item() == 5);
    CHECK(sgd.steps() == 2);
    CHECK(adam.steps() == 2);
    sgd.set_learning_rate(0.1);
    static_cast<void>(compiled ? with_sgd() : loss(sgd));
    CHECK(w.value().item() == Approx(5 - 0.1 * 10));
    sgd.set_learning_rate(0);
    static_cast<void>(compiled ? with_sgd() : loss(sgd));
    CHECK(w.value().item() == Approx(4));
  }
}

namespace {

// w ← w − η sign(g): a rule of the user's own.
class SignDescent final : public xg::optim::Optimizer {
 public:
  SignDescent(std::vector<xg::NamedParameter> parameters, double rate) : Optimizer{std::move(parameters), rate} {}

 private:
  [[nodiscard]] Update update(const xg::Tensor& value, const xg::Tensor& gradient,
                              std::span<const xg::Tensor> /*state*/, const Moment& moment) const override {
    return {value - moment.learning_rate * xg::sign(gradient), {}};
  }
};

}  // namespace

TEST_CASE("optimizer: a rule of one's own needs one function") {
  const xg::Parameter w = cell(5, "w");
  SignDescent descent{{{"w", w}}, 0.25};
  descent.step(bowl.loss(w));
  descent.step(bowl.loss(w));
  CHECK(w.value().item() == 4.5);
}

namespace {

// A rule whose second result has the wrong shape.
class WrongShapes final : public xg::optim::Optimizer {
 public:
  explicit WrongShapes(std::vector<xg::NamedParameter> parameters) : Optimizer{std::move(parameters), 1} {}

 private:
  [[nodiscard]] Update update(const xg::Tensor& value, const xg::Tensor& /*gradient*/,
                              std::span<const xg::Tensor> /*state*/, const Moment& /*moment*/) const override {
    return {value.name() == "a" ? value + 1.0 : xg::ones({7}, xg::float64), {}};
  }
};

}  // namespace

TEST_CASE("optimizer: a rule with a wrong result changes nothing") {
  const xg::Parameter a = cell(1, "a");
  const xg::Parameter b = cell(2, "b");
  WrongShapes rule{{{"a", a}, {"b", b}}};
  CHECK_THROWS_AS(rule.step(a * b), xg::ShapeError);
  CHECK(a.value().item() == 1);
  CHECK(rule.steps() == 0);
}

TEST_CASE("parameter: takes its tensor's name, and keeps it when it is set") {
  const xg::Parameter w{xg::ones({2}).named("W")};
  CHECK(w.name() == "W");
  w.set(xg::zeros({2}).named("other"));
  CHECK(w.value().name() == "W");
}

TEST_CASE("parameter: set checks shape and dtype, clone has a cell of its own, a copy shares it") {
  const xg::Parameter w{xg::tensor({1, 2}, xg::float64), "w"};
  const xg::Parameter same = w;
  const xg::Parameter other = w.clone();
  w.set(xg::tensor({3, 4}, xg::float64));
  CHECK(same.value().to_vector<double>() == std::vector<double>{3, 4});
  CHECK(other.value().to_vector<double>() == std::vector<double>{1, 2});
  CHECK(same.is(w));
  CHECK_FALSE(other.is(w));
  CHECK(w.value().name() == "w");
  CHECK_THROWS_AS(w.set(xg::ones({3}, xg::float64)), xg::ShapeError);
  CHECK_THROWS_AS(w.set(xg::ones({2})), xg::DTypeError);
  CHECK_THROWS_AS(xg::Parameter{xg::ones({2}, xg::int64)}, xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(xg::Parameter{}.value()), xg::ValueError);
}

namespace {

constexpr std::int64_t large = 5000;  // elements: worth being written over

xg::Tensor ramp(double slope) {
  return xg::arange(0, large, 1, xg::float64) * slope;
}

const void* memory_of(const xg::Parameter& w) {
  return w.value().data<double>().data();
}

/// W ← W − η g, which keeps what it was asked to compute last.
class Keeping final : public xg::optim::Optimizer {
 public:
  explicit Keeping(std::vector<xg::NamedParameter> parameters) : Optimizer{std::move(parameters), 0.5} {}
  mutable xg::Tensor kept;

 private:
  [[nodiscard]] Update update(const xg::Tensor& value, const xg::Tensor& gradient,
                              std::span<const xg::Tensor> /*state*/, const Moment& moment) const override {
    kept = value * gradient;
    return {value - gradient * moment.learning_rate, {}};
  }
};

}  // namespace

TEST_CASE("optimizer: parameters and state are written over, unless somebody holds the old value or a graph on it") {
  const xg::Parameter w{ramp(1), "w"};
  xg::optim::SGD sgd{{{"w", w}}, {.learning_rate = 0.5}};
  const xg::Tensor g = ramp(0.25).eval();
  sgd.apply(std::vector{g});
  const void* memory = memory_of(w);
  sgd.apply(std::vector{g});
  CHECK((memory_of(w) == memory) == (xg::plan_options().fuse || xg::plan_options().simplify));
  CHECK(w.value().to_vector<double>() == ramp(0.75).to_vector<double>());

  const xg::Tensor old = w.value();
  sgd.apply(std::vector{g});
  CHECK(old.to_vector<double>() == ramp(0.75).to_vector<double>());
  CHECK(w.value().to_vector<double>() == ramp(0.625).to_vector<double>());

  const xg::Tensor pending = w * 2.0;  // a graph on the value that is about to go
  sgd.apply(std::vector{g});
  CHECK(pending.to_vector<double>() == ramp(1.25).to_vector<double>());

  const xg::Tensor shared = w.value().detach();
  sgd.apply(std::vector{g});
  CHECK(shared.to_vector<double>() == ramp(0.5).to_vector<double>());
  CHECK(w.value().to_vector<double>() == ramp(0.375).to_vector<double>());
}

TEST_CASE("optimizer: a loss can be differentiated after its step, also where parameters are large") {
  const xg::Parameter w{ramp(1), "w"};
  const xg::Tensor x = xg::variable(ramp(0.5));
  xg::optim::Adam adam{{{"w", w}}, {.learning_rate = 0.1}};
  for (int i = 0; i < 3; ++i) {
    const auto before = w.value().detach().clone().to_vector<double>();
    const xg::Tensor loss = xg::sum(w * w * x);
    adam.step(loss);
    CHECK(xg::gradients(loss, {x})[0].to_vector<double>() ==
          xg::square(xg::from_data(std::span<const double>{before}, {large})).to_vector<double>());
  }
}

TEST_CASE("optimizer: what an update keeps for itself has the old values") {
  const xg::Parameter w{ramp(1), "w"};
  Keeping keeping{{{"w", w}}};
  keeping.apply(std::vector{ramp(1).eval()});
  const xg::Tensor first = keeping.kept;
  CHECK(xg::gradients(xg::sum(first * 3.0), {first})[0].to_vector<double>()[7] == 3);
  keeping.apply(std::vector{ramp(1).eval()});
  CHECK(first.to_vector<double>() == xg::square(ramp(1)).to_vector<double>());
  CHECK(keeping.kept.to_vector<double>() == (ramp(0.5) * ramp(1)).to_vector<double>());
}

TEST_CASE("adam: large parameters follow algorithm 1, with state that is written over") {
  const xg::Parameter w{ramp(0.001), "w"};
  xg::optim::Adam adam{{{"w", w}}, {.learning_rate = 0.1, .beta1 = 0.7, .beta2 = 0.9, .epsilon = 1e-6}};
  std::vector<double> value = ramp(0.001).to_vector<double>();
  std::vector<double> m(large);
  std::vector<double> v(large);
  for (int t = 1; t <= 6; ++t) {
    adam.step(0.5 * xg::sum(xg::square(w - 2.0)));
    for (std::size_t i = 0; i < value.size(); ++i) {
      const double g = value[i] - 2;
      m[i] = 0.7 * m[i] + 0.3 * g;
      v[i] = 0.9 * v[i] + 0.1 * g * g;
      value[i] -= 0.1 * (m[i] / (1 - std::pow(0.7, t))) / (std::sqrt(v[i] / (1 - std::pow(0.9, t))) + 1e-6);
    }
    const auto found = w.value().to_vector<double>();
    double worst = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
      worst = std::max(worst, std::abs(found[i] - value[i]));
    }
    CHECK(worst < 1e-12);
  }
}

TEST_CASE("optimizer: an error in a step leaves large parameters and state alone") {
  const xg::Parameter w{ramp(1), "w"};
  const xg::Parameter plain{ramp(1), "plain"};
  const auto options = xg::optim::AdamOptions{.learning_rate = 0.5};
  xg::optim::Adam adam{{{"w", w}}, options};
  xg::optim::Adam untroubled{{{"plain", plain}}, options};
  const xg::Tensor good = xg::arange(0, large, 1, xg::int64);
  const xg::Tensor bad = xg::full({large}, static_cast<double>(large), xg::int64);
  for (const xg::Tensor* indices : {&good, &bad, &good}) {
    const auto before = w.value().to_vector<double>();
    const auto step = [&] { adam.apply(std::vector{xg::take(ramp(1).eval(), *indices)}); };
    if (indices == &bad) {
      CHECK_THROWS_AS(step(), xg::ValueError);
      CHECK(w.value().to_vector<double>() == before);
    } else {
      step();
      untroubled.apply(std::vector{ramp(1)});
    }
  }
  CHECK(adam.steps() == 2);
  CHECK(w.value().to_vector<double>() == plain.value().to_vector<double>());
}

TEST_CASE("optimizers: rate, steps and moments are states, and put back continue a training") {
  const auto make = [] { return xg::Parameter{xg::tensor({1, -2}), "w"}; };
  const auto loss_of = [](const xg::Parameter& w) { return xg::sum(xg::square(w)); };
  const xg::Parameter w = make();
  xg::optim::Adam adam{{{"w", w}}, {.learning_rate = 0.1}};
  for (int i = 0; i < 3; ++i) {
    adam.step(loss_of(w));
  }
  adam.set_learning_rate(0.01);
  const xg::Parameter other = make();
  other.set(w);
  xg::optim::Adam continued{{{"w", other}}};
  const auto from = adam.states();
  const auto to = continued.states();
  REQUIRE(from.size() == 5);
  CHECK(from[0].name == "learning rate");
  CHECK(from[4].name == "w state 1");
  for (std::size_t i = 0; i < from.size(); ++i) {
    to[i].set(from[i]);
  }
  CHECK(continued.learning_rate() == 0.01);
  CHECK(continued.steps() == 3);
  adam.step(loss_of(w));
  continued.step(loss_of(other));
  CHECK(other.value().to_vector<float>() == w.value().to_vector<float>());
}
