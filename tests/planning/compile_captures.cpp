// What a compiled function captures: listed with its values, and missed when it is gone.
#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;

namespace {

struct Net {
  xg::nn::Dense layer;
  xg::Tensor operator()(const xg::Tensor& x) const { return layer(x); }
};

Net net(std::uint64_t seed) {
  xg::Random random{seed};
  return {xg::nn::Dense{3, 2, random, {.dtype = xg::float64}}};
}

xg::Tensor batch() {
  return xg::tensor({{1, 2, 3}, {0.5, -1, 2}}, xg::float64);
}

constexpr const char* heading = "constants, as they were when this was traced:\n";

}  // namespace

TEST_CASE("compile: describe lists captured tensors and numbers, with values and what takes them") {
  double weight = 0.25;
  const xg::Tensor mask = xg::tensor({1, 0, 1}, xg::float64).named("mask");
  const xg::Tensor long_one = xg::tensor({1, 2, 3, 4, 5, 6, 7, 8, 9}, xg::float64);
  const xg::Tensor index = xg::tensor({2, 0}, xg::int64);
  auto f = xg::compile([&](const xg::Tensor& x) {
    const xg::Scope scope{"head"};
    return xg::sum(x * mask) * weight + xg::sum(xg::take(x, index, 0)) + xg::sum(long_one + xg::sum(x));
  });
  f(xg::tensor({1, 2, 3}, xg::float64));
  const std::string text = f.describe();
  CAPTURE(text);
  const std::size_t at = text.find(heading);
  REQUIRE(at != std::string::npos);
  const std::string list = text.substr(at);
  CHECK(contains(list, "'mask' (3,) float64 [1.0, 0.0, 1.0], in mul of head\n"));
  CHECK(contains(list, "() float64 0.25, in mul of head\n"));
  CHECK(contains(list, "(2,) int64 [2, 0], in take of head\n"));
  CHECK(contains(list, "(9,) float64 [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, …], in add of head\n"));

  // What it says is of the trace: so it shows that the number was frozen, and what clear() changes.
  weight = 4;
  f(xg::tensor({1, 2, 3}, xg::float64));
  CHECK(f.describe() == text);
  f.clear();
  CHECK(f.describe().empty());
  f(xg::tensor({1, 2, 3}, xg::float64));
  CHECK(contains(f.describe(), "() float64 4.0, in mul of head\n"));
}

TEST_CASE("compile: a function without constants, and one with many") {
  auto square = xg::compile([](const xg::Tensor& x) { return x * x; });
  square(xg::tensor({3}));
  CHECK_FALSE(contains(square.describe(), heading));

  std::vector<xg::Tensor> many;
  for (int i = 0; i < 40; ++i) {
    many.push_back(xg::tensor({static_cast<double>(i), 1}, xg::float64));
  }
  auto sum = xg::compile([&](const xg::Tensor& x) {
    xg::Tensor result = x;
    for (const xg::Tensor& one : many) {
      result = result + one;
    }
    return result * 2.0 + result * 2.0 - xg::Tensor{many[0]};
  });
  sum(xg::tensor({0, 0}, xg::float64));
  const std::string text = sum.describe();
  CAPTURE(text);
  CHECK(contains(text, "(2,) float64 [5.0, 1.0], in add\n"));
  CHECK(contains(text, "\n  and "));
  CHECK(contains(text, " more\n"));

  const xg::Tensor answer = xg::tensor({42}, xg::float64).named("answer");
  auto constant = xg::compile([&](const xg::Tensor& x) { return std::tuple{x, answer}; });
  constant(xg::tensor({1}, xg::float64));
  CHECK(contains(constant.describe(), "'answer' (1,) float64 [42.0], returned as it is\n"));
}

TEST_CASE("compile: a model that was replaced is noticed at the next call, and nothing has changed then") {
  Net model = net(1);
  auto f = xg::compile([&](const xg::Tensor& x) { return model(x); });
  const std::vector<double> before = f(batch()).to_vector<double>();
  model = net(2);
  const std::string message = message_of<xg::ValueError>([&] { return f(batch()); });
  CAPTURE(message);
  CHECK(contains(message, "[compile] 'W' (2, 3), which the function used when it was traced"));
  CHECK(contains(message, "call clear()"));
  CHECK(message_of<xg::ValueError>([&] { return f(batch()); }) == message);
  f.clear();
  const std::vector<double> after = f(batch()).to_vector<double>();
  CHECK(after == model(batch()).to_vector<double>());
  CHECK(after != before);
}

TEST_CASE("compile: an optimiser that was replaced is noticed, by its rate or its state") {
  const Net model = net(1);
  const xg::Tensor y = xg::zeros({2, 2}, xg::float64);
  std::optional<xg::optim::SGD> sgd{std::in_place, xg::nn::parameters(model),
                                    xg::optim::SGDOptions{.learning_rate = 0.5}};
  auto step = xg::compile([&](const xg::Tensor& x) { return sgd->step(xg::nn::QuadraticLoss{}(model(x), y)); });
  step(batch());
  const std::vector<double> w = xg::nn::parameters(model)[0].parameter.value().to_vector<double>();
  sgd.emplace(xg::nn::parameters(model), xg::optim::SGDOptions{.learning_rate = 0.25});
  CHECK(contains(message_of<xg::ValueError>([&] { return step(batch()); }), "was replaced or destroyed"));
  CHECK(xg::nn::parameters(model)[0].parameter.value().to_vector<double>() == w);
  step.clear();
  step(batch());
  CHECK(xg::nn::parameters(model)[0].parameter.value().to_vector<double>() != w);

  std::optional<xg::optim::Adam> adam{std::in_place, xg::nn::parameters(model), xg::optim::AdamOptions{}};
  auto second = xg::compile([&](const xg::Tensor& x) { return adam->step(xg::nn::QuadraticLoss{}(model(x), y)); });
  second(batch());
  adam.emplace(xg::nn::parameters(model), xg::optim::AdamOptions{});
  CHECK(contains(message_of<xg::ValueError>([&] { return second(batch()); }), "was replaced or destroyed"));
}

TEST_CASE("compile: what is copied, moved, owned by the function or compiled twice isn't taken for replaced") {
  Net model = net(1);
  auto f = xg::compile([&](const xg::Tensor& x) { return model(x); });
  auto again = xg::compile([&](const xg::Tensor& x) { return model(x) * 2.0; });
  const std::vector<double> right = model(batch()).to_vector<double>();
  for (int shape = 1; shape < 4; ++shape) {  // several traces hold the same parameters
    CHECK(f(xg::ones({shape, 3}, xg::float64)).shape() == xg::Shape{shape, 2});
    CHECK(again(xg::ones({shape, 3}, xg::float64)).shape() == xg::Shape{shape, 2});
  }
  const Net moved = std::move(model);
  CHECK(f(batch()).to_vector<double>() == right);
  auto g = std::move(f);
  CHECK(g(batch()).to_vector<double>() == right);
  auto own = xg::compile([inner = net(1)](const xg::Tensor& x) { return inner(x); });
  CHECK(own(batch()).to_vector<double>() == right);
  CHECK(own(batch()).to_vector<double>() == right);
}

TEST_CASE("compile: a model that two compiled functions hold is missed by both") {
  Net model = net(1);
  auto f = xg::compile([&](const xg::Tensor& x) { return model(x); });
  auto again = xg::compile([&](const xg::Tensor& x) { return model(x) * 2.0; });
  f(batch());
  again(batch());
  model = net(2);
  CHECK(contains(message_of<xg::ValueError>([&] { return f(batch()); }), "was replaced or destroyed"));
  CHECK(contains(message_of<xg::ValueError>([&] { return again(batch()); }), "was replaced or destroyed"));
}
