#include <doctest/doctest.h>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"

namespace xg = xgrad;
using xg::check::Verdict;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

struct Model {
  xg::nn::Dense first;
  xg::nn::BatchNorm norm;
  xg::nn::Dropout dropout;
  xg::nn::Dense second;
  xg::Tensor operator()(const xg::Tensor& x) const { return second(dropout(xg::tanh(norm(first(x))))); }
};

Model model(xg::Random& random) {
  const xg::nn::DenseOptions options{.dtype = xg::float64};
  return {
      {3, 4, random, options}, xg::nn::BatchNorm{4, {.dtype = xg::float64}}, {0.4, random}, {4, 2, random, options}};
}

std::vector<Values> states_of(const Model& net) {
  std::vector<Values> result;
  for (const auto& named : xg::nn::states(net)) {
    result.push_back(xg::cast(named, xg::float64).to_vector<double>());
  }
  return result;
}

}  // namespace

TEST_CASE("compare: a loss with dropout and batch norm is checked at one mask, and leaves the states alone") {
  xg::Random random{8};
  const Model net = model(random);
  const xg::Tensor x = random.normal({5, 3}, 0, 1, xg::float64).eval();
  const xg::Tensor y = random.normal({5, 2}, 0, 1, xg::float64).eval();
  const auto loss = [&] { return xg::nn::QuadraticLoss{}(net(x), y); };
  static_cast<void>(loss().item());
  const auto before = states_of(net);
  const auto parameters = xg::nn::parameters(net);
  const auto automatic = xg::check::compare(loss, parameters);
  for (const auto& row : automatic.parameters) {
    CAPTURE(row.name);
    CAPTURE(row.reason);
    CHECK((row.automatic_numerical.verdict == Verdict::right || row.name == "first.b"));
  }
  CHECK(states_of(net) == before);
  const xg::check::CompareOptions by_function{.manual_function = [&] { return xg::gradients(loss(), parameters); },
                                              .diagnose = false};
  for (const auto& row : xg::check::compare(loss, parameters, by_function).parameters) {
    CAPTURE(row.name);
    CAPTURE(row.reason);
    CHECK(row.manual_automatic.verdict == Verdict::right);
  }
  CHECK(states_of(net) == before);
}

TEST_CASE("numeric_gradient: every evaluation finds the same states, and so does what follows, after an error too") {
  xg::Random random{8};
  const xg::Parameter w{doubles({0.5, 2}), "w"};
  const xg::State calls{doubles({1}), "calls"};
  const auto loss = [&] {
    calls.set(calls + 1.0);
    return xg::sum(w * random.normal({2}, 0, 1, xg::float64)) * calls.value().item();
  };
  xg::Random same = random;
  const Values expected = values_of(2.0 * same.normal({2}, 0, 1, xg::float64));
  const auto gradient = xg::check::numeric_gradient(loss, w);
  CHECK(gradient.entries[0].value == doctest::Approx(expected[0]).epsilon(1e-9));
  CHECK(gradient.entries[1].value == doctest::Approx(expected[1]).epsilon(1e-9));
  CHECK(values_of(calls) == Values{1});
  CHECK(random.state().value().to_vector<std::int64_t>()[1] == 0);
  const auto fails = [&]() -> xg::Tensor {
    calls.set(calls + 1.0);
    throw xg::ValueError("stop");
  };
  CHECK_THROWS_AS(static_cast<void>(xg::check::numeric_gradient(fails, w)), xg::ValueError);
  CHECK(values_of(calls) == Values{1});
}

TEST_CASE("numeric_gradient: guards the states that a compiled loss writes") {
  xg::Random random{8};
  const xg::Parameter w{doubles({0.5, 2}), "w"};
  auto compiled = xg::compile([&] { return xg::sum(w * random.normal({2}, 0, 1, xg::float64)); });
  const auto loss = [&] { return compiled(); };
  xg::Random same = random;
  const Values expected = values_of(same.normal({2}, 0, 1, xg::float64));
  const auto gradient = xg::check::numeric_gradient(loss, w);
  CHECK(gradient.entries[0].value == doctest::Approx(expected[0]).epsilon(1e-9));
  CHECK(random.state().value().to_vector<std::int64_t>()[1] == 0);
}

TEST_CASE("compare_backward: a layer with a random stream is checked at one draw") {
  xg::Random random{8};
  const xg::nn::Dropout dropout{0.5, random};
  const auto forward = [&](const std::vector<xg::Tensor>& inputs) { return dropout(inputs[0]); };
  const auto backward = [&](const std::vector<xg::Tensor>& inputs, const xg::Tensor& upstream) {
    const xg::Tensor ones = xg::ones(inputs[0].shape(), xg::float64);
    return std::vector{upstream * dropout(ones)};
  };
  const xg::Tensor x = random.normal({7, 3}, 0, 1, xg::float64);
  const auto report = xg::check::compare_backward(forward, {{"x", x}}, {}, backward);
  CHECK(report.verdict() == Verdict::right);
  CHECK(dropout.random.value().to_vector<std::int64_t>()[1] == 0);
}
