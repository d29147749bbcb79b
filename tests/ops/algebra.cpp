// An operation is what it says it is: a user's has the rights of a built-in one, and a name decides nothing.
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::Algebra;
using xg::Tensor;

namespace {

/// σ, or what calls itself so.
class OwnSigmoid final : public xg::ElementwiseOperation {
 public:
  explicit OwnSigmoid(Algebra algebra, std::string name = "own_sigmoid") : algebra_{algebra}, name_{std::move(name)} {}
  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {}; }
  [[nodiscard]] Algebra algebra() const noexcept override { return algebra_; }
  [[nodiscard]] xg::Notation notation() const noexcept override { return {.symbol = "s"}; }
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return t * (call.output * (1.0 - call.output));
  }
  template <class T>
  [[nodiscard]] T value(T x) const {
    return T{1} / (T{1} + std::exp(-x));
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<OwnSigmoid>(output);
  }

 private:
  Algebra algebra_;
  std::string name_;
};

/// A kernel of any inputs that is never run, of any algebra.
class Claim final : public xg::Operation {
 public:
  explicit Claim(Algebra algebra) : algebra_{algebra} {}
  [[nodiscard]] std::string_view name() const noexcept override { return "claim"; }
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {}; }
  [[nodiscard]] Algebra algebra() const noexcept override { return algebra_; }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  void evaluate(std::span<const xg::ConstArray> inputs, const xg::Array& output) const override {
    for (std::int64_t i = 0; i < output.shape.size(); ++i) {
      output.as<double>()[i] = inputs[0].as<double>()[i];
    }
  }

 private:
  Algebra algebra_;
};

Tensor own_sigmoid(const Tensor& x, Algebra algebra = Algebra::sigmoid, const std::string& name = "own_sigmoid") {
  return xg::apply(std::make_shared<const OwnSigmoid>(algebra, name), {x});
}

std::vector<double> gradient_of(const Tensor& loss, const Tensor& x) {
  return xg::gradients(loss, {x})[0].to_vector<double>();
}

}  // namespace

TEST_CASE("the logarithm of a user's sigmoid is the stable one where it says what it is") {
  const Tensor z = xg::variable(xg::from_vector(std::vector<double>{-800, 2}, {2}));
  const Tensor loss = -xg::sum(xg::log(own_sigmoid(z)));
  CHECK(loss.item() == doctest::Approx(800 + std::log1p(std::exp(-2.0))).epsilon(1e-14));
  const std::vector<double> gradient = gradient_of(loss, z);
  CHECK(gradient[0] == -1);
  CHECK(gradient[1] == doctest::Approx(-1 / (1 + std::exp(2.0))).epsilon(1e-14));
}

TEST_CASE("an operation that is only called sigmoid is none") {
  const Tensor z = xg::variable(xg::from_vector(std::vector<double>{-800}, {1}));
  CHECK(-xg::sum(xg::log(own_sigmoid(z, Algebra::opaque, "sigmoid"))).item() ==
        std::numeric_limits<double>::infinity());
  const xg::Parameter w{xg::from_vector(std::vector<double>{0.5, -1}, {2}), "w"};
  const Tensor loss = xg::sum(xg::square(own_sigmoid(w, Algebra::opaque, "sigmoid")));
  CHECK(xg::derive(loss, {{"w", w}}).text().find("s′") == std::string::npos);
}

TEST_CASE("the derivative of a user's sigmoid is written s′") {
  const xg::Parameter w{xg::from_vector(std::vector<double>{0.5, -1}, {2}), "w"};
  const Tensor loss = xg::sum(xg::square(own_sigmoid(w)));
  const std::string text = xg::derive(loss, {{"w", w}}).text();
  CAPTURE(text);
  CHECK(text.find("s′(w)") != std::string::npos);
}

TEST_CASE("a forgotten derivative of a user's sigmoid is named") {
  const xg::Parameter w{xg::from_vector(std::vector<double>{0.5, -1, 0.25}, {3}), "w"};
  const Tensor y = xg::from_vector(std::vector<double>{1, 0, 0.5}, {3});
  const auto loss = [&] { return 0.5 * xg::sum(xg::square(own_sigmoid(w) - y)); };
  const xg::check::Report report =
      xg::check::compare(loss, {{"w", w}}, {.manual = std::vector<Tensor>{own_sigmoid(w) - y}});
  CHECK(report.verdict() == xg::check::Verdict::wrong);
  std::ostringstream printed;
  printed << report;
  const std::string text = printed.str();
  CAPTURE(text);
  CHECK(text.find("the factor s′(w) left out") != std::string::npos);
}

TEST_CASE("a call with another number of tensors than its algebra has says so") {
  const Tensor x = xg::ones({2}, xg::float64);
  CHECK(message_of<xg::ValueError>([&] { return xg::apply(std::make_shared<const Claim>(Algebra::mul), {x}); }) ==
        "[claim] is called with 1 tensor; it takes 2, by its input_count()");
  CHECK(message_of<xg::ValueError>([&] {
          return xg::apply(std::make_shared<const Claim>(Algebra::neg), {x, x});
        }) == "[claim] is called with 2 tensors; it takes 1, by its input_count()");
  CHECK(xg::apply(std::make_shared<const Claim>(Algebra::opaque), {x, x, x}).to_vector<double>() ==
        std::vector<double>{1, 1});
}

TEST_CASE("an attribute that its algebra has and an operation hasn't is named when a rule asks") {
  const Tensor x = xg::variable(xg::ones({2, 2}, xg::float64));
  const Tensor sum = xg::apply(std::make_shared<const Claim>(Algebra::sum), {xg::broadcast_to(x + 1.0, {2, 2, 2})});
  CHECK(message_of<xg::ValueError>([&] {
          xg::eval({sum});
          return 0;
        }).find("[claim] has no attribute 'axes'") == 0);
}
