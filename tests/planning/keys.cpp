// That the plan of one graph is never taken for another's. One case: it needs the operation that was numbered first.
#include <doctest/doctest.h>
#include <utility>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"

namespace xg = xgrad;
using xg::Tensor;
using Doubles = std::vector<double>;
using xgrad::test::values_of;

TEST_CASE("a plan that overwrites isn't taken for one of a graph with a node more") {
  // Behind the nodes in a plan's key stand the numbers of the leaves that it overwrites: 1, 3 and 4 here. That is also
  // operation 1, of one input and held, on node 2.
  constexpr std::int64_t count = 4096;
  xg::sin(xg::tensor({1.0})).eval();  // is operation 1 now
  const auto ones = [] { return xg::full({count}, 1, xg::float64).eval(); };
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
