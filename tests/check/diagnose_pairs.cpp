// Two mistakes of the usual kinds in one gradient: any two of them, in one formula or in two.
#include <algorithm>
#include <doctest/doctest.h>
#include <functional>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/sanitizers.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::matmul;
using xg::Tensor;
using xg::transpose;

namespace {

constexpr std::int64_t batch = 7;

/// A backward pass of two sigmoid layers by hand, in the state that mistakes are made in.
struct Pass {
  Tensor x, y, W1, W2, z1, a1, z2, a2, velocity;
  Tensor error, slope2, slope1, W2_used;  // the factors of δ², δ¹ and ∂W¹
  double factor = 1;
  Tensor added;
  bool last_only = false;

  [[nodiscard]] Tensor dW1() const {
    const Tensor d2 = error * slope2 * (1.0 / static_cast<double>(batch));
    const Tensor d1 = matmul(d2, W2_used) * slope1;
    Tensor dW = matmul(transpose(d1), x);
    if (last_only) {
      dW = matmul(transpose(xg::slice(d1, {batch - 1, batch}, 0)), xg::slice(x, {batch - 1, batch}, 0));
    }
    dW = factor * dW;
    return (added.defined() ? dW + added : dW).eval();
  }
};

struct Kind {
  const char* name;
  int place;  // two at one place can't be made both
  std::function<void(Pass&)> make;
  std::vector<std::string> words;  // any of these
};

Tensor slope(const Tensor& a) {
  return a * (1.0 - a);
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"target forgotten", 1, [](Pass& p) { p.error = p.a2; }, {"the summand −y left out", "the summand y left out"}},
      {"output before the activation", 1, [](Pass& p) { p.error = p.z2 - p.y; }, {"z² in place of a²"}},
      {"no slope at the output",
       2,
       [](Pass& p) { p.slope2 = xg::ones(p.z2.shape(), float64); },
       {"the factor σ′(z²) left out"}},
      {"slope at the activation, output",
       2,
       [](Pass& p) { p.slope2 = slope(xg::sigmoid(p.a2)); },
       {"σ′(a²) in place of σ′(z²)", "σ′(σ(z²)) in place of σ′(z²)"}},
      {"activation for slope, output", 2, [](Pass& p) { p.slope2 = p.a2; }, {"a² in place of σ′(z²)"}},
      {"no slope", 3, [](Pass& p) { p.slope1 = xg::ones(p.z1.shape(), float64); }, {"the factor σ′(z¹) left out"}},
      {"activation for slope", 3, [](Pass& p) { p.slope1 = p.a1; }, {"a¹ in place of σ′(z¹)"}},
      {"tanh′ for σ′",
       3,
       [](Pass& p) { p.slope1 = 1.0 - xg::square(xg::tanh(p.z1)); },
       {"tanh′(z¹) in place of σ′(z¹)"}},
      {"updated weights",
       4,
       [](Pass& p) { p.W2_used = p.W2 - 0.3 * matmul(transpose(p.error * p.slope2), p.a1) / 7.0; },
       {"W² after its update in place of W²"}},
      {"last sample only", 5, [](Pass& p) { p.last_only = true; }, {"only the last sample taken"}},
      {"sign", 6, [](Pass& p) { p.factor = -1; }, {"sign"}},
      {"twice", 6, [](Pass& p) { p.factor = 2; }, {"a factor 2 too much"}},
      {"sum for mean",
       6,
       [](Pass& p) { p.factor = batch; },
       {"the number of samples", "the factor 1/7 left out", "the factor 1/7 left out"}},
      {"weight decay", 7, [](Pass& p) { p.added = 0.01 * p.W1; }, {"the term 0.01 W¹ (weight decay) added"}},
      {"momentum", 7, [](Pass& p) { p.added = 0.9 * p.velocity; }, {"the term 0.9 v added"}},
  };
  return all;
}

}  // namespace

TEST_CASE("diagnose: any two of the usual mistakes in one gradient") {
  xg::Random random{5};
  const xg::nn::Dense first{random.normal({5, 4}, 0, 1, float64), random.normal({5}, 0, 1, float64)};
  const xg::nn::Dense second{random.normal({3, 5}, 0, 1, float64), random.normal({3}, 0, 1, float64)};
  const Tensor x = random.normal({batch, 4}, 0, 1, float64).eval();
  const Tensor y = random.uniform({batch, 3}, 0, 1, float64).eval();
  const Tensor velocity = random.normal({5, 4}, 0, 1, float64).eval();
  const auto loss = [&] { return xg::nn::QuadraticLoss{}(xg::sigmoid(second(xg::sigmoid(first(x)))), y); };

  Pass right;
  right.x = x;
  right.y = y;
  right.velocity = velocity;
  right.W1 = first.W.value();
  right.W2 = right.W2_used = second.W.value();
  right.z1 = matmul(x, transpose(right.W1)) + first.b.value();
  right.a1 = xg::sigmoid(right.z1);
  right.z2 = matmul(right.a1, transpose(right.W2)) + second.b.value();
  right.a2 = xg::sigmoid(right.z2);
  right.error = right.a2 - y;
  right.slope2 = slope(right.a2);
  right.slope1 = slope(right.a1);
  const xg::check::DiagnoseOptions options{.terms = {{"v", velocity}}};
  const auto diagnosis_of = [&](const Pass& pass) {
    // Of W1 alone there is a manual gradient.
    return xg::check::diagnose(loss, {{"W1", first.W}, {"b1", first.b}, {"W2", second.W}, {"b2", second.b}},
                               {pass.dW1(), {}, {}, {}}, options)[0];
  };
  REQUIRE(diagnosis_of(right).verdict == xg::check::Verdict::right);

  const auto names = [](const xg::check::Diagnosis& found, const Kind& kind) {
    return std::any_of(kind.words.begin(), kind.words.end(),
                       [&](const std::string& words) { return contains(found.text(), words); });
  };
  std::size_t pairs = 0;
  std::size_t named = 0;
  const std::size_t stride = xgrad::test::sanitized ? 7 : 1;
  std::size_t number = 0;
  for (const Kind& one : kinds()) {
    Pass single = right;
    one.make(single);
    const xg::check::Diagnosis alone = diagnosis_of(single);
    INFO(std::string{one.name}, "\n", alone.text());
    CHECK(names(alone, one));
    for (const Kind& two : kinds()) {
      if (two.place <= one.place || number++ % stride != 0) {
        continue;
      }
      Pass both = right;
      one.make(both);
      two.make(both);
      const xg::check::Diagnosis found = diagnosis_of(both);
      ++pairs;
      CHECK(found.verdict == xg::check::Verdict::wrong);
      const bool are_named = names(found, one) && names(found, two);
      named += are_named ? 1 : 0;
      if (!are_named) {
        MESSAGE(std::string{one.name}, " and ", std::string{two.name}, "\n", found.text());
      }
    }
  }
  MESSAGE(named, " of ", pairs, " pairs named");
  // The target and the slope at the output both forgotten: a² in place of δ² is the same formula.
  CHECK(named + 1 >= pairs);
}
