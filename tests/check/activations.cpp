// Wrong backward passes of networks with silu, gelu and others: what people forget about f′ is named. Gradients are
// written by hand, f′ out of σ, erf and e^x.
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
namespace nn = xg::nn;
using xg::float64;
using xg::matmul;
using xg::Tensor;
using xg::transpose;
using xg::check::Verdict;

namespace {

using Function = std::function<Tensor(const Tensor&)>;

/// An activation with its derivative by hand, and for z g(z) the factor g.
struct ByHand {
  std::string name;  ///< as formulas write f
  nn::Layer layer;
  Function f;
  Function slope;
  Function gate = {};
};

std::vector<ByHand> activations() {
  const auto normal = [](const Tensor& z) { return 0.5 * (1.0 + xg::erf(z / std::numbers::sqrt2)); };
  const auto density = [](const Tensor& z) {
    return xg::exp(-0.5 * z * z) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
  };
  const auto gate_of_mish = [](const Tensor& z) { return xg::tanh(xg::log(1.0 + xg::exp(z))); };
  return {
      {"silu", nn::SiLU{}, [](const Tensor& z) { return z * xg::sigmoid(z); },
       [](const Tensor& z) {
         const Tensor s = xg::sigmoid(z);
         return s + z * s * (1.0 - s);
       },
       [](const Tensor& z) { return xg::sigmoid(z); }},
      {"gelu", nn::GELU{}, [=](const Tensor& z) { return z * normal(z); },
       [=](const Tensor& z) { return normal(z) + z * density(z); }, normal},
      {"mish", nn::Mish{}, [=](const Tensor& z) { return z * gate_of_mish(z); },
       [=](const Tensor& z) {
         const Tensor gate = gate_of_mish(z);
         return gate + z * (1.0 - gate * gate) * xg::sigmoid(z);
       },
       gate_of_mish},
      {"softsign", nn::Softsign{}, [](const Tensor& z) { return z / (1.0 + xg::abs(z)); },
       [](const Tensor& z) { return 1.0 / xg::square(1.0 + xg::abs(z)); }},
      {"elu", nn::ELU{0.5}, [](const Tensor& z) { return xg::where(z > 0.0, z, 0.5 * (xg::exp(z) - 1.0)); },
       [](const Tensor& z) { return xg::where(z > 0.0, 1.0, 0.5 * xg::exp(z)); }},
      {"leaky_relu", nn::LeakyReLU{0.25}, [](const Tensor& z) { return xg::where(z > 0.0, z, 0.25 * z); },
       [](const Tensor& z) { return xg::where(z > 0.0, 1.0, 0.25 * xg::ones_like(z)); }},
  };
}

/// Two layers and a quadratic loss, for a batch.
struct Network {
  explicit Network(const ByHand& activation) : hand{activation} {}

  ByHand hand;
  xg::Random random{17};
  nn::Dense first{3, 5, random, {.dtype = float64, .bias = nn::init::standard_normal}};
  nn::Dense second{5, 2, random, {.dtype = float64, .bias = nn::init::standard_normal}};
  Tensor x = random.normal({6, 3}, 0, 1, float64).eval();
  Tensor y = random.normal({6, 2}, 0, 1, float64).eval();

  [[nodiscard]] Tensor loss() const {
    const nn::Sequential net{first, hand.layer, second, hand.layer};
    return nn::QuadraticLoss{}(net(x), y);
  }

  /// Gradients of W¹, b¹, W², b², with f′(z¹) and f′(z²) given, from z and a = f(z).
  [[nodiscard]] std::vector<Tensor> by_hand(
      const std::function<Tensor(const Tensor& z, const Tensor& a)>& slope1,
      const std::function<Tensor(const Tensor& z, const Tensor& a)>& slope2) const {
    const Tensor z1 = matmul(x, transpose(first.W)) + first.b;
    const Tensor a1 = hand.f(z1);
    const Tensor z2 = matmul(a1, transpose(second.W)) + second.b;
    const Tensor a2 = hand.f(z2);
    const Tensor d2 = (a2 - y) * slope2(z2, a2) / 6.0;
    const Tensor d1 = matmul(d2, second.W) * slope1(z1, a1);
    return {matmul(transpose(d1), x), xg::sum(d1, 0), matmul(transpose(d2), a1), xg::sum(d2, 0)};
  }

  [[nodiscard]] std::vector<xg::check::Diagnosis> diagnosed(const std::vector<Tensor>& manual) const {
    return xg::check::diagnose([this] { return loss(); },
                               {{"W1", first.W}, {"b1", first.b}, {"W2", second.W}, {"b2", second.b}}, manual);
  }
};

void check_named(const Network& network, const std::vector<Tensor>& manual, const std::string& expected) {
  const auto found = network.diagnosed(manual);
  std::string text;
  for (const auto& diagnosis : found) {
    text += diagnosis.text() + "\n";
  }
  CAPTURE(expected);
  CAPTURE(text);
  CHECK(found[0].verdict == Verdict::wrong);
  CHECK(contains(found[0].text(), expected));
}

}  // namespace

TEST_CASE("activations: a right pass by hand is right") {
  for (const ByHand& hand : activations()) {
    CAPTURE(hand.name);
    const Network network{hand};
    const auto slope = [&](const Tensor& z, const Tensor& /*a*/) { return hand.slope(z); };
    for (const auto& diagnosis : network.diagnosed(network.by_hand(slope, slope))) {
      CAPTURE(diagnosis.text());
      CHECK(diagnosis.verdict == Verdict::right);
    }
    const xg::check::Report report =
        xg::check::compare([&] { return network.loss(); }, {{"W1", network.first.W}, {"b2", network.second.b}});
    CHECK(report.verdict() == Verdict::right);
  }
}

TEST_CASE("activations: what was forgotten about f′ is named") {
  for (const ByHand& hand : activations()) {
    CAPTURE(hand.name);
    const Network network{hand};
    const std::string constants = hand.name == "elu" ? "; alpha=0.5" : hand.name == "leaky_relu" ? "; slope=0.25" : "";
    const auto prime = [&](const std::string& z) { return hand.name + "′(" + z + constants + ")"; };
    const auto right = [&](const Tensor& z, const Tensor& /*a*/) { return hand.slope(z); };
    const auto one = [](const Tensor& z, const Tensor& /*a*/) { return xg::ones_like(z); };
    const auto itself = [](const Tensor& /*z*/, const Tensor& a) { return a; };
    const auto at_activation = [&](const Tensor& /*z*/, const Tensor& a) { return hand.slope(a); };
    const auto squared = [&](const Tensor& z, const Tensor& /*a*/) { return xg::square(hand.slope(z)); };
    check_named(network, network.by_hand(one, right), "the factor " + prime("z¹") + " left out in δ¹");
    check_named(network, network.by_hand(right, one), "the factor " + prime("z²") + " left out in δ²");
    check_named(network, network.by_hand(itself, right), "a¹ in place of " + prime("z¹"));
    if (hand.name != "leaky_relu") {  // whose activation has the sign of z
      check_named(network, network.by_hand(at_activation, right),
                  prime("a¹") + " in place of " + prime("z¹") + ": the derivative taken at the activation in δ¹");
      check_named(network, network.by_hand(right, at_activation),
                  prime("a²") + " in place of " + prime("z²") + ": the derivative taken at the activation in δ²");
    }
    check_named(network, network.by_hand(squared, right), prime("z¹") + "² in place of " + prime("z¹"));
  }
}

TEST_CASE("activations: half of the product rule of z g(z) is named") {
  for (const ByHand& hand : activations()) {
    if (hand.gate == nullptr) {
      continue;
    }
    CAPTURE(hand.name);
    const Network network{hand};
    const auto right = [&](const Tensor& z, const Tensor& /*a*/) { return hand.slope(z); };
    const auto gate = [&](const Tensor& z, const Tensor& /*a*/) { return hand.gate(z); };
    const auto rest = [&](const Tensor& z, const Tensor& /*a*/) { return hand.slope(z) - hand.gate(z); };
    check_named(network, network.by_hand(gate, right),
                "a¹ / z¹ in place of " + hand.name + "′(z¹): the first term of the product rule alone");
    check_named(network, network.by_hand(rest, right), "the second term of the product rule alone");
  }
}

TEST_CASE("activations: the slope of another activation is named") {
  const Network network{activations()[0]};
  const auto right = [&](const Tensor& z, const Tensor& /*a*/) { return network.hand.slope(z); };
  const auto of_sigmoid = [](const Tensor& z, const Tensor& /*a*/) { return xg::sigmoid(z) * (1.0 - xg::sigmoid(z)); };
  check_named(network, network.by_hand(of_sigmoid, right), "σ′(z¹) in place of silu′(z¹)");
}

TEST_CASE("activations: a right pass in float32 isn't called wrong, also where activations saturate") {
  for (const ByHand& hand : activations()) {
    for (const double spread : {1.0, 4.0, 16.0}) {
      CAPTURE(hand.name);
      CAPTURE(spread);
      xg::Random random{23};
      const xg::Parameter W{random.normal({5, 3}, 0, spread), "W"};
      const Tensor x = random.normal({6, 3}).eval();
      const Tensor y = random.normal({6, 5}).eval();
      const Tensor z = matmul(x, transpose(W.value()));
      const Tensor d = (hand.f(z) - y) * hand.slope(z) / 6.0;
      const xg::check::Report report =
          xg::check::compare([&] { return nn::QuadraticLoss{}(hand.layer(matmul(x, transpose(W.value()))), y); },
                             {{"W", W}}, {.manual = {matmul(transpose(d), x)}});
      CHECK(report.verdict() != Verdict::wrong);
    }
  }
}

TEST_CASE("activations: a factor f′ too much is named") {
  const ByHand gelu = activations()[1];
  xg::Random random{29};
  const nn::Dense first{3, 5, random, {.dtype = float64}};
  const nn::Dense second{5, 2, random, {.dtype = float64}};
  const Tensor x = random.normal({6, 3}, 0, 1, float64).eval();
  const Tensor y = random.normal({6, 2}, 0, 1, float64).eval();
  const Tensor z1 = matmul(x, transpose(first.W)) + first.b;
  const Tensor a1 = gelu.f(z1);
  const Tensor z2 = matmul(a1, transpose(second.W)) + second.b;
  const Tensor d2 = (z2 - y) * gelu.slope(z2) / 6.0;  // as if the last layer had one, too
  const Tensor d1 = matmul(d2, second.W) * gelu.slope(z1);
  const auto found =
      xg::check::diagnose([&] { return nn::QuadraticLoss{}(second(gelu.layer(first(x))), y); },
                          {{"W1", first.W}, {"W2", second.W}}, {matmul(transpose(d1), x), matmul(transpose(d2), a1)});
  CAPTURE(found[0].text());
  CHECK(found[0].verdict == Verdict::wrong);
  CHECK(contains(found[0].text(), "a factor gelu′(z²) too much in δ²"));
}
