// Checks and diagnoses of gradients: parameters stay as they were.
#include <doctest/doctest.h>

#include "xgrad/xgrad.hpp"

#include "every_allocation.hpp"

namespace xg = xgrad;
using faults::around;
using faults::bits_of;
using faults::fail_every_allocation;

namespace {

constexpr std::int64_t most = 60;  // these take milliseconds each

struct Checked {
  xg::Random random{8};
  xg::nn::Dense layer{3, 2, random, {.dtype = xg::float64, .bias = xg::nn::init::standard_normal}};
  std::vector<xg::NamedParameter> parameters = xg::nn::parameters(layer);
  xg::Tensor x = random.normal({5, 3}, 0, 1, xg::float64).eval();
  xg::Tensor y = random.uniform({5, 2}, 0, 1, xg::float64).eval();
  std::string text;

  [[nodiscard]] xg::Tensor loss() const { return xg::nn::QuadraticLoss{}(xg::sigmoid(layer(x)), y); }
  /// With the mistake that σ′ is left out.
  [[nodiscard]] std::vector<xg::Tensor> wrong_gradients() const {
    const xg::Tensor delta = (xg::sigmoid(layer(x)) - y) / 5.0;
    return {xg::matmul(xg::transpose(delta), x).eval(), xg::sum(delta, {0}).eval()};
  }
};

template <class Act>
void fail_in_check(Act act) {
  fail_every_allocation(around<Checked>([act](Checked& checked) { checked.text = act(checked); },
                                        [](const Checked& checked) { return checked.text; },
                                        [](const Checked& checked) { return bits_of(checked.parameters); }),
                        most);
}

}  // namespace

TEST_CASE("memory runs out in a comparison with numerical gradients: parameters are as they were") {
  fail_in_check([](Checked& checked) {
    return xg::check::compare([&] { return checked.loss(); }, checked.parameters, {.intermediates = true}).json();
  });
}

TEST_CASE("memory runs out while the mistake in a manual gradient is searched for: parameters are as they were") {
  fail_in_check([](Checked& checked) {
    return xg::check::compare([&] { return checked.loss(); }, checked.parameters, {.manual = checked.wrong_gradients()})
        .text();
  });
}

TEST_CASE("memory runs out while the origin of a NaN is looked for") {
  fail_in_check([](Checked& checked) {
    const auto found = xg::check::trace_nonfinite(xg::sum(xg::log(checked.layer(checked.x))));
    return found ? found->text() : std::string{};
  });
}
