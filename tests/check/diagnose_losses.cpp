// With any loss, a mistake in its own BP1 and in BP2 is found in the terms of the formulas.
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/all_losses.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;
using xg::float64;
using xg::Tensor;

namespace {

enum class Mistake : std::uint8_t { none, no_slope_in_bp1, no_slope_in_bp2, factor };

struct Network {
  nn::Dense first, second;
  Tensor x = xg::tensor({0.4, -1.3}, float64).eval();

  explicit Network(std::int64_t outputs, xg::Random random = xg::Random{12})
      : first{2, 3, random, options()}, second{3, outputs, random, options()} {}
  static nn::DenseOptions options() { return {.dtype = float64, .bias = nn::init::standard_normal}; }

  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const {
    return {{"W1", first.W}, {"b1", first.b}, {"W2", second.W}, {"b2", second.b}};
  }
  [[nodiscard]] Tensor output() const { return xg::sigmoid(second(xg::sigmoid(first(x)))); }

  // The backward pass by hand; of the loss alone the derivative is taken.
  [[nodiscard]] std::vector<Tensor> backward(const all_losses::Case& loss, Mistake mistake) const {
    const Tensor a1 = xg::sigmoid(first(x)).detach();
    const Tensor a2 = xg::variable(output());
    const Tensor outer_slope = xg::gradients(loss.loss(a2), {a2})[0].detach();
    const Tensor s1 = a1 * (1.0 - a1);
    const Tensor s2 = a2.detach() * (1.0 - a2.detach());
    const double factor = mistake == Mistake::factor ? 3 : 1;
    const Tensor d2 = mistake == Mistake::no_slope_in_bp1 ? outer_slope : factor * outer_slope * s2;
    const Tensor back = xg::matmul(xg::transpose(second.W.value()), d2);
    const Tensor d1 = mistake == Mistake::no_slope_in_bp2 ? back : back * s1;
    std::vector<Tensor> gradients{xg::outer(d1, x), d1, xg::outer(d2, a1), d2};
    for (Tensor& gradient : gradients) {
      gradient = gradient.detach();
    }
    return gradients;
  }
};

}  // namespace

TEST_CASE("diagnose: with every loss, σ′ that is missing in BP1 or in BP2, and a factor") {
  for (const all_losses::Case& each : all_losses::cases()) {
    CAPTURE(each.name);
    const Network net{each.size};
    const auto loss = [&] { return each.loss(net.output()); };
    const auto report_of = [&](Mistake mistake) {
      return xg::check::compare(loss, net.parameters(), {.manual = net.backward(each, mistake), .second_probe = false});
    };
    const xg::check::Report right = report_of(Mistake::none);
    CHECK_MESSAGE(right.verdict() == xg::check::Verdict::right, right);
    const xg::check::Report first = report_of(Mistake::no_slope_in_bp1);
    CAPTURE(first);
    CHECK(first.verdict() == xg::check::Verdict::wrong);
    CHECK(contains(first.parameters[3].diagnosis, "the factor σ′(z²) left out in δ²"));
    const xg::check::Report second = report_of(Mistake::no_slope_in_bp2);
    CAPTURE(second);
    CHECK(second.parameters[3].verdict == xg::check::Verdict::right);
    CHECK(contains(second.parameters[1].diagnosis, "the factor σ′(z¹) left out in δ¹"));
    CHECK(contains(second.first_divergence, "δ¹ = (W²ᵀ δ²) ⊙ σ′(z¹)"));
    const xg::check::Report factor = report_of(Mistake::factor);
    CAPTURE(factor);
    CHECK(contains(factor.parameters[3].diagnosis, "a factor 3 too much in "));
  }
}
