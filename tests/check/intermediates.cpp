// Gradients of tensors on the way: rows, verdicts, and the formula that diverges first.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/report_rows.hpp"
#include "support/sigmoid_layer.hpp"

namespace xg = xgrad;
using xg::float32;
using xg::float64;
using xg::matmul;
using xg::NamedTensor;
using xg::Tensor;
using xg::transpose;
using xg::check::compare;
using xg::check::ParameterReport;
using xg::check::Report;
using xg::check::Verdict;
using namespace xgrad::test;

namespace {

/// The names of all rows, in the order in which the text has them.
Names text_order(const Report& report, Names names) {
  const std::string text = report.text();
  const auto place = [&text](const std::string& name) { return text.find("\n" + name + " "); };
  std::sort(names.begin(), names.end(),
            [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
  return names;
}

/// Two layers and a way around the second: h = a + σ(V a), a = σ(U x), Loss = ½ Σ (h − y)²; and its backward pass by
/// hand, formula by formula.
struct Residual {
  explicit Residual(xg::DType dtype = float64, std::uint64_t seed = 3) {
    xg::Random random{seed};
    U = xg::Parameter{random.normal({4, 3}, 0, 1, dtype), "U"};
    V = xg::Parameter{random.normal({4, 4}, 0, 1, dtype), "V"};
    x = random.normal({7, 3}, 0, 1, dtype).eval().named("x");
    y = random.uniform({7, 4}, 0, 1, dtype).eval().named("y");
  }

  [[nodiscard]] Tensor loss() const {
    const Tensor u = matmul(x, transpose(U.value())).named("u");
    const Tensor a = xg::sigmoid(u).named("a");
    const Tensor v = matmul(a, transpose(V.value())).named("v");
    const Tensor h = (a + xg::sigmoid(v)).named("h");
    return 0.5 * xg::sum(xg::square(h - y));
  }

  struct Gradients {
    Tensor U, V, u, a, v, h;
    [[nodiscard]] std::vector<Tensor> of_parameters() const { return {U, V}; }
    [[nodiscard]] std::vector<NamedTensor> of_tensors() const { return {{"u", u}, {"a", a}, {"v", v}, {"h", h}}; }
  };

  [[nodiscard]] Gradients by_hand(const std::string& mistake = "") const {
    const auto slope = [](const Tensor& s) { return s * (1.0 - s); };
    const Tensor a = xg::sigmoid(matmul(x, transpose(U.value())));
    const Tensor s = xg::sigmoid(matmul(a, transpose(V.value())));
    Gradients g;
    g.h = a + s - y;
    if (mistake == "h") {
      g.h = 2.0 * g.h;
    }
    g.v = g.h * slope(s);
    if (mistake == "v") {
      g.v = g.h * s;
    }
    g.V = matmul(transpose(g.v), a);
    if (mistake == "V") {
      g.V = transpose(g.V);
    }
    g.a = g.h + matmul(g.v, V.value());
    if (mistake == "a") {
      g.a = matmul(g.v, V.value());
    }
    g.u = g.a * slope(a);
    g.U = matmul(transpose(g.u), x);
    if (mistake == "U") {
      g.U = g.U * 0.5;
    }
    return g;
  }

  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const { return {{"U", U}, {"V", V}}; }

  xg::Parameter U, V;
  Tensor x, y;
};

}  // namespace

TEST_CASE("compare: every named tensor on request, in the order of the backward pass") {
  const Residual net;
  const auto loss = [&] { return net.loss(); };
  const Report report = compare(loss, net.parameters(), {.intermediates = true});
  CHECK(names_of(report.tensors) == Names{"h", "v", "a", "u"});
  CHECK(names_of(report.parameters) == Names{"U", "V"});
  CHECK(text_order(report, {"U", "V", "a", "h", "u", "v"}) == Names{"h", "v", "V", "a", "u", "U"});
  CHECK(report.verdict() == Verdict::right);
  CHECK(report.first_divergence.empty());
  // Differences in a tensor on the way are those of the loss from there on, which is written out here.
  const Residual::Gradients by_hand = net.by_hand();
  for (const NamedTensor& expected : by_hand.of_tensors()) {
    const ParameterReport& row = row_of(report, expected.name);
    CAPTURE(expected.name);
    CHECK(row.shape == expected.tensor.shape());
    CHECK(row.checked == expected.tensor.shape().size());
    const double value = expected.tensor.at({row.index[0], row.index[1]}).item();
    CHECK(row.automatic == doctest::Approx(value).epsilon(1e-12));
    CHECK(row.numerical == doctest::Approx(value).epsilon(1e-8));
    CHECK(std::isnan(row.manual));
    CHECK(row.verdict == Verdict::right);
  }
}

TEST_CASE("compare: a mistake is named where it is made, and what follows from it isn't blamed") {
  struct Case {
    std::string mistake;
    std::string divergence;  // how the first that is wrong begins
    std::string words;       // of the diagnosis
    Names wrong, following;
  };
  const std::vector<Case> cases{
      {"h", "δ_h = h − y", "a factor 2 too much in δ_h", {"h", "v", "V", "a", "u", "U"}, {"v", "V", "a", "u", "U"}},
      {"v", "δ_v = δ_h ⊙ σ′(v)", "σ(v) in place of σ′(v) in δ_v", {"v", "V", "a", "u", "U"}, {"V", "a", "u", "U"}},
      {"V", "∂Loss/∂V = δ_vᵀ a", "aᵀ δ_v in place of δ_vᵀ a", {"V"}, {}},
      {"a", "δ_a = δ_h + δ_v V", "the summand δ_h left out in δ_a", {"a", "u", "U"}, {"u", "U"}},
      {"U", "∂Loss/∂U = δ_uᵀ x", "a factor ½ too much in ∂Loss/∂U", {"U"}, {}},
  };
  for (const xg::DType dtype : {float64, float32}) {
    const Residual net{dtype};
    const auto loss = [&] { return net.loss(); };
    for (const Case& each : cases) {
      const Residual::Gradients wrong = net.by_hand(each.mistake);
      const Report report =
          compare(loss, net.parameters(), {.manual = wrong.of_parameters(), .manual_of = wrong.of_tensors()});
      INFO(each.mistake, "\n", report.text());
      CHECK(report.verdict() == Verdict::wrong);
      CHECK(report.first_divergence == each.divergence);
      CHECK(contains(report.text(), "first divergence: " + each.divergence + "\n"));
      CHECK(contains(row_of(report, each.mistake).diagnosis, each.words));
      for (const std::string name : {"h", "v", "V", "a", "u", "U"}) {
        CAPTURE(name);
        const ParameterReport& row = row_of(report, name);
        const auto is_in = [&name](const Names& names) {
          return std::find(names.begin(), names.end(), name) != names.end();
        };
        CHECK((row.verdict == Verdict::wrong) == is_in(each.wrong));
        CHECK(contains(row.diagnosis, "is what its formula gives with your") == is_in(each.following));
      }
    }
    const Residual::Gradients right = net.by_hand();
    CHECK(
        compare(loss, net.parameters(), {.manual = right.of_parameters(), .manual_of = right.of_tensors()}).verdict() ==
        Verdict::right);
  }
}

TEST_CASE("compare: without gradients on the way, the first divergence is what is found, or all that it may be") {
  const Residual net;
  const auto loss = [&] { return net.loss(); };
  const Report named = compare(loss, net.parameters(), {.manual = net.by_hand("a").of_parameters()});
  CHECK(named.first_divergence == "δ_a = δ_h + δ_v V");
  // Noise: V is right, so h and v are; a and u may be wrong.
  xg::Random random{1};
  const Tensor noise = random.normal({4, 3}, 0, 1, float64).eval();
  const Report unknown = compare(loss, net.parameters(), {.manual = {noise, net.by_hand().V}});
  CHECK(unknown.first_divergence == "δ_a = δ_h + δ_v V, or δ_u = δ_a ⊙ σ′(u), or ∂Loss/∂U = δ_uᵀ x");
  CHECK(contains(row_of(unknown, "U").diagnosis, "no single edit"));
  // Not searched for, not said.
  CHECK(compare(loss, net.parameters(), {.manual = {noise, Tensor{}}, .diagnose = false}).first_divergence.empty());
}

TEST_CASE("compare: layers' results have the field's names, and numbers can be typed") {
  xg::Random random{1};
  const xg::nn::Dense first{4, 5, random, {.dtype = float64}};
  const xg::nn::Dense second{5, 3, random, {.dtype = float64}};
  const Tensor x = random.normal({7, 4}, 0, 1, float64).eval();
  const Tensor y = random.uniform({7, 3}, 0, 1, float64).eval();
  const auto loss = [&] { return xg::nn::QuadraticLoss{}(xg::sigmoid(second(xg::tanh(first(x)))), y); };
  const std::vector<xg::NamedParameter> parameters{
      {"W1", first.W}, {"b1", first.b}, {"W2", second.W}, {"b2", second.b}};
  const Report report = compare(loss, parameters, {.intermediates = true});
  CHECK(names_of(report.tensors) == Names{"a²", "z²", "a¹", "z¹"});
  CHECK(text_order(report, {"W1", "W2", "b1", "b2", "a²", "z²", "a¹", "z¹"}) ==
        Names{"a²", "z²", "b2", "W2", "a¹", "z¹", "b1", "W1"});
  CHECK(report.verdict() == Verdict::right);

  // δ² by BP1, with the mean over the samples.
  const Tensor a1 = xg::tanh(matmul(x, transpose(first.W.value())) + first.b.value());
  const Tensor a2 = xg::sigmoid(matmul(a1, transpose(second.W.value())) + second.b.value());
  const Tensor delta = (a2 - y) * a2 * (1.0 - a2) / 7.0;
  for (const char* name : {"z²", "z2"}) {
    const Report typed = compare(loss, parameters, {.manual_of = {{name, delta}}});
    CHECK(names_of(typed.tensors) == Names{"z²"});
    CHECK(typed.tensors[0].manual_automatic.verdict == Verdict::right);
  }
  // Of data too, which intermediates leaves out.
  const Tensor dx = matmul(matmul(delta, second.W.value()) * (1.0 - xg::square(a1)), first.W.value());
  const Report of_data = compare(loss, parameters, {.manual_of = {{"x", dx}}});
  CHECK(row_of(of_data, "x").verdict == Verdict::right);
  CHECK(compare(loss, parameters, {.manual_of = {{"x", 1.0001 * dx}}}).verdict() == Verdict::wrong);
}

TEST_CASE("compare: named tensors of rank zero, with broadcast, without elements, not finite") {
  const xg::Parameter w{xg::tensor({0.5, -0.25, 0.75}, float64), "w"};
  const Tensor x = xg::tensor({{1, 2, 3}, {0.5, -1, 2}}, float64).named("x");
  const auto loss = [&] {
    const Tensor scale = xg::exp(xg::sum(w.value())).named("scale");
    const Tensor row = xg::tanh(w.value()).named("row");
    return xg::sum(scale * xg::square(row * x)) + xg::sum((xg::slice(w.value(), {0, 0}) * 2.0).named("none"));
  };
  const Report report = compare(loss, {{"w", w}}, {.intermediates = true});
  CAPTURE(report.text());
  CHECK(names_of(report.tensors).size() == 3);
  CHECK(row_of(report, "scale").verdict == Verdict::right);
  CHECK(row_of(report, "row").verdict == Verdict::right);
  CHECK(row_of(report, "none").verdict == Verdict::inconclusive);
  CHECK(row_of(report, "none").checked == 0);
  // By hand: ∂/∂scale = Σ (row x)², ∂/∂row = 2 scale row Σ x².
  const Tensor row = xg::tanh(w.value());
  const Tensor dscale = xg::sum(xg::square(row * x));
  const Tensor drow = 2.0 * xg::exp(xg::sum(w.value())) * row * xg::sum(xg::square(x), 0);
  CHECK(compare(loss, {{"w", w}}, {.manual_of = {{"scale", dscale}, {"row", drow}}}).verdict() == Verdict::right);
  CHECK(row_of(compare(loss, {{"w", w}}, {.manual_of = {{"scale", 2.0 * dscale}}}), "scale").verdict == Verdict::wrong);
  const Tensor nans = xg::full({3}, std::numeric_limits<double>::quiet_NaN(), float64);
  const Report of_nans = compare(loss, {{"w", w}}, {.manual_of = {{"row", nans}}});
  CHECK(row_of(of_nans, "row").verdict == Verdict::wrong);
  CHECK(contains(row_of(of_nans, "row").diagnosis, "it isn't finite"));
}

TEST_CASE("compare: errors name what doesn't fit") {
  const Residual net;
  const auto loss = [&] { return net.loss(); };
  const auto message = [&](const std::vector<NamedTensor>& manual_of) {
    return message_of<xg::Error>([&] { return compare(loss, net.parameters(), {.manual_of = manual_of}); });
  };
  const Tensor right = xg::zeros({7, 4}, float64);
  CHECK(
      contains(message({{"q", right}}), "[compare] the loss isn't computed from a tensor called 'q'; it is from x, U"));
  CHECK(contains(message({{"h", xg::zeros({4, 7}, float64)}}),
                 "the manual gradient of h has shape (4, 7), expected (7, 4)"));
  CHECK(contains(message({{"h", xg::zeros({7, 4})}}), "the manual gradient of h is float32, expected float64"));
  CHECK(contains(message({{"h", right}, {"h", right}}), "'h' is the same tensor as h"));
  CHECK(contains(message({{"U", xg::zeros({4, 3}, float64)}}), "'U' is the same tensor as U"));
  CHECK(contains(message({{"h", Tensor{}}}), "the manual gradient of 'h' is undefined"));
  const auto with = [&](const xg::check::CompareOptions& options) {
    return message_of<xg::Error>([&] { return compare(loss, net.parameters(), options); });
  };
  const auto one = [&] { return std::vector<Tensor>{net.by_hand().U}; };
  CHECK(contains(with({.manual_function = one}), "1 manual gradients for 2 parameters"));
  CHECK(contains(with({.manual = net.by_hand().of_parameters(), .manual_function = one}),
                 "both manual and manual_function are given"));
}

TEST_CASE("compare: tensors on the way that are data's own leave each other and the graph alone") {
  xg::Random random{4};
  const xg::Parameter W{random.normal({4, 3}, 0, 1, float64), "W"};
  const Tensor x = random.normal({7, 3}, 0, 1, float64).eval().named("x");
  const auto loss = [&] {
    const Tensor d = (x * 2.0).named("d");
    const Tensor h = matmul(d, transpose(W.value())).named("h");
    return xg::sum(xg::square(h) * xg::sum(d));
  };
  const Tensor d = x * 2.0;
  const Tensor h = matmul(d, transpose(W.value()));
  const Tensor dh = 2.0 * h * xg::sum(d);
  const Tensor dd = matmul(dh, W.value()) + xg::sum(xg::square(h));
  const std::vector<std::vector<NamedTensor>> orders{{{"x", 2.0 * dd}, {"h", dh}, {"d", dd}},
                                                     {{"h", dh}, {"d", dd}, {"x", 2.0 * dd}},
                                                     {{"d", dd}, {"x", 2.0 * dd}, {"h", dh}}};
  for (const std::vector<NamedTensor>& manual_of : orders) {
    for (const bool intermediates : {false, true}) {
      const Report report = compare(loss, {{"W", W}}, {.manual_of = manual_of, .intermediates = intermediates});
      CAPTURE(report.text());
      CHECK(report.verdict() == Verdict::right);
    }
  }
  const Report wrong = compare(loss, {{"W", W}}, {.manual_of = {{"x", 4.0 * dd}, {"h", dh}}});
  CHECK(contains(row_of(wrong, "x").diagnosis, "a factor 2 too much in ∂Loss/∂x"));
  CHECK(wrong.first_divergence == "∂Loss/∂x = 2 (Σ h² + δ_h W)");
}

TEST_CASE("compare: tensors with equal gradients keep them apart") {
  xg::Random random{5};
  const xg::Parameter U{random.normal({4, 3}, 0, 1, float64), "U"};
  const xg::Parameter V{random.normal({4, 3}, 0, 1, float64), "V"};
  const Tensor x = random.normal({7, 3}, 0, 1, float64).eval().named("x");
  const auto loss = [&] {
    const Tensor a = matmul(x, transpose(U.value())).named("a");
    const Tensor b = matmul(x, transpose(V.value())).named("b");
    return 0.5 * xg::sum(xg::square((a + b).named("h")));
  };
  const Tensor right = matmul(x, transpose(U.value())) + matmul(x, transpose(V.value()));
  const auto report_of = [&](double of_h, double of_a, double of_b) {
    return compare(loss, {{"U", U}, {"V", V}},
                   {.manual_of = {{"h", of_h * right}, {"a", of_a * right}, {"b", of_b * right}}});
  };
  CHECK(report_of(1, 1, 1).verdict() == Verdict::right);
  const Report all = report_of(2, 2, 2);
  CHECK(all.first_divergence == "δ_h = h");
  CHECK(contains(row_of(all, "h").diagnosis, "a factor 2 too much in δ_h"));
  CHECK(contains(row_of(all, "a").diagnosis, "is what its formula gives with your ∂Loss/∂h"));
  CHECK(contains(row_of(all, "b").diagnosis, "is what its formula gives with your ∂Loss/∂h"));
  const Report one = report_of(2, 2, 1);
  CHECK(one.first_divergence == "δ_h = h");
  CHECK(contains(row_of(one, "a").diagnosis, "is what its formula gives with your ∂Loss/∂h"));
  CHECK(row_of(one, "b").verdict == Verdict::right);
  const Report of_a = report_of(1, -1, 1);
  CHECK(of_a.first_divergence == "δ_a = δ_h");
  CHECK(contains(row_of(of_a, "a").diagnosis, "the sign flipped in δ_a"));
}

TEST_CASE("compare: where one mistake may be in several formulas, all are named") {
  const SigmoidLayer layer{6};
  const xg::Parameter& W = layer.W;
  const auto loss = [&] { return layer.loss(); };
  const Tensor right = xg::gradients(loss(), {W.value()})[0].eval();
  const Report report = compare(loss, {{"W", W}}, {.manual = {(-right).eval()}});
  CHECK(report.first_divergence == "δ_a = a − y, or δ_z = δ_a ⊙ σ′(z), or ∂Loss/∂W = δ_zᵀ x");
  CHECK(contains(row_of(report, "W").diagnosis, "the sign flipped in δ_a (or, just the same, in δ_z or ∂Loss/∂W)"));
}

TEST_CASE("compare: differences stop where stop_gradient does") {
  const xg::Parameter w{xg::tensor({0.5, -0.25, 0.75}, float64), "w"};
  const auto loss = [&] {
    const Tensor h = xg::exp(w.value()).named("h");
    const Tensor s = xg::stop_gradient(h).named("s");
    return xg::sum(2.0 * s * h);
  };
  const Tensor h = xg::exp(w.value());
  const Report report = compare(loss, {{"w", w}}, {.manual_of = {{"h", 2.0 * h}}, .intermediates = true});
  CAPTURE(report.text());
  CHECK(row_of(report, "h").verdict == Verdict::right);
  CHECK(row_of(report, "h").numerical == doctest::Approx(row_of(report, "h").automatic).epsilon(1e-8));
}

TEST_CASE("compare: in float32 a gradient that is called right diverges from nothing") {
  const Residual net{float32};
  const auto loss = [&] { return net.loss(); };
  Residual::Gradients g = net.by_hand("U");
  g.h = g.h * 1.00005F;  // rounding, as far as float32 goes
  const Report report = compare(loss, net.parameters(), {.manual = g.of_parameters(), .manual_of = g.of_tensors()});
  CAPTURE(report.text());
  CHECK(row_of(report, "h").verdict == Verdict::right);
  CHECK(row_of(report, "U").verdict == Verdict::wrong);
  CHECK(report.first_divergence == "∂Loss/∂U = δ_uᵀ x");
}
