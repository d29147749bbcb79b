// Steps of optimisers, eager and compiled: parameters, state, steps() and rate stay as they were.
#include "support/optimizers.hpp"

#include <doctest/doctest.h>
#include <memory>

#include "xgrad/xgrad.hpp"

#include "every_allocation.hpp"

namespace xg = xgrad;
using faults::bits_of;
using faults::fail_every_allocation;
using faults::World;

namespace {

using Parameters = std::vector<xg::NamedParameter>;
using xgrad::test::all_optimizers;
using xgrad::test::MakeOptimizer;

constexpr MakeOptimizer sgd = xgrad::test::make_optimizer<xg::optim::SGD, xg::optim::SGDOptions{.learning_rate = 0.1}>;
constexpr MakeOptimizer adam =
    xgrad::test::make_optimizer<xg::optim::Adam, xg::optim::AdamOptions{.learning_rate = 0.01}>;

/// Parameters of both dtypes, one of them so large that it is written over in place.
struct Training {
  explicit Training(MakeOptimizer make_optimizer) {
    xg::Random random{5};
    parameters = {{"table", xg::Parameter{random.normal({80, 64})}},
                  {"W", xg::Parameter{random.normal({3, 64})}},
                  {"b", xg::Parameter{random.normal({3})}},
                  {"scale", xg::Parameter{random.normal({2}, 1, 1, xg::float64)}}};
    x = random.normal({4, 80}).eval();
    other_x = random.normal({6, 80}).eval();
    optimizer = make_optimizer(parameters);
  }

  [[nodiscard]] xg::Tensor loss(const xg::Tensor& input) const {
    const xg::Tensor hidden = xg::sigmoid(xg::matmul(input, parameters[0]));
    const xg::Tensor z = xg::matmul(hidden, xg::transpose(parameters[1])) + parameters[2];
    const xg::Tensor spread = xg::sum(xg::square(parameters[3] - 0.5));
    return xg::mean(xg::square(z - 1.0)) + xg::cast(spread, xg::float32);
  }

  [[nodiscard]] std::string state() const {
    return bits_of(parameters) + std::to_string(optimizer->steps()) + std::to_string(optimizer->learning_rate());
  }

  Parameters parameters;
  xg::Tensor x;
  xg::Tensor other_x;
  std::unique_ptr<xg::optim::Optimizer> optimizer;
  xg::Tensor result;
  std::vector<xg::Tensor> held;
};

World eager_world(MakeOptimizer make_optimizer, int steps_before) {
  const auto training = std::make_shared<Training>(make_optimizer);
  const auto act = [training] { training->result = training->optimizer->step(training->loss(training->x)); };
  for (int i = 0; i < steps_before; ++i) {
    act();
  }
  return {act, [training] { return bits_of(training->result); }, [training] { return training->state(); }};
}

struct Results {
  xg::Tensor loss;
  xg::Tensor weights;
};

World compiled_world(MakeOptimizer make_optimizer, int steps_before, bool hold, bool other_shape) {
  const auto training = std::make_shared<Training>(make_optimizer);
  const auto traced = [training = training.get()](const xg::Tensor& x) {
    const xg::Tensor loss = training->optimizer->step(training->loss(x));
    return Results{loss, training->parameters[1].parameter.value() * 2.0};
  };
  using Step = decltype(xg::compile(traced));
  const auto step = std::make_shared<Step>(xg::compile(traced));
  const auto results = std::make_shared<Results>();
  for (int i = 0; i < steps_before; ++i) {
    *results = (*step)(training->x);
  }
  if (hold) {
    training->held.assign(training->parameters.begin(), training->parameters.end());
  }
  return {[=] { *results = (*step)(other_shape ? training->other_x : training->x); },
          [=] { return bits_of(results->loss) + bits_of(results->weights); }, [=] { return training->state(); }};
}

/// More parameters than a thread's pool keeps nodes for.
struct Crowd {
  static constexpr int count = 17'000;

  explicit Crowd(MakeOptimizer make_optimizer) {
    parameters.reserve(count);
    std::vector<xg::Tensor> all;
    for (int i = 0; i < count; ++i) {
      parameters.push_back({"p" + std::to_string(i), xg::Parameter{xg::scalar(i * 1e-3, xg::float64)}});
    }
    optimizer = make_optimizer(parameters);
    gradients.assign(count, xg::scalar(0.5, xg::float64));
  }

  Parameters parameters;
  std::vector<xg::Tensor> gradients;
  std::unique_ptr<xg::optim::Optimizer> optimizer;
};

World crowd_world(MakeOptimizer make_optimizer, bool compiled) {
  const auto crowd = std::make_shared<Crowd>(make_optimizer);
  const auto step = [crowd = crowd.get()] { crowd->optimizer->apply(crowd->gradients); };
  const auto state = [crowd] { return bits_of(crowd->parameters) + std::to_string(crowd->optimizer->steps()); };
  const auto nothing = [] { return std::string{}; };
  if (!compiled) {
    return {step, nothing, state};
  }
  const auto call = std::make_shared<decltype(xg::compile(step))>(xg::compile(step));
  (*call)();
  return {[call, crowd] { (*call)(); }, nothing, state};
}

/// A parameter that two threads write over in place.
World shared_world() {
  struct Large {
    xg::Parameter w{xg::full({400, 1000}, 0.5), "w"};
    xg::Parameter v{xg::full({400, 1000}, 0.25), "v"};
    xg::Tensor gradient = xg::full({400, 1000}, 0.125).eval();
    xg::optim::SGD sgd{{{"w", w}, {"v", v}}, {.learning_rate = 0.1, .momentum = 0.9}};
  };
  const auto large = std::make_shared<Large>();
  const auto step = [large = large.get()] { large->sgd.apply(std::vector{large->gradient, large->gradient * 2.0}); };
  const auto call = std::make_shared<decltype(xg::compile(step))>(xg::compile(step));
  (*call)();
  (*call)();
  return {[call, large] { (*call)(); }, [] { return std::string{}; },
          [large] {
            return bits_of({large->w.value(), large->v.value()}) + std::to_string(large->sgd.steps());
          }};
}

/// Products that are added to parameters in place, those of one optimiser with a factor of 0.
World still_world() {
  struct Layers {
    xg::Parameter w{xg::full({70, 60}, 0.5), "w"};
    xg::Parameter v{xg::full({90, 60}, 0.5), "v"};
    xg::Tensor x = xg::full({5, 60}, 0.25).eval();
    xg::optim::SGD moving{{{"w", w}}, {.learning_rate = 0.01}};
    xg::optim::SGD still{{{"v", v}}, {.learning_rate = 0}};
    std::vector<xg::Tensor> held;
  };
  const auto layers = std::make_shared<Layers>();
  const auto step = [layers = layers.get()] {
    const auto loss = [&](const xg::Parameter& w) {
      return xg::sum(xg::square(xg::matmul(layers->x, xg::transpose(w.value()))));
    };
    layers->moving.step(loss(layers->w));
    layers->still.step(loss(layers->v));
  };
  const auto call = std::make_shared<decltype(xg::compile(step))>(xg::compile(step));
  (*call)();
  for (int i = 0; i < 8; ++i) {  // all the memory that the pool has for a product
    layers->held.push_back(xg::full({90, 60}, i).eval());
  }
  return {[call, layers] { (*call)(); }, [] { return std::string{}; },
          [=] {
            return bits_of({layers->w.value(), layers->v.value()}) + std::to_string(layers->moving.steps()) +
                   std::to_string(layers->still.steps());
          }};
}

}  // namespace

TEST_CASE("memory runs out in an eager step: nothing has changed, and the step can be repeated") {
  for (const auto& [name, make_optimizer, recurrence] : all_optimizers()) {
    for (const int steps_before : {0, 2}) {
      INFO(name, " after ", steps_before, " steps");
      fail_every_allocation([&, make = make_optimizer] { return eager_world(make, steps_before); }, 300);
    }
  }
}

TEST_CASE("memory runs out in a compiled step: nothing has changed, and the step can be repeated") {
  for (const auto& [name, make_optimizer, recurrence] : all_optimizers()) {
    INFO(name);
    fail_every_allocation([&, make = make_optimizer] { return compiled_world(make, 0, false, false); }, 150);
    fail_every_allocation([&, make = make_optimizer] { return compiled_world(make, 2, false, false); });
    fail_every_allocation([&, make = make_optimizer] { return compiled_world(make, 2, true, false); });
  }
  fail_every_allocation([&] { return compiled_world(adam, 2, false, true); }, 150);
}

TEST_CASE("memory runs out in a step of 17,000 parameters: nothing has changed, and the step can be repeated") {
  fail_every_allocation([&] { return crowd_world(sgd, false); }, 12);
  fail_every_allocation([&] { return crowd_world(sgd, true); }, 12);
}

TEST_CASE("memory runs out in apply() and while the rate is set: nothing has changed") {
  fail_every_allocation([] {
    const auto training = std::make_shared<Training>(adam);
    const auto gradients = std::make_shared<std::vector<xg::Tensor>>();
    for (const xg::NamedParameter& named : training->parameters) {
      gradients->push_back(xg::full(named.parameter.shape(), 0.25, named.parameter.dtype()).eval());
    }
    return World{[=] { training->optimizer->apply(*gradients); }, [] { return std::string{}; },
                 [=] { return training->state(); }};
  });
  fail_every_allocation([] {
    const auto training = std::make_shared<Training>(sgd);
    const auto step = [=] { training->result = training->optimizer->step(training->loss(training->x)); };
    step();
    // The parameters, of both dtypes, tell afterwards which rate they were trained with.
    return World{[=] { training->optimizer->set_learning_rate(training->optimizer->learning_rate() * 0.5); },
                 [=] {
                   step();
                   return bits_of(training->result);
                 },
                 [=] { return training->state(); }};
  });
}

TEST_CASE("memory runs out in a step on two threads: nothing has changed, and the step can be repeated") {
  xg::set_threads(2);
  fail_every_allocation(shared_world);
  xg::set_threads(1);
}

TEST_CASE(
    "memory runs out in a step of two optimisers, one with learning rate 0: nothing has changed, and the step can be "
    "repeated") {
  fail_every_allocation(still_world);
}
