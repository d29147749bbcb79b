// Deep networks: what is derived, compared and diagnosed grows with the number of layers, and nothing else does.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/sanitizers.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::matmul;
using xg::Tensor;
using xg::transpose;
using xg::check::compare;
using xg::check::diagnose;
using xg::check::Diagnosis;
using xg::check::Report;
using xg::check::Verdict;

namespace {

/// h ← h + tanh(h Wᵀ) / n, n times; the loss is Σ h². Gradients neither vanish nor explode.
struct Residual {
  std::vector<xg::NamedParameter> parameters;
  Tensor x;
  double share;

  explicit Residual(std::size_t layers) : share{1 / static_cast<double>(layers)} {
    xg::Random random{5};
    x = random.normal({4, 3}, 0, 1, float64).eval();
    for (std::size_t l = 0; l < layers; ++l) {
      const std::string name = "W" + std::to_string(l);
      parameters.push_back({name, xg::Parameter{random.normal({3, 3}, 0, 1, float64), name}});
    }
  }

  [[nodiscard]] Tensor loss() const {
    Tensor h = x;
    for (const xg::NamedParameter& W : parameters) {
      h = h + share * xg::tanh(matmul(h, transpose(W.parameter)));
    }
    return xg::sum(xg::square(h));
  }

  /// By hand, with tanh′ left out in one layer, if there is one of that number.
  [[nodiscard]] std::vector<Tensor> by_hand(std::size_t without_slope) const {
    std::vector<Tensor> h{x};
    std::vector<Tensor> a;
    for (const xg::NamedParameter& W : parameters) {
      a.push_back(xg::tanh(matmul(h.back(), transpose(W.parameter))).detach().eval());
      h.push_back((h.back() + share * a.back()).eval());
    }
    std::vector<Tensor> gradients(parameters.size());
    Tensor dh = (2.0 * h.back()).eval();
    for (std::size_t l = parameters.size(); l-- > 0;) {
      const Tensor up = share * dh;
      const Tensor dz = l == without_slope ? up : up * (1.0 - xg::square(a[l]));
      gradients[l] = matmul(transpose(dz), h[l]).eval();
      dh = (dh + matmul(dz, parameters[l].parameter.value().detach())).eval();
    }
    return gradients;
  }
};

constexpr auto nowhere = static_cast<std::size_t>(-1);

/// x², with the derivative 2x + 0.1.
class WrongSquare final : public xg::ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "wrong_square"; }
  [[nodiscard]] Tensor times_partial(const xg::Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return t * (2.0 * call.inputs[0] + 0.1);
  }
  [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType output) const override {
    return floating_tile_of<WrongSquare, 1>(output);
  }
  template <class T>
  [[nodiscard]] T value(T x) const {
    return x * x;
  }
};

}  // namespace

TEST_CASE("a chain of tens of thousands of nodes is derived without recursion, in lines of bounded length") {
  const int nodes = xgrad::test::sanitized ? 4000 : 40'000;
  xg::Random random{1};
  const xg::Parameter w{random.normal({3}, 0, 1, float64), "w"};
  Tensor h = w.value();
  for (int i = 0; i < nodes; ++i) {
    h = i % 2 == 0 ? xg::sin(h) : h * 1.01;
  }
  const Tensor loss = xg::sum(h);
  const xg::Derivation derived = xg::derive(loss, {w.value()});
  // What the formula for ∂Loss/∂w gives is the gradient.
  const std::vector<double> expected = xg::gradients(loss, {w.value()})[0].to_vector<double>();
  const std::vector<double> found = derived["∂Loss/∂w"].value.to_vector<double>();
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(std::abs(found[i] - expected[i]) <= 1e-10 * std::abs(expected[i]) + 1e-300);
  }
  // Text in proportion to the number of nodes: no line is padded to the longest.
  CHECK(derived.text().size() < static_cast<std::size_t>(nodes) * 200);
  CHECK(derived.latex().size() < static_cast<std::size_t>(nodes) * 400);
}

TEST_CASE("one weight's gradient needs every δ of the layers above it, once") {
  const std::size_t layers = xgrad::test::sanitized ? 200 : 2000;
  xg::Random random{2};
  std::vector<xg::nn::Dense> dense;
  Tensor h = random.normal({3}, 0, 1, float64).eval().named("x");
  for (std::size_t l = 0; l < layers; ++l) {
    dense.emplace_back(3, 3, random, xg::nn::DenseOptions{.dtype = float64});
    h = xg::tanh(dense.back()(h));
  }
  const xg::Derivation derived = xg::derive(xg::sum(h), {dense.front().W.value()});
  CHECK(derived.backward.size() == layers + 1);
  CHECK(derived.backward.back().left == "∂Loss/∂W¹");
}

TEST_CASE("a formula that is longer than a line doesn't widen the others") {
  const xg::Parameter a{xg::tensor({1.0, 2.0}), "a"};
  Tensor total = xg::sin(a.value());
  for (int i = 0; i < 60; ++i) {
    total = total + xg::sin(a.value() * (1.5 + i)) * (2.0 + i);
  }
  const std::string text = xg::derive(xg::sum(total), {a.value()}, {.line_width = 100'000}).text();
  const std::size_t first = text.find("(1)");
  CHECK(text.find('\n', first) - first > 200);
  CHECK(text.size() < 4000 + 3 * (text.find('\n', first) - first));
}

TEST_CASE("a deep network is compared in evaluations that don't grow with the number of its layers") {
  const auto evaluations = [](std::size_t layers) {
    const Residual network{layers};
    std::size_t count = 0;
    const Report report = compare(
        [&] {
          ++count;
          return network.loss();
        },
        network.parameters, {.manual = network.by_hand(nowhere)});
    CHECK(report.verdict() == Verdict::right);
    CHECK(report.differences.find("random directions of all") != std::string::npos);
    CHECK(report.text().find(report.differences) != std::string::npos);
    CHECK(report.json().find(report.differences) != std::string::npos);
    CHECK(report.first_divergence.empty());
    return count;
  };
  const std::size_t some = evaluations(250);
  CHECK(some < 400);
  CHECK(evaluations(500) < 400);
}

TEST_CASE("a wrong gradient of a deep network takes a table of differences more, and no second look at the noise") {
  const Residual network{250};
  const auto evaluations = [&network](double factor) {
    std::vector<Tensor> manual = network.by_hand(nowhere);
    manual[100] = (manual[100] * factor).eval();
    std::size_t count = 0;
    const Report report = compare(
        [&] {
          ++count;
          return network.loss();
        },
        network.parameters, {.manual = manual, .diagnose = false});
    CHECK(report.parameters[100].verdict == (factor == 1 ? Verdict::right : Verdict::wrong));
    return count;
  };
  // At the point, and on both sides of it for eight rows; but not the nine that tell the loss's noise, which is known.
  CHECK(evaluations(2) <= evaluations(1) + 17);
}

TEST_CASE("a network of ordinary depth is compared entry by entry") {
  const Residual network{20};
  const Report report = compare([&] { return network.loss(); }, network.parameters, {});
  CHECK(report.differences.empty());
  CHECK(report.parameters[3].checked == 9);
}

TEST_CASE("one wrong gradient of very many layers is found where it is") {
  const std::size_t layers = xgrad::test::sanitized ? 300 : 3000;
  const Residual network{layers};
  const std::size_t wrong = layers / 3;
  std::vector<Tensor> manual = network.by_hand(nowhere);
  manual[wrong] = (manual[wrong] * 2.0).eval();
  const Report report = compare([&] { return network.loss(); }, network.parameters, {.manual = manual});
  const std::string name = "W" + std::to_string(wrong);
  for (std::size_t l = 0; l < layers; ++l) {
    REQUIRE(report.parameters[l].verdict == (l == wrong ? Verdict::wrong : Verdict::right));
  }
  CHECK(report.parameters[wrong].diagnosis ==
        name + ": your ∂Loss/∂" + name + " equals the derived one with a factor 2 too much in ∂Loss/∂" + name);
  CHECK(report.parameters[wrong].reason.ends_with("so the manual gradient is wrong"));
  CHECK(report.first_divergence.starts_with("∂Loss/∂" + name + " = "));
}

TEST_CASE("a mistake on the way of a deep pass explains the gradients of all layers below it") {
  const std::size_t layers = xgrad::test::sanitized ? 200 : 1000;
  const Residual network{layers};
  const std::size_t wrong = layers / 2;
  const std::vector<Diagnosis> said =
      diagnose([&] { return network.loss(); }, network.parameters, network.by_hand(wrong));
  for (std::size_t l = 0; l < layers; ++l) {
    REQUIRE(said[l].verdict == (l <= wrong ? Verdict::wrong : Verdict::right));
    if (l <= wrong) {
      REQUIRE(said[l].mistakes.size() >= 1);
      REQUIRE(said[l].mistakes[0].find("the factor tanh′(") != std::string::npos);
      REQUIRE(said[l].mistakes[0].find("left out") != std::string::npos);
    }
  }
}

TEST_CASE("mistakes far apart in a deep pass are found one after the other, each where it is") {
  const Residual network{300};
  std::vector<Tensor> manual = network.by_hand(50);
  manual[250] = (manual[250] * 2.0).eval();
  manual[150] = (-manual[150]).eval();
  const std::vector<Diagnosis> said = diagnose([&] { return network.loss(); }, network.parameters, manual);
  const auto is_said_first = [&](std::size_t l, const std::string& words) {
    CAPTURE(said[l].text());
    return !said[l].mistakes.empty() && said[l].mistakes[0].find(words) != std::string::npos;
  };
  for (std::size_t l = 0; l < said.size(); ++l) {
    REQUIRE(said[l].verdict == (l <= 50 || l == 150 || l == 250 ? Verdict::wrong : Verdict::right));
    REQUIRE((l > 50 || is_said_first(l, "the factor tanh′(")));
  }
  CHECK(is_said_first(250, "a factor 2 too much in ∂Loss/∂W250"));
  CHECK(is_said_first(150, "the sign flipped in ∂Loss/∂W150"));
}

TEST_CASE("where the first wrong gradient of a deep pass isn't explained, the text says that the search ended there") {
  const Residual network{300};
  xg::Random random{9};
  std::vector<Tensor> manual = network.by_hand(nowhere);
  for (const std::size_t l : {std::size_t{50}, std::size_t{250}}) {
    manual[l] = random.normal({3, 3}, 0, 1, float64).eval();
  }
  const std::vector<Diagnosis> said = diagnose([&] { return network.loss(); }, network.parameters, manual);
  CHECK(said[250].searched);
  CHECK(said[250].text().find("no single edit of the derived formulas") != std::string::npos);
  CHECK_FALSE(said[50].searched);
  CHECK(said[50].text().find("no explanation was searched for, as others come before it") != std::string::npos);
  CHECK(said[100].verdict == Verdict::right);
  CHECK(said[100].searched);
}

TEST_CASE("what explains the first wrong gradient of a deep pass but contradicts a right one far below isn't said") {
  // h ← h + tanh(h Wᵀ) / n, from h = x + s m with s = 0. The first two samples are x and −x, and all is odd in them: so
  // are the δs, and ∂Loss/∂s, the sum of their first elements, is exactly 0. With tanh in place of the even tanh′ in a
  // δ_z, δs below it aren't odd any more.
  constexpr std::size_t layers = 150;
  constexpr std::size_t wrong = 100;
  constexpr double share = 1.0 / layers;
  xg::Random random{5};
  std::vector<double> samples = random.normal({6, 3}, 0, 1, float64).to_vector<double>();
  std::transform(samples.begin(), samples.begin() + 3, samples.begin() + 3, [](double each) { return -each; });
  const Tensor x = xg::from_vector(samples, {6, 3}).named("x");
  std::vector<double> firsts(samples.size(), 0.0);
  firsts[0] = firsts[3] = 1;
  const Tensor m = xg::from_vector(firsts, {6, 3}).named("m");
  const xg::Parameter s{xg::full({}, 0, float64), "s"};
  std::vector<xg::NamedParameter> parameters{{"s", s}};
  for (std::size_t l = 1; l <= layers; ++l) {
    const std::string name = "W" + std::to_string(l);
    parameters.push_back({name, xg::Parameter{random.normal({3, 3}, 0, 1, float64), name}});
  }
  const auto loss = [&] {
    Tensor h = x + s.value() * m;
    for (std::size_t l = 1; l <= layers; ++l) {
      const Tensor z = matmul(h, transpose(parameters[l].parameter)).named("z" + std::to_string(l));
      h = (h + share * xg::tanh(z)).named("h" + std::to_string(l));
    }
    return xg::sum(xg::square(h));
  };
  // By hand, with that mistake in the gradient of one W.
  std::vector<Tensor> h{x};
  std::vector<Tensor> a{Tensor{}};
  for (std::size_t l = 1; l <= layers; ++l) {
    a.push_back(xg::tanh(matmul(h.back(), transpose(parameters[l].parameter))).detach().eval());
    h.push_back((h.back() + share * a.back()).eval());
  }
  Tensor dh = (2.0 * h.back()).eval();
  for (std::size_t l = layers; l > wrong; --l) {
    const Tensor dz = share * dh * (1.0 - xg::square(a[l]));
    dh = (dh + matmul(dz, parameters[l].parameter.value().detach())).eval();
  }
  std::vector<Tensor> manual(parameters.size());
  manual[wrong] = matmul(transpose(share * dh * a[wrong]), h[wrong - 1]).eval();

  const std::vector<Diagnosis> unaware = diagnose(loss, parameters, manual);
  CHECK(unaware[wrong].mistakes == std::vector<std::string>{"tanh(z100) in place of tanh′(z100) in δ_z100"});

  manual[0] = xg::zeros({}, float64);
  const std::vector<Diagnosis> aware = diagnose(loss, parameters, manual);
  CAPTURE(aware[wrong].text());
  CHECK(aware[0].verdict == Verdict::right);
  CHECK(aware[wrong].verdict == Verdict::wrong);
  CHECK(aware[wrong].mistakes.empty());
  CHECK(aware[wrong].search_cut_short);
}

TEST_CASE("directions of all parameters at once find an operation with a wrong derivative, and a parameter before it") {
  xg::Random random{3};
  std::vector<xg::NamedParameter> parameters;
  for (int l = 0; l < 6; ++l) {
    parameters.push_back({"W" + std::to_string(l), xg::Parameter{random.normal({3, 3}, 0, 0.7, float64)}});
  }
  const Tensor x = random.normal({4, 3}, 0, 1, float64).eval();
  const auto loss = [&](bool wrong) {
    Tensor h = x;
    for (std::size_t l = 0; l < parameters.size(); ++l) {
      h = xg::tanh(matmul(h, transpose(parameters[l].parameter)));
      h = l == 3 && wrong ? xg::apply(std::make_shared<const WrongSquare>(), {h}) : xg::square(h);
    }
    return xg::sum(h);
  };
  std::vector<const double*> before;
  for (const xg::NamedParameter& each : parameters) {
    before.push_back(each.parameter.value().data<double>().data());
  }
  const xg::check::CompareOptions options{.numeric = {.max_operations = 1000}};
  const Report right = compare([&] { return loss(false); }, parameters, options);
  CHECK(right.verdict() == Verdict::right);
  CHECK(right.parameters[2].checked == 0);
  CHECK(right.parameters[2].direction >= 0);

  const Report report = compare([&] { return loss(true); }, parameters, options);
  CHECK(report.verdict() == Verdict::wrong);
  std::size_t wrong = 0;
  for (std::size_t l = 0; l < parameters.size(); ++l) {
    const auto& row = report.parameters[l];
    CHECK(row.verdict != Verdict::right);
    if (row.verdict == Verdict::wrong) {
      ++wrong;
      CHECK(l <= 3);
      CHECK(row.checked == 9);
    } else {
      CHECK(row.reason.find("automatic gradients don't agree with differences") != std::string::npos);
    }
    // Every parameter has its very tensor back.
    CHECK(parameters[l].parameter.value().data<double>().data() == before[l]);
  }
  CHECK(wrong == 1);
}

TEST_CASE("a parameter that is listed twice is displaced once") {
  xg::Random random{4};
  const xg::Parameter W{random.normal({3, 3}, 0, 1, float64), "W"};
  const Tensor x = random.normal({4, 3}, 0, 1, float64).eval();
  const auto loss = [&] { return xg::sum(xg::tanh(matmul(x, W.value()))); };
  const Report report = compare(loss, {{"W", W}, {"tied", W}}, {.numeric = {.max_operations = 10}});
  CHECK(report.verdict() == Verdict::right);
}
