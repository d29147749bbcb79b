// The Cholesky factor by hand beside cholesky(), three ways.
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/manual_layer.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float32;
using xg::float64;
using xg::Shape;
using xg::Tensor;
namespace manual = xg::check::manual;
using namespace xgrad::test;

namespace {

/// Positive definite by a margin that a difference's steps keep.
Tensor positive_definite(const Shape& shape, xg::DType dtype) {
  const Tensor b = xg::Random{3}.normal(shape, 0, 1, dtype);
  return (xg::matmul(b, xg::transpose(b)) + 2.0 * xg::eye(shape.back(), -1, dtype)).eval();
}

ManualLayer factor_of(const Tensor& a) {
  return {[](const std::vector<Tensor>& in) { return xg::cholesky(in[0]); },
          {{"A", a}},
          {},
          [](const std::vector<Tensor>& in, const Tensor& dy) {
            const auto hand = manual::cholesky(in[0], dy);
            return ByHand{hand.l, {hand.da}};
          },
          {.second_probe = false, .numeric = {.step = 0.05}}};
}

}  // namespace

TEST_CASE("manual cholesky: equal to cholesky() and to differences, of single matrices and batches") {
  for (const xg::DType dtype : {float64, float32}) {
    for (const Shape& shape : {Shape{1, 1}, Shape{2, 2}, Shape{5, 5}, Shape{3, 3, 3}, Shape{2, 1, 4, 4}}) {
      CAPTURE(dtype);
      CAPTURE(shape);
      check_three_ways(factor_of(positive_definite(shape, dtype)));
    }
  }
  // Of one that isn't symmetric, the symmetric part counts.
  const Tensor lopsided = positive_definite({4, 4}, float64) + xg::tril(xg::ones({4, 4}, float64), -1) * 0.5;
  check_three_ways(factor_of(lopsided.eval()));
}

TEST_CASE("manual cholesky: a matrix of one element is a root, the gradient is symmetric, no matrices give none") {
  const auto one = manual::cholesky(xg::tensor({{9}}, float64), xg::tensor({{1}}, float64));
  CHECK(one.l.item() == 3);
  CHECK(one.da.item() == doctest::Approx(1.0 / 6));
  const Tensor a = positive_definite({4, 4}, float64);
  const auto hand = manual::cholesky(a, xg::Random{5}.normal({4, 4}, 0, 1, float64));
  CHECK(xg::transpose(hand.da).eval().to_vector<double>() == hand.da.to_vector<double>());
  CHECK(largest_difference(xg::matmul(hand.l, xg::transpose(hand.l)), a) < 1e-14);
  CHECK(manual::cholesky(xg::zeros({0, 3, 3}), xg::zeros({0, 3, 3})).da.shape() == Shape{0, 3, 3});
  check_every_mistake_is_found(factor_of(a));
}

TEST_CASE("manual cholesky: what doesn't fit is named") {
  const auto message = [](const Tensor& a) {
    return message_of<xg::Error>([&] { return manual::cholesky(a, xg::zeros_like(a)); });
  };
  CHECK(contains(message(xg::tensor({{1, 2}, {2, 1}}, float64)), "isn't positive definite: pivot 1 is -3"));
  CHECK(contains(message(xg::zeros({2, 3})), "[manual::cholesky] a has shape (2, 3), expected (…, n, n)"));
  CHECK(contains(message(xg::zeros({2, 2})), "pivot 0 is 0"));
}
