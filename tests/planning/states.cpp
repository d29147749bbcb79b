#include <doctest/doctest.h>
#include <thread>

#include "xgrad/xgrad.hpp"

#include "memory/thread_store.hpp"
#include "planning/cache.hpp"
#include "support/counting_operation.hpp"
#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::test::CountingOperation;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

/// x, or an exception.
class Refusing final : public xg::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "refusing"; }
  [[nodiscard]] xg::Signature infer(std::span<const xg::Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  void evaluate(std::span<const xg::ConstArray> /*inputs*/, const xg::Array& /*output*/) const override {
    throw xg::ValueError("[refusing] refused");
  }
};

xg::Tensor counted(const std::shared_ptr<CountingOperation>& operation, const xg::Tensor& x) {
  return xg::apply(operation, {x});
}

std::size_t plan_count() {
  return xg::memory::of_this_thread<xg::planning::PlanCache>()->size();
}

}  // namespace

TEST_CASE("State: holds a value of any dtype under a name, its copies share it, a clone doesn't") {
  for (const xg::DType dtype : {xg::float32, xg::float64, xg::int64, xg::boolean}) {
    const xg::State state{xg::tensor({1, 0}, dtype), "kept"};
    const xg::State copy = state;  // NOLINT(performance-unnecessary-copy-initialization)
    const xg::State clone = state.clone();
    state.set(xg::tensor({0, 1}, dtype));
    CHECK(state.dtype() == dtype);
    CHECK(state.name() == "kept");
    CHECK(state.value().name() == "kept");
    CHECK(copy.is(state));
    CHECK(!clone.is(state));
    CHECK(clone.name() == "kept");
    CHECK(xg::cast(copy, xg::float64).to_vector<double>() == Values{0, 1});
    CHECK(xg::cast(clone, xg::float64).to_vector<double>() == Values{1, 0});
  }
}

TEST_CASE("State: what doesn't fit is an error that names it, and changes nothing") {
  const xg::State state{doubles({1, 2}), "mean"};
  CHECK(contains(message_of<xg::ShapeError>([&] {
                   state.set(doubles({1, 2, 3}));
                 }),
                 "'mean' (2,) can't be set to (3,)"));
  CHECK(contains(message_of<xg::DTypeError>([&] { state.set(xg::tensor({1, 2})); }), "'mean' (2,) is float64"));
  CHECK_THROWS_AS(state.set({}), xg::ValueError);
  const xg::NamedState named{"norm.mean", state};
  CHECK(
      contains(message_of<xg::ShapeError>([&] { named.set(doubles({1})); }), "'norm.mean' (2,) can't be set to (1,)"));
  named.set(doubles({3, 4}));
  CHECK(values_of(state) == Values{3, 4});
  CHECK_THROWS_AS(static_cast<void>(xg::State{}.value()), xg::ValueError);
  CHECK_THROWS_AS(xg::State{xg::Tensor{}}, xg::ValueError);
}

TEST_CASE("State: is never differentiated") {
  const xg::Parameter w{doubles({3}), "w"};
  const xg::State mean{doubles({2}), "mean"};
  const xg::Tensor y = xg::sum(w * mean);
  for (const std::string& message :
       {message_of<xg::ValueError>([&] { return xg::gradients(y, {mean}); }), message_of<xg::ValueError>([&] {
          const xg::Tensor x = mean;
          static_cast<void>(xg::jvp({&y, 1}, {&x, 1}, {&x, 1}));
        })}) {
    CHECK(contains(message, "'mean' (1,) is the value of a State, which isn't differentiated"));
  }
  mean.set(w * 5.0);
  CHECK(!mean.value().has_history());
  CHECK_THROWS_AS(static_cast<void>(xg::gradients(xg::sum(mean * 1.0), {w})), xg::ValueError);
  CHECK(values_of(xg::gradients(xg::sum(w * mean), {w})[0]) == Values{15});
  CHECK_THROWS_AS(static_cast<void>(xg::gradients(xg::sum(w * mean), {mean})), xg::ValueError);
  const xg::Tensor v = xg::variable(mean);
  CHECK(values_of(xg::gradients(xg::sum(w * v), {v})[0]) == Values{3});
}

TEST_CASE("State: what is set in a forward pass is computed with the step, and nothing twice") {
  const xg::Parameter w{doubles({2}), "w"};
  const xg::State mean{doubles({0}), "mean"};
  xg::optim::SGD sgd{xg::nn::parameters(w), {.learning_rate = 0.5}};
  const auto forward = std::make_shared<CountingOperation>();
  const xg::Tensor x = counted(forward, doubles({3}) * 1.0);
  const xg::Tensor loss = xg::sum(w * x);
  mean.set(mean * 0.5 + x * 0.5);
  CHECK(!mean.value().evaluated());
  sgd.step(loss);
  CHECK(mean.value().evaluated());
  CHECK(forward->evaluations == 1);
  CHECK(values_of(mean) == Values{1.5});
  CHECK(values_of(w) == Values{0.5});
}

TEST_CASE("State: an evaluation that has nothing to do with it leaves it pending") {
  const xg::State mean{doubles({0}), "mean"};
  const auto forward = std::make_shared<CountingOperation>();
  const xg::Tensor x = counted(forward, doubles({3}) * 1.0);
  const xg::Tensor loss = xg::sum(x * 2.0);
  mean.set(mean + x);
  CHECK((doubles({1}) + 1.0).item() == 2);
  CHECK(forward->evaluations == 0);
  CHECK(loss.item() == 6);
  CHECK(forward->evaluations == 1);
  CHECK(values_of(mean) == Values{3});
  CHECK(forward->evaluations == 1);
}

TEST_CASE("State: one that is read takes those along that depend on the same") {
  const xg::State first{doubles({0})};
  const xg::State second{doubles({0})};
  const auto forward = std::make_shared<CountingOperation>();
  {
    const xg::Tensor x = counted(forward, doubles({3}) * 1.0);
    first.set(x);
    second.set(x * 2.0);
  }
  CHECK(values_of(first) == Values{3});
  CHECK(second.value().evaluated());
  CHECK(values_of(second) == Values{6});
  CHECK(forward->evaluations == 1);
}

TEST_CASE("State: values that build on each other are evaluated in the end, and let go of what they came from") {
  const xg::State sum{doubles({0}), "sum"};
  for (int i = 1; i <= 200; ++i) {
    sum.set(sum + static_cast<double>(i));
    REQUIRE(xg::nodes(sum.value()).size() <= 200);
  }
  CHECK(values_of(sum) == Values{20100});
  // One that doesn't read the value before drops it.
  for (int i = 0; i < 200; ++i) {
    sum.set(doubles({1}) * static_cast<double>(i));
    REQUIRE(xg::nodes(sum.value()).size() <= 6);
  }
  CHECK(values_of(sum) == Values{199});
}

TEST_CASE("State: an error leaves it as it was") {
  const xg::Parameter w{doubles({2}), "w"};
  const xg::State mean{doubles({7}), "mean"};
  const xg::State other{doubles({1}), "other"};
  other.set(other + 1.0);
  const xg::Tensor x = w * 3.0;
  mean.set(mean + x);
  mean.set(mean + x);
  xg::optim::SGD sgd{xg::nn::parameters(w)};
  const xg::Tensor refused = xg::apply(std::make_shared<Refusing>(), {x});
  const xg::Tensor loss = xg::sum(x * 1.0) + xg::sum(refused);
  CHECK_THROWS_AS(static_cast<void>(loss.item()), xg::ValueError);
  CHECK(values_of(mean) == Values{7});
  CHECK(values_of(other) == Values{2});
  CHECK(values_of(w) == Values{2});
  mean.set(x);
  CHECK(values_of(mean) == Values{6});
}

TEST_CASE("State: one whose own value can't be computed is as it was") {
  const xg::State mean{doubles({7}), "mean"};
  mean.set(xg::apply(std::make_shared<Refusing>(), {mean.value()}));
  CHECK_THROWS_AS(mean.value().eval(), xg::ValueError);
  CHECK(values_of(mean) == Values{7});
}

TEST_CASE("State: steps that write one share a plan") {
  const xg::Parameter w{doubles({2}), "w"};
  const xg::State mean{doubles({0}), "mean"};
  xg::Random random{3};
  xg::optim::SGD sgd{xg::nn::parameters(w), {.learning_rate = 0.1}};
  const auto step = [&] {
    const xg::Tensor x = w * random.bernoulli({4}, 0.5, xg::float64);
    mean.set(mean * 0.9 + xg::mean(x) * 0.1);
    sgd.step(xg::sum(xg::square(x)));
  };
  step();
  step();
  const std::size_t before = plan_count();
  for (int i = 0; i < 20; ++i) {
    step();
  }
  CHECK(plan_count() == before);
}

TEST_CASE("State: a thread's pending states are its own") {
  const xg::State here{doubles({0})};
  here.set(here + 1.0);
  double there = 0;
  std::thread thread{[&there] {
    const xg::State state{doubles({0})};
    const xg::Tensor x = doubles({2}) * 1.0;
    state.set(state + x);
    there = (x + 1.0).item() + state.value().item();
  }};
  thread.join();
  CHECK(there == 5);
  CHECK(!here.value().evaluated());
  CHECK(values_of(here) == Values{1});
}

TEST_CASE("compile: states are inputs and outputs of the plan, and described") {
  const xg::State sum{doubles({0}), "sum"};
  const xg::State last{doubles({0}), "last"};
  const xg::State rate{doubles({2}), "rate"};
  auto f = xg::compile([&](const xg::Tensor& x) {
    const xg::Tensor y = x * rate;
    sum.set(sum + y);
    last.set(y);
    return sum + 0.0;
  });
  CHECK(values_of(f(doubles({1}))) == Values{2});
  CHECK(values_of(f(doubles({2}))) == Values{6});
  CHECK(values_of(sum) == Values{6});
  CHECK(values_of(last) == Values{4});
  rate.set(rate * 10.0);  // pending
  sum.set(sum + 1.0);
  CHECK(values_of(f(doubles({1}))) == Values{27});
  CHECK(values_of(sum) == Values{27});
  CHECK(!sum.value().has_history());
  const std::string text = f.describe();
  CHECK(contains(text, "'rate' (1,) float64, read\n"));
  CHECK(contains(text, "'sum' (1,) float64, read and written\n"));
  CHECK(contains(text, "'last' (1,) float64, written\n"));
}

TEST_CASE("compile: an error leaves states as they were, and a gradient by one is refused") {
  const xg::State sum{doubles({1, 2}), "sum"};
  auto f = xg::compile([&](const xg::Tensor& x, const xg::Tensor& index) {
    sum.set(sum + x);
    return xg::take(x, index, 0);
  });
  const auto at = [](double i) { return xg::tensor({i}, xg::int64); };
  f(doubles({1, 1}), at(0));
  CHECK_THROWS_AS(f(doubles({1, 1}), at(5)), xg::ValueError);
  CHECK(values_of(sum) == Values{2, 3});
  auto differentiates = xg::compile([&](const xg::Tensor& x) { return xg::gradients(xg::sum(x * sum), {sum})[0]; });
  CHECK_THROWS_AS(differentiates(doubles({1, 1})), xg::ValueError);
}

TEST_CASE("compile: a state made inside is new at every call") {
  auto f = xg::compile([](const xg::Tensor& x) {
    const xg::State state{doubles({1}), "inside"};
    state.set(state + x);
    state.set(state.clone() * 2.0);
    return state + 0.0;
  });
  CHECK(values_of(f(doubles({1}))) == Values{4});
  CHECK(values_of(f(doubles({1}))) == Values{4});
}
