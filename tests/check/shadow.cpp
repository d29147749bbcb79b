// Rounding is weighed by the same graph in float64. Where that isn't the same function, or isn't in float64, it says
// nothing: no verdict comes from it, and the reason says so.
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::DType;
using xg::float32;
using xg::float64;
using xg::Tensor;
using xg::check::compare;
using xg::check::ParameterReport;
using xg::check::Verdict;

namespace {

/// 3 x in float32. In float64: `value` x, with the derivative `slope`.
class Branching final : public xg::ElementwiseOperation {
 public:
  Branching(double value, double slope) : value_{value}, slope_{slope} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "branching"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override {
    return {{"value", value_}, {"slope", slope_}};
  }
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return (call.inputs[0].dtype() == float32 ? 3.0 : slope_) * t;
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<Branching>(output);
  }
  [[nodiscard]] float value(float x) const { return 3 * x; }
  [[nodiscard]] double value(double x) const { return value_ * x; }

 private:
  double value_;
  double slope_;
};

/// 3 x; its derivative multiplies by a tensor of float32 that it holds.
class Holding final : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "holding"; }
  [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    return t * three_;
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<Holding>(output);
  }
  template <class T>
  [[nodiscard]] T value(T x) const {
    return 3 * x;
  }

 private:
  Tensor three_ = xg::full({}, 3.0, float32);
};

/// 3 x, but not in float64: there `refuse` throws.
class Refusing final : public xg::ElementwiseOperation {
 public:
  using Refuse = void (*)();
  explicit Refusing(Refuse refuse) : refuse_{refuse} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "refusing"; }
  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    if (inputs[0].dtype() != float32) {
      refuse_();
    }
    return float32;
  }
  [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    return 3.0 * t;
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const DType> /*inputs*/, DType /*output*/) const override {
    return xg::tile_of<Refusing, float, float>();
  }
  [[nodiscard]] static float value(float x) { return 3 * x; }

 private:
  Refuse refuse_;
};

/// 3 x in float32, whatever x is in.
class Narrowing final : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "narrowing"; }
  [[nodiscard]] DType infer_dtype(std::span<const Tensor> /*inputs*/) const override { return float32; }
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return 3.0 * xg::cast(t, call.inputs[0].dtype());
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const DType> inputs, DType /*output*/) const override {
    return inputs[0] == float32 ? xg::tile_of<Narrowing, float, float>() : xg::tile_of<Narrowing, float, double>();
  }
  template <class T>
  [[nodiscard]] float value(T x) const {
    return static_cast<float>(3 * x);
  }
};

ParameterReport report_of(const std::shared_ptr<const xg::Operation>& operation, double manual) {
  const xg::Parameter w{xg::full({3}, 0.5), "w"};
  return compare([&] { return xg::sum(xg::apply(operation, {w.value()})); }, {{"w", w}},
                 {.manual = {xg::full({3}, manual)}})
      .parameters[0];
}

}  // namespace

TEST_CASE(
    "an operation that computes something else in float64, or has another derivative there, excuses no gradient") {
  const std::pair<double, std::string> cases[] = {
      {300, "the same operations in float64 give a loss of 450"},
      {3, "the same operations in float64 have another gradient of w"},
  };
  for (const auto& [value, words] : cases) {
    const auto operation = std::make_shared<const Branching>(value, 300);
    CHECK(report_of(operation, 3).verdict == Verdict::right);
    for (const double manual : {4.0, 300.0, -3.0}) {
      CAPTURE(manual);
      const ParameterReport report = report_of(operation, manual);
      CAPTURE(report.reason);
      CHECK(report.manual_automatic.verdict == Verdict::wrong);
      CHECK(report.verdict == Verdict::wrong);
      CHECK(contains(report.reason, "rounding in float32 wasn't weighed"));
      CHECK(contains(report.reason, words));
    }
  }
}

TEST_CASE("a loss that isn't what its graph in float64 gives has no rounding that explains wrong derivatives") {
  // The automatic gradient is twice what it should be in float32; in float64 the loss is another.
  class WrongTwice final : public xg::ElementwiseOperation {
   public:
    [[nodiscard]] std::string_view name() const noexcept override { return "wrong_twice"; }
    [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
      return 6.0 * t;
    }
    [[nodiscard]] xg::TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
      return floating_tile_of<WrongTwice>(output);
    }
    [[nodiscard]] static float value(float x) { return 3 * x; }
    [[nodiscard]] static double value(double x) { return 1000 * x; }
  };
  const xg::Parameter w{xg::full({3}, 0.5), "w"};
  const auto operation = std::make_shared<const WrongTwice>();
  const Verdict verdict =
      compare([&] { return xg::sum(xg::apply(operation, {w.value()})); }, {{"w", w}}).parameters[0].verdict;
  CHECK(verdict == Verdict::wrong);
}

TEST_CASE("the reason of a wrong gradient says which operation refuses float64, and with which words") {
  const auto with = [](Refusing::Refuse refuse) { return std::make_shared<const Refusing>(refuse); };
  CHECK(report_of(with([] { throw xg::DTypeError("[refusing] float32 only"); }), 3).verdict == Verdict::right);
  const std::vector<std::pair<Refusing::Refuse, std::string>> refusals{
      {[] { throw xg::DTypeError("[refusing] float32 only"); }, "[refusing] float32 only"},
      {[] { throw std::invalid_argument("no doubles"); }, "no doubles"},
      {[] { throw 42; }, "refusing"},
  };
  for (const auto& [refuse, words] : refusals) {
    CAPTURE(words);
    const ParameterReport report = report_of(with(refuse), 4);
    CAPTURE(report.reason);
    CHECK(report.verdict == Verdict::wrong);
    CHECK(contains(report.reason, "rounding in float32 wasn't weighed"));
    CHECK(contains(report.reason, words));
  }
  const ParameterReport holding = report_of(std::make_shared<const Holding>(), 4);
  CHECK(holding.verdict == Verdict::wrong);
  CHECK(contains(holding.reason, "rounding in float32 wasn't weighed"));
  CHECK(report_of(std::make_shared<const Holding>(), 3).verdict == Verdict::right);
}

TEST_CASE("an error that can't be a refusal of float64 isn't taken for one") {
  const auto refusing = std::make_shared<const Refusing>(
      [] { throw xg::ShapeError("[refusing] the shapes are those of the float32 call"); });
  CHECK_THROWS_AS((void)report_of(refusing, 4), xg::ShapeError);
}

TEST_CASE("an operation that gives float32 of float64 leaves nothing to weigh rounding by") {
  const auto operation = std::make_shared<const Narrowing>();
  CHECK(report_of(operation, 3).verdict == Verdict::right);
  const ParameterReport report = report_of(operation, 4);
  CAPTURE(report.reason);
  CHECK(report.verdict == Verdict::wrong);
  CHECK(contains(report.reason, "narrowing gives float32 of float64"));
}

TEST_CASE("a cast to float32 inside of the loss is rounding like any other") {
  // σ is saturated: in float32 nearly nothing is left of 1 − σ, whatever the parameter's dtype.
  for (const DType dtype : {float32, float64}) {
    for (const double at : {2.0, 9.0, 13.0}) {
      CAPTURE(to_string(dtype));
      CAPTURE(at);
      const xg::Parameter w{xg::full({2}, at, dtype), "w"};
      const Tensor scale = xg::full({}, 1.0, float64);
      const auto loss = [&] {
        const Tensor wide = dtype == float64 ? w.value() * scale : xg::cast(w.value(), float64) * scale;
        return xg::sum(xg::square(xg::sigmoid(xg::cast(wide, float32)) - 0.25));
      };
      const double s = 1 / (1 + std::exp(-at));
      const double exact = 2 * (s - 0.25) * s * std::exp(-at) / (1 + std::exp(-at));
      const auto verdict = [&](double manual) {
        return compare(loss, {{"w", w}}, {.manual = {xg::full({2}, manual, dtype)}}).parameters[0];
      };
      const ParameterReport right = verdict(exact);
      CAPTURE(right.reason);
      CHECK(right.manual_automatic.verdict != Verdict::wrong);
      CHECK((dtype == float32 || right.manual_automatic.verdict == Verdict::right));
      CHECK(verdict(2 * exact).manual_automatic.verdict != Verdict::right);
      CHECK((at > 9 || verdict(2 * exact).manual_automatic.verdict == Verdict::wrong));
      CHECK((at > 2 || verdict(1.01 * exact).manual_automatic.verdict == Verdict::wrong));
    }
  }
}

TEST_CASE("a loss that is summed in float64 has the rounding of the float32 in it") {
  // Left of 14 − 14: it changes in steps, and differences take it for a constant.
  const xg::Parameter z{xg::tensor({0.0, 14.0, -2.0}), "z"};
  const Tensor y = xg::tensor({0.0, 1.0, 0.0}, float64);
  const auto loss = [&] { return -xg::sum(xg::cast(xg::log_softmax(z.value(), 0), float64) * y); };
  const ParameterReport report = compare(loss, {{"z", z}}).parameters[0];
  CAPTURE(report.reason);
  CHECK(report.verdict != Verdict::wrong);
}

TEST_CASE("data in float32 that a loss in float64 casts are exact: a factor of 1 + 1e-8 beside them is wrong") {
  const xg::Parameter w{xg::tensor({0.5, -1.5, 0.3}, float64), "w"};
  const Tensor x = xg::tensor({0.1, 0.7, -1.3}, float32);
  const auto loss = [&] { return xg::sum(xg::square(w.value() * xg::cast(x, float64))); };
  const std::vector<double> at = w.value().to_vector<double>();
  const std::vector<float> data = x.to_vector<float>();
  const auto verdict = [&](double factor) {
    std::vector<double> manual;
    for (std::size_t i = 0; i < at.size(); ++i) {
      manual.push_back(factor * 2 * at[i] * static_cast<double>(data[i]) * static_cast<double>(data[i]));
    }
    return compare(loss, {{"w", w}}, {.manual = {xg::from_vector(manual, {3})}}).parameters[0].manual_automatic.verdict;
  };
  CHECK(verdict(1) == Verdict::right);
  CHECK(verdict(1 + 1e-8) == Verdict::wrong);
}
