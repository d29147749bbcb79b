// What becomes of a compiled function's traces: what they keep, how many there are, and when they are the old ones.
#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using Values = std::vector<double>;
using xgrad::test::doubles;
using xgrad::test::values_of;

TEST_CASE("compile: a tensor of an earlier trace is an error, not a constant") {
  xg::Tensor state = xg::scalar(0.0);
  auto f = xg::compile([&](const xg::Tensor& x) {
    state = state + xg::sum(x);
    return state * 1.5;
  });
  CHECK(f(xg::ones({3})).item() == 4.5);
  CHECK_THROWS_AS(f(xg::ones({4})), xg::ValueError);
}

TEST_CASE("compile: what the function makes itself is new at every call") {
  auto f = xg::compile([](const xg::Tensor& x) {
    const xg::Parameter total{xg::zeros({2}, xg::float64)};
    total.set(total + x);
    total.set(total + x);
    return total.value();
  });
  for (int i = 0; i < 3; ++i) {
    CHECK(values_of(f(doubles({1, 2}))) == Values{2, 4});
  }
  const xg::Parameter a{doubles({0}), "a"};
  auto step = xg::compile([&] {
    xg::optim::SGD own{{{"a", a}}, {.learning_rate = 1, .momentum = 0.5}};
    return own.step(xg::sum(a));
  });
  step();
  step();
  CHECK(values_of(a) == Values{-2});  // with momentum kept it would be −2.5
}

TEST_CASE("compile: describe is that of the last call, also without a result") {
  const xg::Parameter p{doubles({0}), "p"};
  auto f = xg::compile([&](const xg::Tensor& x) { p.set(p + xg::sum(xg::sin(x))); });
  f(doubles({1, 2, 3}));
  const std::string first = f.describe();
  f(xg::zeros({3, 500}, xg::float64));
  CHECK(f.describe() != first);
  f(doubles({1, 2, 3}));
  CHECK(f.describe() == first);
}

namespace {

xg::Tensor plain_square(const xg::Tensor& x) {
  return x * x;
}

}  // namespace

TEST_CASE("compile: a plain function") {
  auto square = xg::compile(plain_square);
  CHECK(square(xg::tensor({3})).item() == 9);
  auto by_address = xg::compile(&plain_square);
  CHECK(by_address(xg::tensor({3})).item() == 9);
}

TEST_CASE("compile: what was moved from says so") {
  auto first = xg::compile([](const xg::Tensor& x) { return x * 2.0; });
  CHECK(first(xg::tensor({3})).item() == 6);
  auto second = std::move(first);
  CHECK(second(xg::tensor({4})).item() == 8);
  // NOLINTBEGIN(bugprone-use-after-move): that is what is tested
  CHECK(message_of<xg::ValueError>([&] { return first(xg::tensor({3})); }).find("moved from") != std::string::npos);
  CHECK(message_of<xg::ValueError>([&] {
          first.clear();
          return 0;
        }).find("moved from") != std::string::npos);
  CHECK(first.trace_count() == 0);
  CHECK(first.describe().empty());
  // NOLINTEND(bugprone-use-after-move)
}

TEST_CASE("compile: traces are bounded, and what was used longest ago goes first") {
  int traced = 0;
  auto total = xg::compile([&traced](const xg::Tensor& x) {
    ++traced;
    return std::vector<xg::Tensor>{xg::sum(x), x * 2.0};
  });
  const auto call = [&](std::int64_t n) {
    const auto results = total(xg::ones({n}));
    CHECK(results[0].item() == static_cast<double>(n));
    CHECK(results[1].shape() == xg::Shape{n});
  };
  for (std::int64_t n = 1; n <= 1000; ++n) {
    call(n);
    call(1);  // in use all the time
  }
  CHECK(traced == 1000);
  CHECK(total.trace_count() == 256);
  call(1000);
  call(1);
  CHECK(traced == 1000);
  call(2);  // gone long since
  CHECK(traced == 1001);
  CHECK(total.trace_count() == 256);
  total.clear();
  CHECK(total.trace_count() == 0);
  call(1000);
  CHECK(traced == 1002);
}

TEST_CASE("compile: traces are bounded by their memory") {
  // One megabyte each of intermediate values.
  auto step = xg::compile([](const xg::Tensor& x) {
    const xg::Tensor y = xg::cumsum(x);
    return xg::sum(xg::flip(y) * y);
  });
  for (std::int64_t n = 0; n < 300; ++n) {
    static_cast<void>(step(xg::ones({1'000'000 + n})));
  }
  CHECK(step.trace_count() < 100);
  CHECK(step.trace_count() > 1);
}
