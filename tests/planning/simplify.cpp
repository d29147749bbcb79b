// What simplification does to whole graphs: equal subgraphs once, nothing that isn't needed, constants folded where
// they are constants; and that a plan made for one graph is right for the next.
#include "planning/simplify.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/counting_operation.hpp"
#include "support/doubles.hpp"
#include "support/twin_operations.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::test::CountingOperation;
using xg::test::FalseProduct;
using Doubles = std::vector<double>;
using xgrad::test::doubles;
using xgrad::test::values_of;

namespace {

Tensor simplified(const Tensor& tensor) {
  return xg::planning::simplify(std::vector<Tensor>{tensor}, {})[0];
}

std::size_t count_of(const Tensor& tensor, const std::string& operation) {
  const auto nodes = xg::nodes(tensor);
  return static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [&](const xg::NodeInfo& node) {
    return operation.empty() ? node.operation != "leaf" : node.operation == operation;
  }));
}

}  // namespace

TEST_CASE("simplify: equal subgraphs are one") {
  const Tensor x = doubles({1, 2});
  const Tensor y = xg::sin(x) * xg::exp(xg::sin(x)) + xg::exp(xg::sin(x));
  CHECK(count_of(y, "") == 7);
  const Tensor better = simplified(y);
  CHECK(count_of(better, "sin") == 1);
  CHECK(count_of(better, "exp") == 1);
  CHECK(count_of(better, "") == 4);
  CHECK(count_of(y, "") == 7);  // the graph that was given stays
  const double s = std::sin(1);
  CHECK(values_of(better)[0] == doctest::Approx(s * std::exp(s) + std::exp(s)).epsilon(1e-15));
}

TEST_CASE("simplify: what becomes equal by a rule is one") {
  const Tensor x = doubles({1, 2});
  const Tensor better = simplified(xg::sin(x * 1.0) * xg::sin(-(-x)));
  CHECK(count_of(better, "sin") == 1);
  CHECK(count_of(better, "") == 2);
}

TEST_CASE("simplify: operations that differ in an attribute or an operand stay two") {
  const Tensor x = doubles({{1, 2, 4}, {8, 16, 32}, {64, 128, 256}});
  const Tensor row = doubles({1, 2, 4});
  const auto check = [](const Tensor& tensor, const std::string& operation, const Doubles& expected) {
    CAPTURE(operation);
    CHECK(count_of(simplified(tensor), operation) == 2);
    CHECK(values_of(tensor) == expected);
  };
  check(xg::slice(row, {0, 2}) - xg::slice(row, {1, 3}), "slice", {-1, -2});
  check(xg::slice(row, {0, 3, 2}) - xg::slice(row, {0, 2}), "slice", {0, 2});
  check(xg::clip(row, 0, 2) - xg::clip(row, 0, 3), "clip", {0, 0, -1});
  check(xg::sum(x, 0) - xg::sum(x, 1), "sum", {73 - 7, 146 - 56, 292 - 448});
  check(xg::sum(x, 1) - xg::sum(x, 1, true), "sum", {0, 49, 441, -49, 0, 392, -441, -392, 0});
  check(xg::pow(row, 2) - xg::pow(row, 3), "pow", {0, -4, -48});
  check((row - 2.0) * (2.0 - row), "sub", {-1, 0, -4});
  check(xg::cumsum(row) - xg::cumsum(row, -1, true), "cumsum", {-6, -3, 3});
}

TEST_CASE("simplify: a user's operations are told apart by class and attributes") {
  const Tensor x = doubles({1, 2});
  const auto times = [&](double c) { return xg::apply(std::make_shared<FalseProduct>(c), {x, x}); };
  const Tensor same = times(3) + times(3);
  CHECK(count_of(simplified(same), "mul") == 1);
  CHECK(values_of(same) == Doubles{6, 24});
  const Tensor different = times(3) + times(5);
  CHECK(count_of(simplified(different), "mul") == 2);
  CHECK(values_of(different) == Doubles{8, 32});
  const Tensor with_builtin = times(3) + x * x;
  CHECK(count_of(simplified(with_builtin), "mul") == 2);
  CHECK(values_of(with_builtin) == Doubles{4, 16});
}

TEST_CASE("simplify: classes of one name in unnamed namespaces are two") {
  const Tensor x = doubles({5, 7});
  const Tensor difference = xg::test::twin_plus_one(x) - xg::test::twin_times_two(x);
  CHECK(count_of(simplified(difference), "twin") == 2);
  CHECK(values_of(difference) == Doubles{-4, -6});
  CHECK(values_of(xg::test::twin_plus_one(x)) == Doubles{6, 8});
  CHECK(values_of(xg::test::twin_times_two(x)) == Doubles{10, 14});
}

TEST_CASE("simplify: an intermediate that is held is right, and so is what a rule made without it") {
  const Tensor x = doubles({-1000, 0});
  const Tensor s = xg::sigmoid(x);
  const Tensor negative = -x;
  const Tensor y = xg::log(s) + (-negative);
  xg::eval({y});
  CHECK(s.evaluated());
  CHECK(negative.evaluated());
  CHECK(values_of(s) == Doubles{0, 0.5});
  CHECK(values_of(negative) == Doubles{1000, 0});
  CHECK(values_of(y)[0] == -2000);
}

TEST_CASE("simplify: two held tensors that are equal both have the value") {
  const Tensor x = doubles({1, 2});
  const Tensor a = xg::exp(x);
  const Tensor b = xg::exp(x);
  const Tensor c = b * 1.0;
  xg::eval({a, b, c});
  CHECK(values_of(a) == values_of(b));
  CHECK(values_of(c) == values_of(b));
  CHECK(values_of(a)[0] == doctest::Approx(std::exp(1)).epsilon(1e-15));
}

TEST_CASE("simplify: what no output needs isn't run") {
  const auto counting = std::make_shared<CountingOperation>();
  const Tensor x = doubles({1, 2});
  const Tensor unused = xg::apply(counting, {x});
  CHECK(values_of(x * 2.0) == Doubles{2, 4});
  CHECK(counting->evaluations == 0);
  const Tensor same = x + 1.0;
  const auto chosen = [&] { return xg::where(xg::apply(counting, {x > 0.0}), same, same); };
  CHECK(values_of(chosen()) == Doubles{2, 3});
  CHECK(counting->evaluations == 0);  // c ? x : x needs no c
  auto f = xg::compile([&](const Tensor& argument) {
    static_cast<void>(xg::apply(counting, {argument}));
    return argument * 3.0;
  });
  CHECK(values_of(f(x)) == Doubles{3, 6});
  CHECK(counting->evaluations == 0);
  CHECK(values_of(unused) == Doubles{1, 2});
  CHECK(counting->evaluations == 1);
}

TEST_CASE("simplify: an operation that is called twice on one tensor runs once") {
  const auto counting = std::make_shared<CountingOperation>();
  const Tensor x = doubles({1, 2});
  CHECK(values_of(xg::apply(counting, {x}) + xg::apply(counting, {x})) == Doubles{2, 4});
  CHECK(counting->evaluations == 1);
  const xg::PlanScope plain{{.simplify = false, .fuse = true}};
  CHECK(values_of(xg::apply(counting, {x}) + xg::apply(counting, {x})) == Doubles{2, 4});
  CHECK(counting->evaluations == 3);
}

TEST_CASE("simplify: constants are folded in compiled functions, and there only") {
  const auto counting = std::make_shared<CountingOperation>();
  const Tensor constant = doubles({1, 2});
  auto f = xg::compile([&](const Tensor& x) { return x + xg::apply(counting, {constant}); });
  for (int i = 0; i < 3; ++i) {
    CHECK(values_of(f(doubles({10, 20}))) == Doubles{11, 22});
  }
  CHECK(counting->evaluations == 1);
  for (int i = 0; i < 3; ++i) {
    CHECK(values_of(doubles({10, 20}) + xg::apply(counting, {constant})) == Doubles{11, 22});
  }
  CHECK(counting->evaluations == 4);
}

TEST_CASE("plan keys: the same structure with another number has its own value, whichever came first") {
  constexpr std::array<double, 8> numbers{1, 3, -1, 0, 2, 0.5, -0.0, 7};
  for (std::size_t first = 0; first < numbers.size(); ++first) {
    // A length of its own, so that no plan is there yet.
    const auto length = static_cast<std::int64_t>(11 + first);
    const Tensor x = xg::full({length}, 2, xg::float64).eval();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double c = numbers[(first + i) % numbers.size()];
      CAPTURE(numbers[first]);
      CAPTURE(c);
      const auto check = [&](const Tensor& tensor, double expected) {
        const double found = values_of(tensor).back();
        CHECK(std::abs(found - expected) <= 1e-15 * std::abs(expected));
      };
      check(x * c, 2 * c);
      check(c * x, 2 * c);
      check(x - c, 2 - c);
      check(x + c, 2 + c);
      check(xg::exp(x) - c, std::exp(2) - c);
      check(xg::log(x + c + 1.0), std::log(c + 3));
      check(xg::log(c + x), std::log(c + 2));
      check(xg::log(8 + c - xg::sigmoid(x)), std::log(8 + c - 1 / (1 + std::exp(-2))));
      check(3.0 * (c * x), 6 * c);
      check(xg::pow(x, c), std::pow(2, c));
      check(x / (c == 0 ? 8 : c), 2 / (c == 0 ? 8 : c));
    }
  }
}

TEST_CASE("plan keys: which intermediates are held is part of the structure") {
  for (const bool held_first : {false, true}) {
    const Tensor x = held_first ? doubles({1, 2, 3}) : doubles({1, 2});
    for (int i = 0; i < 4; ++i) {
      const bool hold = (i % 2 == 0) == held_first;
      Tensor s = xg::sin(x);
      const Tensor y = xg::exp(s);
      if (!hold) {
        s = Tensor{};
      }
      CHECK(values_of(y)[1] == doctest::Approx(std::exp(std::sin(2))).epsilon(1e-15));
      if (hold) {
        CHECK(s.evaluated());
        CHECK(values_of(s)[1] == doctest::Approx(std::sin(2)).epsilon(1e-15));
      }
    }
  }
}

TEST_CASE("plan keys: which operand is which, and which are the same, is part of the structure") {
  const Tensor a = doubles({1, 2});
  const Tensor b = doubles({10, 20});
  CHECK(values_of(xg::sin(a) * 0.0 + (a - b)) == Doubles{-9, -18});
  CHECK(values_of(xg::sin(a) * 0.0 + (b - a)) == Doubles{9, 18});
  CHECK(values_of(xg::sin(a) * 0.0 + (b - b)) == Doubles{0, 0});
  CHECK(values_of(xg::sin(b) * 0.0 + (a - b)) == Doubles{-9, -18});
  CHECK(values_of(xg::sin(b) * 0.0 + (a - a)) == Doubles{0, 0});
}

TEST_CASE("plan keys: another shape or dtype of a leaf is another plan") {
  CHECK(values_of(xg::sum(doubles({1, 2}) * doubles({{3}, {4}}))) == Doubles{21});
  CHECK(values_of(xg::sum(doubles({{1}, {2}}) * doubles({3, 4}))) == Doubles{21});
  CHECK(values_of(xg::sum(doubles({1, 2}) * doubles({3, 4}))) == Doubles{11});
  CHECK(xg::sum(xg::tensor({1, 2}) * xg::tensor({3, 4})).to_vector<float>() == std::vector<float>{11});
  CHECK(xg::sum(xg::tensor({1, 2}, xg::int64) * xg::tensor({3, 4}, xg::int64)).item() == 11);
}

TEST_CASE("plan keys: layers of equal shape have their own values") {
  const Tensor x = doubles({{1, 2}});
  for (int i = 1; i <= 4; ++i) {
    xg::Random random{static_cast<std::uint64_t>(i)};
    const xg::nn::Dense layer{2, 2, random, {.dtype = xg::float64}};
    layer.W.set(doubles({{1.0 * i, 0}, {0, 10.0 * i}}));
    layer.b.set(doubles({0.5, 0.25 * i}));
    CHECK(values_of(layer(x)) == Doubles{i + 0.5, 20.0 * i + 0.25 * i});
  }
}

TEST_CASE("plan keys: a parameter that holds 1 is no constant") {
  const xg::Parameter p{doubles(1), "p"};
  const Tensor x = doubles({3, 4});
  for (const double value : {1.0, 7.0, 0.0, 1.0}) {
    p.set(doubles(value));
    CHECK(values_of(x * p) == Doubles{3 * value, 4 * value});
    CHECK(values_of(x - p) == Doubles{3 - value, 4 - value});
    const auto gradients = xg::gradients(xg::sum(x * p), {p});
    CHECK(gradients[0].item() == 7);
  }
  p.set(doubles(1));
  auto f = xg::compile([&](const Tensor& argument) { return argument * p; });
  CHECK(values_of(f(x)) == Doubles{3, 4});
  p.set(doubles(7));
  CHECK(values_of(f(x)) == Doubles{21, 28});
  auto g = xg::compile([](const Tensor& a, const Tensor& b) { return a * b; });
  CHECK(values_of(g(x, doubles(1))) == Doubles{3, 4});
  CHECK(values_of(g(x, doubles(7))) == Doubles{21, 28});
}
