// Diagnoses where it is hard to say something: deep networks, large, tiny and nearly right gradients, values that
// aren't finite, operations that refuse values.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/sanitizers.hpp"
#include "support/sigmoid_layer.hpp"

namespace xg = xgrad;
using xg::float32;
using xg::float64;
using xg::matmul;
using xg::NamedTensor;
using xg::Tensor;
using xg::transpose;
using xg::check::compare;
using xg::check::diagnose;
using xg::check::Diagnosis;
using xg::check::Verdict;
using xgrad::test::SigmoidLayer;

namespace {

std::vector<xg::Parameter> weights_of(std::size_t layers, std::int64_t width, xg::Random& random) {
  std::vector<xg::Parameter> weights;
  for (std::size_t l = 0; l < layers; ++l) {
    weights.emplace_back(random.normal({width, width}, 0, 0.7, float64), "W" + std::to_string(l + 1));
  }
  return weights;
}

std::vector<xg::NamedParameter> named(const std::vector<xg::Parameter>& weights) {
  std::vector<xg::NamedParameter> result;
  for (const xg::Parameter& weight : weights) {
    result.push_back({weight.name(), weight});
  }
  return result;
}

}  // namespace

TEST_CASE("diagnose: deep networks are searched near to the mistake, and within a budget") {
  const std::size_t layers = xg::test::sanitized ? 12 : 40;
  xg::Random random{1};
  const std::vector<xg::Parameter> weights = weights_of(layers, 4, random);
  const Tensor x = random.normal({5, 4}, 0, 1, float64).eval();
  const auto loss = [&] {
    Tensor h = x;
    for (const xg::Parameter& weight : weights) {
      h = xg::tanh(matmul(h, transpose(weight.value())));
    }
    return xg::sum(xg::square(h));
  };
  std::vector<Tensor> manual = xg::gradients(loss(), named(weights));
  const std::size_t wrong = layers / 2;
  manual[wrong] = (2.0 * manual[wrong]).eval();
  const std::vector<Diagnosis> factor = diagnose(loss, named(weights), manual);
  for (std::size_t l = 0; l < layers; ++l) {
    CHECK((factor[l].verdict == Verdict::wrong) == (l == wrong));
  }
  CHECK(contains(factor[wrong].text(), "a factor 2 too much in ∂Loss/∂W" + std::to_string(wrong + 1)));
  CHECK_FALSE(factor[wrong].search_cut_short);

  manual[wrong] = random.normal({4, 4}, 0, 1, float64).eval();
  const Diagnosis noise = diagnose(loss, named(weights), manual)[wrong];
  CHECK(noise.verdict == Verdict::wrong);
  CHECK(noise.mistakes.empty());
  CHECK(noise.search_cut_short);
  CHECK(contains(noise.text(), "nor do those pairs that were tried"));
}

TEST_CASE("diagnose: of large gradients a part is looked at, and all entries count") {
  xg::Random random{2};
  const std::int64_t size = 6000;
  const auto draw = [&](const char* name) { return random.normal({size}, 0, 1, float64).eval().named(name); };
  const xg::Parameter w{random.normal({size}, 0, 1, float64), "w"};
  const Tensor p = draw("p");
  const Tensor q = draw("q");
  // The same but for three entries.
  std::vector<double> nearly = q.to_vector<double>();
  for (const std::size_t i : {std::size_t{17}, std::size_t{2900}, std::size_t{5999}}) {
    nearly[i] += 1;
  }
  const Tensor r = xg::from_vector(nearly, {size}).named("r");
  const auto loss = [&] { return xg::sum(w.value() * p * q) + 0.5 * xg::sum(r * r * w.value()); };
  const Tensor right = p * q + 0.5 * r * r;
  CHECK(diagnose(loss, {{"w", w}}, {right.eval()})[0].verdict == Verdict::right);
  const Diagnosis left_out = diagnose(loss, {{"w", w}}, {(q + 0.5 * r * r).eval()})[0];
  CHECK(contains(left_out.text(), "the factor p left out"));
  CHECK(left_out.alternatives.empty());
  // r in q's place differs in three entries of six thousand.
  const Diagnosis replaced = diagnose(loss, {{"w", w}}, {(p * r + 0.5 * r * r).eval()})[0];
  CHECK(contains(replaced.text(), "r in place of q"));
  CHECK(replaced.alternatives.empty());
  // Two that are the same but for an entry, which isn't among those that differ most, and may not be looked at first.
  const std::vector<double> q_values = q.to_vector<double>();
  for (const std::size_t at :
       {std::size_t{100}, std::size_t{1700}, std::size_t{3000}, std::size_t{4400}, std::size_t{5900}}) {
    std::vector<double> first = (q + 1.0).to_vector<double>();
    std::vector<double> second = first;
    first[at] = q_values[at] + 1e-3;
    second[at] = q_values[at] + 2e-3;
    const Tensor s1 = xg::from_vector(first, {size}).named("s1");
    const Tensor s2 = xg::from_vector(second, {size}).named("s2");
    const auto with_both = [&] { return loss() + xg::sum(w.value() * s1 * s2); };
    const Diagnosis found = diagnose(with_both, {{"w", w}}, {(p * s1 + 0.5 * r * r + s1 * s2).eval()})[0];
    CHECK(contains(found.text(), "s1 in place of q"));
    CHECK(found.alternatives.empty());
  }
  // One entry of its own is no edit.
  std::vector<double> one = right.to_vector<double>();
  one[4321] += 1;
  const Diagnosis entry = diagnose(loss, {{"w", w}}, {xg::from_vector(one, {size})})[0];
  CHECK(entry.mistakes.empty());
  CHECK(contains(entry.text(), "only 1 of its 6000 entries differ, most at (4321,)"));
}

TEST_CASE("diagnose: of a loss that isn't finite it says what compare says, and no gradient is wrong") {
  const xg::Parameter w{xg::tensor({1, -1}, float64), "w"};
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double at : {-1.0, infinity}) {
    const auto loss = [&] { return xg::sum(xg::log(w * at)) + xg::sum(w); };
    const Tensor manual = xg::tensor({5, 7}, float64);
    const auto diagnoses = diagnose(loss, {{"w", w}}, {manual});
    const auto report = compare(loss, {{"w", w}}, {.manual = {manual}});
    REQUIRE(diagnoses.size() == 1);
    CHECK(report.verdict() == Verdict::inconclusive);
    CHECK(diagnoses[0].verdict == Verdict::inconclusive);
    CHECK(diagnoses[0].mistakes.empty());
    CHECK(diagnoses[0].text() == "w: the loss is nan, so there is no gradient to check");
  }
}

TEST_CASE("diagnose: gradients of one and two entries") {
  for (const std::int64_t outputs : {1, 2}) {
    xg::Random random{3};
    const xg::nn::Dense layer{3, outputs, random, {.dtype = float64}};
    const Tensor x = random.normal({7, 3}, 0, 1, float64).eval();
    const Tensor y = random.uniform({7, outputs}, 0, 1, float64).eval();
    const auto loss = [&] { return 0.5 * xg::sum(xg::square(xg::sigmoid(layer(x)) - y)); };
    const Tensor right = xg::gradients(loss(), {layer.b.value()})[0].eval();
    const auto text_for = [&](double factor) {
      return diagnose(loss, {{"b", layer.b}}, {(factor * right).eval()})[0].text();
    };
    CHECK(contains(text_for(-1), "the sign flipped"));
    CHECK(contains(text_for(2), "a factor 2 too much"));
    CHECK(contains(text_for(7), "the number of samples"));
    CHECK(contains(text_for(1.0 / 7), "one over the number of samples"));
    CHECK(contains(text_for(0), "zero in its place"));
    // Any number is some factor: that explains nothing.
    CHECK(contains(text_for(1.2345), "no single edit"));
  }
}

TEST_CASE("diagnose: what is zero is called zero") {
  const SigmoidLayer layer{4};
  const xg::Parameter& W = layer.W;
  const auto loss = [&] { return layer.loss(); };
  const Diagnosis found = diagnose(loss, {{"W", W}}, {xg::zeros({3, 4}, float64)})[0];
  CHECK(contains(found.text(), "zero in its place"));
  CHECK(found.alternatives.empty());
}

TEST_CASE("diagnose: where the loss doesn't depend on it, only zero is right") {
  const xg::Parameter used{xg::ones({3}, float64), "used"};
  const xg::Parameter unused{xg::ones({2}, float64), "unused"};
  const auto loss = [&] { return xg::sum(xg::square(used.value())); };
  const Tensor right = xg::full({3}, 2, float64);
  const std::vector<xg::NamedParameter> parameters{{"used", used}, {"unused", unused}};
  CHECK(diagnose(loss, parameters, {right, xg::zeros({2}, float64)})[1].verdict == Verdict::right);
  const Diagnosis wrong = diagnose(loss, parameters, {right, xg::ones({2}, float64)})[1];
  CHECK(wrong.verdict == Verdict::wrong);
  CHECK(wrong.text() == "unused: your ∂Loss/∂unused isn't zero, but the loss doesn't depend on it");
  CHECK(compare(loss, parameters, {.manual = {right, xg::ones({2}, float64)}}).first_divergence == "∂Loss/∂unused = 0");
}

TEST_CASE("diagnose: verdicts are those of compare, entry by entry") {
  const xg::Parameter w{xg::ones({4}, float64), "w"};
  const Tensor x = xg::tensor({1e12, 1, 2, 3}, float64).named("x");
  const auto loss = [&] { return xg::sum(w.value() * x); };
  // Far below rounding of the norm, and wrong all the same.
  const std::vector<Tensor> manual{xg::tensor({1e12, 2, 2, 3}, float64)};
  const Diagnosis found = diagnose(loss, {{"w", w}}, manual)[0];
  CHECK(found.verdict == Verdict::wrong);
  CHECK(found.mistakes.empty());
  CHECK(contains(found.text(), "only 1 of its 4 entries differ, most at (1,)"));
  const xg::check::Report report = compare(loss, {{"w", w}}, {.manual = manual});
  CHECK(report.verdict() == Verdict::wrong);
  CHECK(report.first_divergence == "∂Loss/∂w = x");
}

TEST_CASE("diagnose: formulas are fed with the manual gradients they use, whatever these are") {
  const SigmoidLayer layer{6};
  const auto& [W, x, y] = layer;
  const auto loss = [&] { return layer.loss(); };
  xg::Random random{6};
  const Tensor a = xg::sigmoid(matmul(x, transpose(W.value()))).eval();
  const auto found = [&](const Tensor& da, const Tensor& dz) {
    return diagnose(loss, {{"W", W}}, {matmul(transpose(dz), x).eval()},
                    {.manual_of = {{"a", da.eval()}, {"z", dz.eval()}}});
  };
  const Tensor slope = a * (1.0 - a);
  // A mistake on top of noise.
  const Tensor noise = random.normal({7, 3}, 0, 1, float64).eval();
  const std::vector<Diagnosis> on_noise = found(noise, noise * a);
  CHECK(contains(on_noise[1].text(), "no single edit"));
  CHECK(contains(on_noise[2].text(), "a in place of σ′(z) in δ_z"));
  CHECK(on_noise[0].follows_from == std::vector<std::string>{"z"});
  // Two mistakes that would cancel out.
  const std::vector<Diagnosis> twice = found(-(a - y), (a - y) * slope);
  CHECK(contains(twice[1].text(), "the sign flipped in δ_a"));
  CHECK(twice[2].verdict == Verdict::right);
  CHECK(twice[0].verdict == Verdict::right);
  // What isn't finite goes on.
  const Tensor nans = xg::full({7, 3}, std::numeric_limits<double>::quiet_NaN(), float64);
  const std::vector<Diagnosis> not_finite = found(nans, nans * slope);
  CHECK(contains(not_finite[1].text(), "it isn't finite"));
  CHECK(not_finite[2].follows_from == std::vector<std::string>{"a"});
  CHECK(not_finite[0].follows_from == std::vector<std::string>{"z"});
}

namespace {

/// log, and a ValueError for what isn't positive.
class StrictLog final : public xg::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "strict_log"; }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  [[nodiscard]] std::vector<Tensor> vjp(const xg::Call& call, const Tensor& cotangent) const override {
    return {cotangent / call.inputs[0]};
  }
  void evaluate(std::span<const xg::ConstArray> inputs, const xg::Array& output) const override {
    for (std::int64_t i = 0; i < output.shape.size(); ++i) {
      const double value = inputs[0].as<double>()[i];
      if (!(value > 0)) {
        throw xg::ValueError("strict_log: not positive");
      }
      output.as<double>()[i] = std::log(value);
    }
  }
};

}  // namespace

TEST_CASE("diagnose: operations that refuse other values are asked at values near their own") {
  const xg::Parameter w{xg::tensor({4, 5, 6, 8}, float64), "w"};
  const Tensor x = xg::tensor({1, 2, 3, 4}, float64).named("x");
  const auto loss = [&] { return xg::sum(x * xg::apply(std::make_shared<const StrictLog>(), {w.value() - 1.5})); };
  const Tensor right = (x / (w.value() - 1.5)).eval();
  CHECK(contains(diagnose(loss, {{"w", w}}, {(2.0 * right).eval()})[0].text(), "a factor 2 too much"));
  const Diagnosis left_out = diagnose(loss, {{"w", w}}, {(right / x).eval()})[0];
  CHECK(contains(left_out.text(), "the factor x left out"));
  CHECK(left_out.alternatives.empty());
  CHECK(contains(compare(loss, {{"w", w}}, {.manual = {(2.0 * right).eval()}}).parameters[0].diagnosis,
                 "a factor 2 too much"));
}

namespace {

/// a, and nothing of b: it has no derivative by b.
class First final : public xg::Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "first"; }
  [[nodiscard]] xg::Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  [[nodiscard]] std::vector<Tensor> vjp(const xg::Call& /*call*/, const Tensor& cotangent) const override {
    return {cotangent, {}};
  }
  void evaluate(std::span<const xg::ConstArray> inputs, const xg::Array& output) const override {
    std::copy_n(inputs[0].as<double>(), output.shape.size(), output.as<double>());
  }
};

}  // namespace

TEST_CASE("diagnose: an operation may have no derivative by one of its inputs") {
  const xg::Parameter a{xg::tensor({0.5, -0.25, 0.75}, float64), "a"};
  const xg::Parameter b{xg::tensor({1, 2, 3}, float64), "b"};
  const auto loss = [&] {
    return xg::sum(xg::sin(xg::apply(std::make_shared<const First>(), {a.value(), b.value()})));
  };
  const Tensor right = xg::cos(a.value()).eval();
  const auto found = [&](const Tensor& da, const Tensor& db) {
    return diagnose(loss, {{"a", a}, {"b", b}}, {da.eval(), db.eval()});
  };
  CHECK(found(right, xg::zeros({3}, float64))[1].verdict == Verdict::right);
  const std::vector<Diagnosis> wrong = found(2.0 * right, xg::ones({3}, float64));
  CHECK(contains(wrong[0].text(), "a factor 2 too much"));
  CHECK(wrong[1].text() == "b: your ∂Loss/∂b isn't zero, but the loss doesn't depend on it");
}

TEST_CASE("diagnose: terms must fit something, and are tried with a factor") {
  xg::Random random{7};
  const xg::Parameter w{random.normal({5}, 0, 1, float64), "w"};
  const Tensor v = random.normal({5}, 0, 1, float64).eval();
  const auto loss = [&] { return xg::sum(xg::sin(w.value())); };
  const Tensor right = xg::cos(w.value()).eval();
  const auto message = [&](const std::vector<NamedTensor>& terms) {
    return message_of<xg::ValueError>([&] { return diagnose(loss, {{"w", w}}, {right}, {.terms = terms}); });
  };
  CHECK(contains(message({{"v", Tensor{}}}), "[diagnose] the term 'v' is undefined"));
  CHECK(contains(message({{"", v}}), "[diagnose] the term '' has no name"));
  CHECK(contains(message({{"v", xg::ones({4}, float64)}}), "the term 'v' is float64 (4,): nothing that is compared"));
  CHECK(contains(message({{"v", xg::ones({5})}}), "the term 'v' is float32 (5,): nothing that is compared"));
  CHECK(contains(message_of<xg::ValueError>([&] {
                   return compare(loss, {{"w", w}}, {.manual = {right}, .terms = {{"v", xg::ones({4}, float64)}}});
                 }),
                 "[compare] the term 'v' is float64 (4,)"));
  const auto report = compare(loss, {{"w", w}}, {.manual = {(right + 0.9 * v).eval()}, .terms = {{"v", v}}});
  CHECK(contains(report.parameters[0].diagnosis, "the term 0.9 v added in ∂Loss/∂w"));
}

TEST_CASE("diagnose: a sign or a factor isn't called a weight after its update") {
  xg::Random random{9};
  const xg::Parameter p{random.normal({7, 3}, 0, 1, float64), "p"};
  const xg::Parameter q{random.normal({7, 3}, 0, 1, float64), "q"};
  const auto loss = [&] { return 0.5 * xg::sum(xg::square(p.value() - q.value())); };
  const Tensor right = (p.value() - q.value()).eval();
  for (const double factor : {-1.0, 2.0, 0.5, 7.0, 0.0}) {
    const auto found = diagnose(loss, {{"p", p}, {"q", q}}, {(factor * right).eval(), (-right).eval()});
    CAPTURE(found[0].text());
    CHECK_FALSE(contains(found[0].text(), "after its update"));
    CHECK_FALSE(found[0].mistakes.empty());
    CHECK(found[1].verdict == Verdict::right);
  }
}

TEST_CASE("diagnose: a sum over another axis, in three dimensions too, and which of two equal factors") {
  xg::Random random{10};
  const xg::Parameter S{random.normal({2, 5, 5}, 0, 1, float64), "S"};
  const Tensor G = random.normal({2, 5, 5}, 0, 1, float64).eval().named("G");
  const auto loss = [&] { return xg::sum(xg::softmax(S.value(), -1) * G); };
  const Tensor A = xg::softmax(S.value(), -1).eval();
  const auto text_of = [&](const Tensor& manual) { return diagnose(loss, {{"S", S}}, {manual.eval()})[0].text(); };
  REQUIRE(diagnose(loss, {{"S", S}}, {(A * (G - xg::sum(A * G, 2, true))).eval()})[0].verdict == Verdict::right);
  CHECK(contains(text_of(A * (G - xg::sum(A * G, 1, true))), "in place of Σ₂"));
  const std::string inner = text_of(A * (G - xg::sum(G, 2, true)));
  const std::string outer = text_of(G - xg::sum(A * G, 2, true));
  CHECK(contains(inner, "left out"));
  CHECK(contains(outer, "left out"));
  CHECK(inner != outer);
}
