// Where several kinks meet, the chain rule takes one side of each: what it gives needn't lie between the derivatives
// from the left and right. That is no mistake; one beside such a point is.
#include <cstdint>
#include <doctest/doctest.h>
#include <memory>
#include <span>
#include <string_view>
#include <vector>
#include <xgrad/check.hpp>
#include <xgrad/convolution.hpp>
#include <xgrad/creation.hpp>
#include <xgrad/linalg.hpp>
#include <xgrad/manipulate.hpp>
#include <xgrad/math.hpp>
#include <xgrad/nn/losses.hpp>
#include <xgrad/operation.hpp>
#include <xgrad/pooling.hpp>
#include <xgrad/random.hpp>
#include <xgrad/reduce.hpp>
#include <xgrad/sorting.hpp>

#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xg::check::compare;
using xg::check::Verdict;

namespace {

const xg::PoolOptions overlapping{.kernel = {3}, .stride = {1}};

/// x, with a derivative of 1.5.
class Steep final : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "steep"; }
  [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    return t * 1.5;
  }
  template <class T>
  [[nodiscard]] T value(T x) const {
    return x;
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<Steep>(output);
  }
};

}  // namespace

TEST_CASE("ties in overlapping windows of a maximum are inconclusive") {
  for (const xg::DType dtype : {xg::float64, xg::float32}) {
    CAPTURE(xg::to_string(dtype));
    const xg::Parameter p{xg::full({1, 1, 5}, 0.5, dtype), "p"};
    const Tensor g = xg::cast(xg::tensor({{{1.0, -1.0, 2.0}}}, xg::float64), dtype).eval();
    const auto loss = [&] { return xg::sum(g * xg::max_pool(p, overlapping)); };
    const auto report = compare(loss, {{"p", p}});
    CAPTURE(report.text());
    // The entry 1 is in two windows whose factors cancel: its derivative is 0 from both sides.
    CHECK(report.verdict() == Verdict::inconclusive);
    CHECK(contains(report.parameters[0].reason, "kink"));

    // The last of equal elements may have the gradient as well as the first, but nobody else; in float32 rounding may
    // make any the largest.
    const auto with = [&](const std::vector<double>& gradient) {
      const Tensor manual = xg::cast(xg::from_vector(gradient, {1, 1, 5}), dtype).eval();
      return compare(loss, {{"p", p}}, {.manual = {manual}}).parameters[0].manual_automatic.verdict;
    };
    CHECK(with({1, -1, 2, 0, 0}) == Verdict::right);
    CHECK(with({0, 0, 1, -1, 2}) == Verdict::inconclusive);
    if (dtype == xg::float64) {
      CHECK(with({1, -1, 2, 0, 4}) == Verdict::wrong);
      CHECK(with({1, -2.5, 2, 0, 0}) == Verdict::wrong);
    }
  }
}

TEST_CASE("the zero weights of rectified units, images of one value and equal numbers to sort are inconclusive") {
  for (const xg::DType dtype : {xg::float64, xg::float32}) {
    CAPTURE(xg::to_string(dtype));
    xg::Random random{3};
    const auto drawn = [&](const xg::Shape& shape) { return random.normal(shape, 0, 1, dtype).eval(); };
    const auto verdict = [](const xg::check::LossFunction& loss, const xg::Parameter& p) {
      return compare(loss, {{"p", p}}).verdict();
    };
    const xg::Parameter W{xg::zeros({4, 3}, dtype), "W"};
    const Tensor x = drawn({5, 3});
    const Tensor g = drawn({5, 4});
    CHECK(verdict([&] { return xg::sum(g * xg::relu(xg::matmul(x, xg::transpose(W)))); }, W) == Verdict::inconclusive);

    const xg::Parameter image{xg::full({1, 1, 8, 8}, 1.0, dtype), "image"};
    const Tensor kernel = drawn({2, 1, 3, 3});
    const Tensor h = drawn({1, 2, 4, 4});
    const auto pooled = [&] {
      return xg::sum(h * xg::max_pool(xg::conv(image, kernel, {}), {.kernel = {3, 3}, .stride = {1}}));
    };
    CHECK(verdict(pooled, image) == Verdict::inconclusive);

    const xg::Parameter equal{xg::zeros({8}, dtype), "equal"};
    const Tensor weights = drawn({8});
    CHECK(verdict([&] { return xg::sum(weights * xg::sort(equal)); }, equal) == Verdict::inconclusive);
  }
}

TEST_CASE("kinks elsewhere excuse no derivative that is wrong") {
  const auto steep = std::make_shared<const Steep>();
  const Tensor g = xg::tensor({1.0, -1.0, 2.0}, xg::float64);
  const auto verdict = [&](const std::vector<double>& at) {
    const xg::Parameter p{xg::from_vector(at, {5}), "p"};
    return compare([&] { return xg::sum(g * xg::max_pool(xg::apply(steep, {p.value()}), overlapping)); }, {{"p", p}})
        .verdict();
  };
  CHECK(verdict({0.5, -0.5, 0.25, 1, 0}) == Verdict::wrong);
  // The last three windows' ties leave the first element alone, which is its window's largest.
  CHECK(verdict({2, 0.5, 0.5, 0.5, 0.5}) == Verdict::wrong);

  // This is x: at 0 its derivative is 1 from all sides, and the chain rule's 0 is none.
  const xg::Parameter zero{xg::zeros({2}, xg::float64), "zero"};
  CHECK(compare([&] { return xg::sum(xg::relu(zero) - xg::relu(-zero)); }, {{"zero", zero}}).verdict() ==
        Verdict::wrong);
}

TEST_CASE("differences that skip over whole periods of a loss prove nothing") {
  xg::Random random{3};
  for (const double size : {1e4, 1e5, 1e6}) {
    CAPTURE(size);
    const xg::Parameter far{(random.normal({3}, 0, 1) * size).eval(), "far"};
    CHECK(compare([&] { return xg::sum(xg::sin(far)); }, {{"far", far}}).verdict() != Verdict::wrong);
  }
  const xg::Parameter fast{random.normal({30}, 0, 1).eval(), "fast"};
  CHECK(compare([&] { return xg::sum(xg::sin(fast * 1e4)); }, {{"fast", fast}}).verdict() != Verdict::wrong);
}

TEST_CASE("a loss of exactly 0, of samples that are classified for certain, proves nothing") {
  for (const xg::DType dtype : {xg::float64, xg::float32}) {
    for (const double lead : {35.0, 40.0, 60.0, 80.0}) {
      CAPTURE(lead);
      const xg::Parameter z{xg::cast(xg::tensor({{lead, 0.5, -1.0}}, xg::float64), dtype).eval(), "z"};
      const Tensor label = xg::from_vector<std::int64_t>({0}, {1});
      const auto report = compare([&] { return xg::nn::CrossEntropy{}(z, label); }, {{"z", z}});
      CAPTURE(report.text());
      CHECK(report.verdict() != Verdict::wrong);
    }
  }
}
