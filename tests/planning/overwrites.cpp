// What a plan writes over, and that it does so after everybody else has read it.
#include <doctest/doctest.h>
#include <utility>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"

namespace xg = xgrad;
using xg::Tensor;
using Doubles = std::vector<double>;
using xgrad::test::values_of;

namespace {

Tensor filled(const xg::Shape& shape, double value) {
  return xg::full(shape, value, xg::float64).eval();
}

}  // namespace

TEST_CASE("an update that is written over another parameter waits for that one's readers") {
  // y = d B and A ← B + d xᵀ could be one pass over B; but A x reads A in between.
  const xg::Parameter a{filled({128, 128}, 0), "A"};
  const xg::Parameter b{filled({128, 128}, 1), "B"};
  auto step = xg::compile([&](const Tensor& d, const Tensor& x) {
    const Tensor y = xg::matmul(d, b);
    const Tensor z = xg::matmul(a, x);
    a.set(b + xg::outer(d, x));
    return std::vector<Tensor>{y, z};
  });
  const Tensor one = filled({128}, 1);
  const Tensor three = filled({128}, 3);
  CHECK(values_of(step(one, one)[1]) == Doubles(128, 0));
  CHECK(values_of(step(three, one)[1]) == Doubles(128, 2 * 128));  // A is 1 + 1 · 1
  CHECK(values_of(a.value()) == Doubles(128 * 128, 4));            // 1 + 3 · 1
}

TEST_CASE("a plan that overwrites isn't taken for one of a graph with a node more") {
  // Numbers of leaves stand behind the nodes in a plan's key, and may look like one more node.
  constexpr std::int64_t count = 4096;
  xg::sin(xg::tensor({1.0})).eval();  // an operation with a low number
  const auto ones = [] { return filled({count}, 1); };
  for (int i = 0; i < 3; ++i) {
    const Tensor a = ones();
    const Tensor b = ones();
    const Tensor c = ones();
    const xg::Parameter first{ones(), "1"};
    const xg::Parameter second{ones(), "2"};
    const xg::Parameter third{ones(), "3"};
    std::vector<xg::Assignment> list;
    list.emplace_back(first, a + first);
    list.emplace_back(second, b + second);
    list.emplace_back(third, third + c);
    xg::assign(std::move(list));
    const Tensor e1 = a + first;
    const Tensor e2 = b + second;
    const Tensor e3 = third + c;
    const Tensor e4 = xg::sin(e3);
    xg::eval({e1, e2, e3, e4});
    CHECK(values_of(e3) == Doubles(count, 3));
    CHECK(values_of(e4)[0] == doctest::Approx(0.1411200080598672));  // sin 3
  }
}
