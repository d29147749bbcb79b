// What a plan writes over, and that it does so after everybody else has read it.
#include <doctest/doctest.h>
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
