// Derivatives under their own names: f′(z), for any activation of a user's that says so in its Notation. Texts are
// worked by hand; values are compared with the gradient, which isn't simplified, and with the derivative in closed
// form.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Tensor;

namespace {

using Lines = std::vector<std::string>;

/// A function of one tensor whose derivative is written f′.
template <class Self>
class Primed : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return Self::called; }
  [[nodiscard]] xg::Notation notation() const noexcept override { return {.primed = true}; }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<Self>(output);
  }
};

// z / (1 + |z|)        1 / (1 + |z|)²
class Softsign final : public Primed<Softsign> {
 public:
  static constexpr std::string_view called = "softsign";
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return t / xg::square(1.0 + xg::abs(call.inputs[0]));
  }
  template <class T>
  [[nodiscard]] T value(T z) const {
    return z / (1 + std::abs(z));
  }
  [[nodiscard]] static double slope(double z) { return 1 / ((1 + std::abs(z)) * (1 + std::abs(z))); }
};

// z σ(z)        σ(z) + z σ(z) (1 − σ(z))
class Swish final : public Primed<Swish> {
 public:
  static constexpr std::string_view called = "swish";
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    const Tensor s = xg::sigmoid(call.inputs[0]);
    return t * (s + call.output * (1.0 - s));
  }
  template <class T>
  [[nodiscard]] T value(T z) const {
    return z / (1 + std::exp(-z));
  }
  [[nodiscard]] static double slope(double z) {
    const double s = 1 / (1 + std::exp(-z));
    return s + z * s * (1 - s);
  }
};

// z Φ(z)        Φ(z) + z φ(z), the tangent multiplied into both terms
class Gelu final : public Primed<Gelu> {
 public:
  static constexpr std::string_view called = "gelu";
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    const Tensor& z = call.inputs[0];
    const Tensor below = 0.5 * (1.0 + xg::erf(z * std::sqrt(0.5)));
    const Tensor density = xg::exp(-0.5 * xg::square(z)) * (1 / std::sqrt(2 * std::acos(-1.0)));
    return t * below + t * z * density;
  }
  template <class T>
  [[nodiscard]] T value(T z) const {
    return z * (1 + std::erf(z * static_cast<T>(std::sqrt(0.5)))) / 2;
  }
  [[nodiscard]] static double slope(double z) {
    return (1 + std::erf(z / std::sqrt(2.0))) / 2 + z * std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0));
  }
};

// z, and α (e^z − 1) below 0        1, and α e^z
class Elu final : public Primed<Elu> {
 public:
  static constexpr std::string_view called = "elu";
  explicit Elu(double alpha = 1) : alpha_{alpha} {}
  [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {{"alpha", alpha_}}; }
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return xg::where(call.inputs[0] > 0.0, t, t * (call.output + alpha_));
  }
  template <class T>
  [[nodiscard]] T value(T z) const {
    return z > 0 ? z : static_cast<T>(alpha_) * std::expm1(z);
  }
  [[nodiscard]] static double slope(double z) { return z > 0 ? 1 : std::exp(z); }

 private:
  double alpha_;
};

// z, and z / 10 below 0        1, and 1 / 10
class Leaky final : public Primed<Leaky> {
 public:
  static constexpr std::string_view called = "leaky";
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return xg::where(call.inputs[0] > 0.0, t, 0.1 * t);
  }
  template <class T>
  [[nodiscard]] T value(T z) const {
    return z > 0 ? z : z / 10;
  }
  [[nodiscard]] static double slope(double z) { return z > 0 ? 1 : 0.1; }
};

// e^(−z²/2)        −z e^(−z²/2)
class Bump final : public Primed<Bump> {
 public:
  static constexpr std::string_view called = "bump";
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return -(t * call.inputs[0] * call.output);
  }
  template <class T>
  [[nodiscard]] T value(T z) const {
    return std::exp(-z * z / 2);
  }
  [[nodiscard]] static double slope(double z) { return -z * std::exp(-z * z / 2); }
};

// Softsign with a Notation that says nothing of its derivative.
class Plain final : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "plain"; }
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t i, const Tensor& t) const override {
    return Softsign{}.times_partial(call, i, t);
  }
  template <class T>
  [[nodiscard]] T value(T z) const {
    return z / (1 + std::abs(z));
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return xg::floating_tile_of<Plain>(output);
  }
};

template <class Function>
Tensor call(const Tensor& z) {
  return xg::apply(std::make_shared<const Function>(), {z});
}

/// A network of two layers with the function as its activation, of one sample or of a batch.
template <class Function>
struct Network {
  explicit Network(std::int64_t batch = 0)
      : x{random.normal(batch == 0 ? xg::Shape{3} : xg::Shape{batch, 3}, 0, 1, float64).eval()},
        y{random.normal(batch == 0 ? xg::Shape{2} : xg::Shape{batch, 2}, 0, 1, float64).eval()} {}

  xg::Random random{11};
  xg::nn::Dense first{3, 4, random, {.dtype = float64, .bias = xg::nn::init::standard_normal}};
  xg::nn::Dense second{4, 2, random, {.dtype = float64, .bias = xg::nn::init::standard_normal}};
  Tensor x;
  Tensor y;
  std::vector<Tensor> xs{first.W, first.b, second.W, second.b};
  Tensor loss = xg::nn::QuadraticLoss{}(call<Function>(second(call<Function>(first(x)))), y);
};

Lines written(const std::vector<xg::Equation>& equations) {
  Lines lines;
  std::transform(equations.begin(), equations.end(), std::back_inserter(lines), [](const xg::Equation& equation) {
    return equation.left + " = " + equation.right + (equation.label.empty() ? "" : "  " + equation.label);
  });
  return lines;
}

double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return xg::max(xg::abs(a - b)).item() / std::max(xg::max(xg::abs(b)).item(), 1e-300);
}

void check_values(const xg::Derivation& derivation, const Tensor& loss, const std::vector<Tensor>& xs) {
  const std::vector<Tensor> gradients = xg::gradients(loss, xs);
  const Lines names{"∂Loss/∂W¹", "∂Loss/∂b¹", "∂Loss/∂W²", "∂Loss/∂b²"};
  CHECK(difference(derivation.forward.back().value, loss) < 1e-14);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    CAPTURE(names[i]);
    CHECK(difference(derivation[names[i]].value, gradients[i]) < 1e-13);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("primed: BP1 to BP4 hold for a user's activation, under its name", Function, Softsign, Swish, Gelu,
                   Leaky, Bump) {
  const std::string f{Function::called};
  const Network<Function> network;
  const xg::Derivation derivation = xg::derive(network.loss, network.xs);
  CHECK(written(derivation.forward) ==
        Lines{"z¹ = W¹ x + b¹", "a¹ = " + f + "(z¹)", "z² = W² a¹ + b²", "a² = " + f + "(z²)", "Loss = ½ Σ (a² − y)²"});
  CHECK(written(derivation.backward) == Lines{"δ² = (a² − y) ⊙ " + f + "′(z²)  BP1", "∂Loss/∂b² = δ²  BP3",
                                              "∂Loss/∂W² = δ² a¹ᵀ  BP4", "δ¹ = (W²ᵀ δ²) ⊙ " + f + "′(z¹)  BP2",
                                              "∂Loss/∂b¹ = δ¹  BP3", "∂Loss/∂W¹ = δ¹ xᵀ  BP4"});
  check_values(derivation, network.loss, network.xs);
}

TEST_CASE_TEMPLATE("primed: of a batch, with the mean of its losses", Function, Softsign, Swish, Leaky, Bump) {
  const std::string f{Function::called};
  const Network<Function> network{5};
  const xg::Derivation derivation = xg::derive(network.loss, network.xs);
  CHECK(derivation["δ²"].right == "⅕ (a² − y) ⊙ " + f + "′(z²)");
  CHECK(derivation["δ¹"].right == "(δ² W²) ⊙ " + f + "′(z¹)");
  check_values(derivation, network.loss, network.xs);
}

TEST_CASE_TEMPLATE("primed: the derivative alone is f′, with the values of its closed form", Function, Softsign, Swish,
                   Gelu, Leaky, Bump) {
  const std::vector<double> values{-2.5, -0.75, -0.125, 0.25, 1, 3};
  const Tensor z = xg::variable(xg::from_vector(values, {6})).named("z");
  const xg::Derivation derivation = xg::derive(xg::sum(call<Function>(z)), {z});
  CHECK(derivation["∂Loss/∂z"].right == std::string{Function::called} + "′(z)");
  const std::vector<double> found = derivation["∂Loss/∂z"].value.template to_vector<double>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(found[i] == doctest::Approx(Function::slope(values[i])).epsilon(1e-13));
  }
}

TEST_CASE("primed: constants of the operation stand in f and f′") {
  const Network<Elu> network;
  const xg::Derivation derivation = xg::derive(network.loss, network.xs);
  CHECK(derivation["a¹"].right == "elu(z¹; alpha=1)");
  CHECK(derivation["δ¹"].right == "(W²ᵀ δ²) ⊙ elu′(z¹; alpha=1)");
  CHECK(derivation["δ¹"].label == "BP2");
  check_values(derivation, network.loss, network.xs);
  CHECK(contains(derivation.latex(), "\\operatorname{elu}'\\left(z^{1}; \\text{alpha=1}\\right)"));
}

TEST_CASE("primed: without the word in the Notation a derivative is written out") {
  const Network<Plain> network;
  const xg::Derivation derivation = xg::derive(network.loss, network.xs);
  CHECK(derivation["δ¹"].right == "W²ᵀ δ² / (|z¹| + 1)²");
  check_values(derivation, network.loss, network.xs);
}

TEST_CASE("primed: two constants are two functions") {
  const Tensor z = xg::variable(xg::from_vector(std::vector<double>{-1, 0.5, -0.25}, {3})).named("z");
  const Tensor loss =
      xg::sum(xg::apply(std::make_shared<const Elu>(2), {z}) * xg::apply(std::make_shared<const Elu>(3), {z}));
  const xg::Derivation derivation = xg::derive(loss, {z});
  CHECK(derivation["∂Loss/∂z"].right == "elu(z; alpha=2) ⊙ elu′(z; alpha=3) + elu(z; alpha=3) ⊙ elu′(z; alpha=2)");
  // By hand: (f g)′ with f = α (e^z − 1) below 0.
  const auto product_rule = [](double v) {
    const double f = v > 0 ? v : 2 * std::expm1(v);
    const double g = v > 0 ? v : 3 * std::expm1(v);
    return g * (v > 0 ? 1 : 2 * std::exp(v)) + f * (v > 0 ? 1 : 3 * std::exp(v));
  };
  const std::vector<double> found = derivation["∂Loss/∂z"].value.to_vector<double>();
  CHECK(found[0] == doctest::Approx(product_rule(-1)).epsilon(1e-13));
  CHECK(found[1] == doctest::Approx(product_rule(0.5)).epsilon(1e-13));
  CHECK(found[2] == doctest::Approx(product_rule(-0.25)).epsilon(1e-13));
}

TEST_CASE("primed: an argument that has no name") {
  const xg::Parameter W{xg::Random{3}.normal({4, 3}, 0, 1, float64), "W"};
  const Tensor x = xg::Random{4}.normal({3}, 0, 1, float64).eval().named("x");
  const Tensor loss = xg::sum(call<Swish>(xg::matmul(W, x)));
  const xg::Derivation derivation = xg::derive(loss, {W});
  CHECK(derivation["∂Loss/∂W"].right == "swish′(W x) xᵀ");
  CHECK(difference(derivation["∂Loss/∂W"].value, xg::gradients(loss, {W})[0]) < 1e-13);
}

TEST_CASE("primed: a number before f′") {
  const std::vector<double> values{-1, 0.5, 2};
  const Tensor z = xg::variable(xg::from_vector(values, {3})).named("z");
  const xg::Derivation derivation = xg::derive(0.1 * xg::sum(call<Softsign>(z)), {z});
  CHECK(derivation["∂Loss/∂z"].right == "1/10 softsign′(z)");
  const std::vector<double> found = derivation["∂Loss/∂z"].value.to_vector<double>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(found[i] == doctest::Approx(0.1 * Softsign::slope(values[i])).epsilon(1e-13));
  }
}

TEST_CASE("primed: a diagnosis names the factor f′ that was left out") {
  const Network<Softsign> network;
  const std::vector<Tensor> right = xg::gradients(network.loss, network.xs);
  const Tensor a1 = call<Softsign>(network.first(network.x));
  const Tensor a2 = call<Softsign>(network.second(a1));
  const Tensor d2 = a2 - network.y;
  const Tensor z1 = network.first(network.x);
  const Tensor d1 = xg::matmul(xg::transpose(network.second.W.value()), d2) / xg::square(1.0 + xg::abs(z1));
  const std::vector<Tensor> manual{xg::outer(d1, network.x), d1, xg::outer(d2, a1), d2};
  const auto loss = [&] {
    return xg::nn::QuadraticLoss{}(call<Softsign>(network.second(call<Softsign>(network.first(network.x)))), network.y);
  };
  const xg::check::Report report = xg::check::compare(
      loss, {{"W1", network.first.W}, {"b1", network.first.b}, {"W2", network.second.W}, {"b2", network.second.b}},
      {.manual = manual});
  CHECK(report.verdict() == xg::check::Verdict::wrong);
  std::ostringstream printed;
  printed << report;
  CAPTURE(printed.str());
  CHECK(contains(printed.str(), "the factor softsign′(z²) left out"));
}
