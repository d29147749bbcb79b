// How often compare() differentiates: an operation of a user counts how often its derivative is asked for.
#include <doctest/doctest.h>
#include <memory>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Tensor;

namespace {

/// 3 x
class Tripled final : public xg::ElementwiseOperation {
 public:
  explicit Tripled(int* sweeps) : sweeps_{sweeps} {}
  [[nodiscard]] std::string_view name() const noexcept override { return "tripled"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {}; }
  [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    ++*sweeps_;
    return 3.0 * t;
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return floating_tile_of<Tripled, 1>(output);
  }
  template <class T>
  [[nodiscard]] T value(T x) const {
    return 3 * x;
  }

 private:
  int* sweeps_;
};

}  // namespace

TEST_CASE("compare: the loss's graph is differentiated once, and its formulas once where a gradient is wrong") {
  int sweeps = 0;
  const auto tripled = std::make_shared<const Tripled>(&sweeps);
  const xg::Parameter w{xg::tensor({0.5, -1, 2}, float64), "w"};
  const xg::Parameter unused{xg::tensor({1, 2}, float64), "unused"};
  const auto loss = [&] { return xg::sum(xg::square(xg::apply(tripled, {w.value()}))); };
  const Tensor right = 18.0 * w.value();

  CHECK(xg::check::compare(loss, {{"w", w}}, {.manual = {right}}).verdict() == xg::check::Verdict::right);
  CHECK(sweeps == 1);
  sweeps = 0;
  CHECK(xg::check::compare(loss, {{"w", w}}, {.manual = {2.0 * right}}).verdict() == xg::check::Verdict::wrong);
  CHECK(sweeps == 2);
  sweeps = 0;
  const Tensor zeros = xg::zeros({2}, float64);
  static_cast<void>(xg::check::compare(loss, {{"w", w}, {"unused", unused}}, {.manual = {2.0 * right, zeros}}));
  CHECK(sweeps == 2);
}
