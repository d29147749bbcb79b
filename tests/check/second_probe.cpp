// Manual gradients as a function: asked for at a second point too.
#include <doctest/doctest.h>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/report_rows.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::matmul;
using xg::Tensor;
using xg::check::compare;
using xg::check::Report;
using xg::check::Verdict;
using namespace xgrad::test;

TEST_CASE("compare: a second probe tells apart what the first can't") {
  // With b = 0, x and x + b are the same.
  const xg::Parameter w{xg::tensor({0.5, -0.25, 0.75}, float64), "w"};
  const xg::Parameter b{xg::zeros({3}, float64), "b"};
  const Tensor x = xg::tensor({{1, 2, 3}, {0.5, -1, 2}}, float64).named("x");
  const auto loss = [&] {
    const Tensor u = (x + b.value()).named("u");
    return 0.5 * xg::sum(xg::square(u * w.value()));
  };
  const auto by_hand = [&] {
    const Tensor u = x + b.value();
    const Tensor dw = xg::sum(x * u * w.value(), 0);  // u² w is right
    return std::vector<Tensor>{dw, xg::sum(u, 0) * xg::square(w.value())};
  };
  const xg::Tensor before = w.value();
  // As values they are right, as far as these values can tell.
  CHECK(compare(loss, {{"w", w}, {"b", b}}, {.manual = by_hand()}).verdict() == Verdict::right);
  const Report report = compare(loss, {{"w", w}, {"b", b}}, {.manual_function = by_hand});
  CAPTURE(report.text());
  CHECK(row_of(report, "w").verdict == Verdict::wrong);
  CHECK(contains(row_of(report, "w").reason, "at other values of the parameters"));
  CHECK(contains(row_of(report, "w").diagnosis, "u ⊙ x in place of u²"));
  CHECK(row_of(report, "b").verdict == Verdict::right);
  // The parameters have their values back, and graphs built on them before still depend on them.
  CHECK(w.value().to_vector<double>() == std::vector<double>{0.5, -0.25, 0.75});
  CHECK(xg::sum(xg::gradients(xg::sum(before), {w.value()})[0]).item() == 3);
}

TEST_CASE("compare: a second probe leaves one of several explanations") {
  xg::Random random{1};
  const xg::Parameter r{random.normal({5}, 0, 1, float64), "r"};
  const xg::Parameter p{xg::tensor({2, 3, 4, 5, 7}, float64), "p"};
  const xg::Parameter q{xg::tensor({2, 3, 4, 5, 7}, float64), "q"};
  const auto loss = [&] { return xg::sum(r.value() * p.value() * q.value()); };
  const std::vector<xg::NamedParameter> parameters{{"r", r}, {"p", p}, {"q", q}};
  for (const bool left_out_p : {true, false}) {
    const auto by_hand = [&] {
      return std::vector<Tensor>{left_out_p ? q.value() : p.value(), r.value() * q.value(), r.value() * p.value()};
    };
    const std::string expected = left_out_p ? "the factor p left out" : "the factor q left out";
    const Report once = compare(loss, parameters, {.manual = by_hand()});
    CHECK(contains(row_of(once, "r").diagnosis, "the data can't tell that from"));
    const Report twice = compare(loss, parameters, {.manual_function = by_hand});
    CAPTURE(twice.text());
    CHECK(contains(row_of(twice, "r").diagnosis, expected));
    CHECK_FALSE(contains(row_of(twice, "r").diagnosis, "can't tell"));
  }
  // A loss that isn't defined at other values is compared at its own.
  const xg::Parameter positive{xg::tensor({1, 2, 3}, float64), "positive"};
  const auto logarithm = [&] { return xg::sum(xg::log(positive.value())); };
  const auto right = [&] { return std::vector<Tensor>{1.0 / positive.value()}; };
  CHECK(compare(logarithm, {{"positive", positive}}, {.manual_function = right}).verdict() == Verdict::right);
  const auto refusing = [&] {
    if (positive.value().to_vector<double>() != std::vector<double>{1, 2, 3}) {
      throw xg::ValueError("only there");
    }
    return right();
  };
  CHECK(compare(logarithm, {{"positive", positive}}, {.manual_function = refusing}).verdict() == Verdict::right);
  const auto without_words = [&] {
    if (positive.value().to_vector<double>() != std::vector<double>{1, 2, 3}) {
      throw 42;  // NOLINT: that is the case
    }
    return right();
  };
  CHECK(compare(logarithm, {{"positive", positive}}, {.manual_function = without_words}).verdict() == Verdict::right);
  CHECK(positive.value().to_vector<double>() == std::vector<double>{1, 2, 3});
}

TEST_CASE("compare: an explanation must hold at the second point too") {
  // Here the factor g is 2 everywhere, and only here.
  xg::Random random{8};
  const xg::Parameter w{random.normal({5}, 0, 1, float64), "w"};
  const xg::Parameter g{xg::full({5}, 2, float64), "g"};
  const Tensor x = random.normal({7, 5}, 0, 1, float64).eval().named("x");
  const auto loss = [&] { return xg::sum(xg::sin(x * w.value()) * g.value()); };
  const auto by_hand = [&] {
    const Tensor slope = xg::cos(x * w.value());
    return std::vector<Tensor>{xg::sum(x * slope * xg::square(g.value()), 0), xg::sum(xg::sin(x * w.value()), 0)};
  };
  const std::vector<xg::NamedParameter> parameters{{"w", w}, {"g", g}};
  CHECK(contains(compare(loss, parameters, {.manual = by_hand()}).parameters[0].diagnosis, "a factor 2 too much"));
  const std::string twice = compare(loss, parameters, {.manual_function = by_hand}).parameters[0].diagnosis;
  CHECK_FALSE(contains(twice, "a factor 2 too much"));
  CHECK(contains(twice, "no single edit"));
  // Many equal factors: the one that was left out is among those that the first point leaves, and alone after the
  // second.
  std::vector<xg::Parameter> factors;
  for (const char* name : {"p1", "p2", "p3", "p4", "p5"}) {
    factors.emplace_back(xg::tensor({2, 3, 4, 5, 7}, float64), name);
  }
  const xg::Parameter r{random.normal({5}, 0, 1, float64), "r"};
  const auto product = [&](std::size_t without) {
    Tensor total;
    for (std::size_t i = 0; i < factors.size(); ++i) {
      if (i != without) {
        total = total.defined() ? total * factors[i].value() : factors[i].value();
      }
    }
    return total;
  };
  const auto of_factors = [&] { return xg::sum(r.value() * product(factors.size())); };
  for (const std::size_t without : {std::size_t{0}, std::size_t{4}}) {
    const auto forgotten = [&] { return std::vector<Tensor>{product(without)}; };
    const auto report = compare(of_factors, {{"r", r}}, {.manual_function = forgotten});
    // Only r was moved: the factors are still equal.
    CHECK(contains(report.parameters[0].diagnosis, "the data can't tell that from"));
    std::vector<xg::NamedParameter> all{{"r", r}};
    for (const xg::Parameter& factor : factors) {
      all.push_back({factor.name(), factor});
    }
    const auto of_all = [&] {
      std::vector<Tensor> manual{product(without)};
      for (std::size_t i = 0; i < factors.size(); ++i) {
        manual.push_back(r.value() * product(i));
      }
      return manual;
    };
    const std::string words = compare(of_factors, all, {.manual_function = of_all}).parameters[0].diagnosis;
    CHECK(contains(words, "the factor " + factors[without].name() + " left out"));
    INFO(words);
    CHECK_FALSE(contains(words, "can't tell"));
  }
}

TEST_CASE("compare: the second probe can be left out where random values don't do") {
  const xg::Parameter A{xg::tensor({{2, 1}, {1, 3}}, float64), "A"};  // symmetric
  const xg::Parameter v{xg::tensor({1, -2}, float64), "v"};
  const auto loss = [&] { return xg::dot(v.value(), matmul(A.value(), v.value())); };
  const auto by_hand = [&] {
    return std::vector<Tensor>{xg::outer(v.value(), v.value()), 2.0 * matmul(A.value(), v.value())};
  };
  const std::vector<xg::NamedParameter> parameters{{"A", A}, {"v", v}};
  const auto twice = compare(loss, parameters, {.manual_function = by_hand});
  CHECK(twice.parameters[1].verdict == Verdict::wrong);
  CHECK(contains(twice.parameters[1].reason, "at other values of the parameters"));
  CHECK(compare(loss, parameters, {.manual_function = by_hand, .second_probe = false}).verdict() == Verdict::right);
}

TEST_CASE("diagnose: an operation may refuse other values with any exception, and mistakes are found at its own") {
  /// x, where it is one of these; elsewhere it throws.
  class Particular final : public xg::ElementwiseOperation {
   public:
    explicit Particular(bool with_words) : with_words_{with_words} {}
    [[nodiscard]] std::string_view name() const noexcept override { return "particular"; }
    [[nodiscard]] std::vector<xg::Attribute> attributes() const override { return {{"with_words", with_words_}}; }
    [[nodiscard]] Tensor times_partial(const xg::Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
      return t;
    }
    [[nodiscard]] xg::TileKernel tile(std::span<const xg::DType> /*inputs*/, xg::DType /*output*/) const override {
      return xg::tile_of<Particular, double, double>();
    }
    [[nodiscard]] double value(double x) const {
      if (x != 1 && x != 2 && x != 3) {
        if (with_words_) {
          throw std::domain_error("only 1, 2 and 3");
        }
        throw 42;  // NOLINT: that is the case
      }
      return x;
    }

   private:
    bool with_words_;
  };
  for (const bool with_words : {true, false}) {
    CAPTURE(with_words);
    const xg::Parameter w{xg::tensor({1, 2, 3}, float64), "w"};
    const xg::Parameter v{xg::tensor({0.5, 0.25, -1}, float64), "v"};
    const auto operation = std::make_shared<const Particular>(with_words);
    const auto loss = [&] { return xg::sum(xg::apply(operation, {w.value()}) * xg::square(v.value())); };
    const auto manual = [&] {
      return std::vector<Tensor>{v.value(), 2.0 * v.value() * w.value()};  // v² is right
    };
    const auto said = xg::check::diagnose(loss, {{"w", w}, {"v", v}}, manual());
    CHECK(said[0].verdict == Verdict::wrong);
    CHECK(contains(said[0].text(), "v in place of v²"));
    CHECK(said[1].verdict == Verdict::right);
  }
}

TEST_CASE("compare: a function that doesn't look at the values is taken for values") {
  const xg::Parameter w{xg::tensor({0.5, -0.25, 0.75}, float64), "w"};
  const auto loss = [&] { return xg::sum(xg::exp(w.value())); };
  const Tensor right = xg::exp(w.value()).eval();
  const auto same = [&] { return std::vector<Tensor>{right}; };
  const auto report = compare(loss, {{"w", w}}, {.manual_function = same});
  CHECK(report.verdict() == Verdict::right);
  CHECK(contains(report.manual_source, "gives the same at other values of the parameters: taken for values"));
  const auto wrong = [&] { return std::vector<Tensor>{(2.0 * right).eval()}; };
  CHECK(contains(compare(loss, {{"w", w}}, {.manual_function = wrong}).parameters[0].diagnosis, "a factor 2 too much"));
  // A gradient may well be the same everywhere.
  const auto linear = [&] { return xg::sum(3.0 * w.value()); };
  const auto threes = [] { return std::vector<Tensor>{xg::full({3}, 3, float64)}; };
  CHECK(compare(linear, {{"w", w}}, {.manual_function = threes}).manual_source == "given");
}
