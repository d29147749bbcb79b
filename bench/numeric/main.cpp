#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "../support/suite.hpp"

/// What differences cost beside the derived gradient: every entry of every parameter of a small network in float64.
namespace bench::numeric {

namespace {

struct Problem {
  explicit Problem(std::int64_t hidden) {
    net.add(xgrad::nn::Dense{normal({hidden, 8}), normal({hidden})});
    net.add(xgrad::nn::Sigmoid{});
    net.add(xgrad::nn::Dense{normal({4, hidden}), normal({4})});
    net.add(xgrad::nn::Sigmoid{});
    x = normal({5, 8});
    y = xgrad::sigmoid(normal({5, 4})).eval();
  }

  [[nodiscard]] xgrad::Tensor loss() const { return xgrad::nn::QuadraticLoss{}(net(x), y); }
  [[nodiscard]] std::vector<xgrad::Tensor> automatic() const {
    return xgrad::value_and_gradients(loss(), net.parameters()).gradients;
  }
  [[nodiscard]] std::vector<xgrad::check::NumericGradient> numeric() const {
    return xgrad::check::numeric_gradient([this] { return loss(); }, net.parameters());
  }

  xgrad::nn::Sequential net;
  xgrad::Tensor x;
  xgrad::Tensor y;

 private:
  xgrad::Tensor normal(const xgrad::Shape& shape) { return random_.normal(shape, 0, 1, xgrad::float64); }

  xgrad::Random random_{1};
};

// Each is the other's reference: they share no formula.
std::string check(const Problem& problem) {
  const auto automatic = problem.automatic();
  const auto numeric = problem.numeric();
  for (std::size_t p = 0; p < automatic.size(); ++p) {
    if (!numeric[p].exhaustive) {
      return numeric[p].name + " has entries that aren't differenced";
    }
    const auto values = automatic[p].data<double>();
    for (const auto& entry : numeric[p].entries) {
      if (!(std::abs(entry.value - values[static_cast<std::size_t>(entry.index)]) <= 1e-9)) {
        return numeric[p].name + ": automatic and numeric gradient differ";
      }
    }
  }
  return {};
}

void register_problem(std::int64_t hidden) {
  const auto problem = std::make_shared<const Problem>(hidden);
  const std::string name = "numeric/8-" + std::to_string(hidden) + "-4/5/";
  add(
      name + "automatic", [=] { return check(*problem); },
      [=](benchmark::State& state) {
        for (auto _ : state) {
          benchmark::DoNotOptimize(problem->automatic());
        }
      });
  add(
      name + "numeric", [=] { return check(*problem); },
      [=](benchmark::State& state) {
        for (auto _ : state) {
          benchmark::DoNotOptimize(problem->numeric());
        }
      });
}

}  // namespace

}  // namespace bench::numeric

int main(int argc, char** argv) {
  bench::numeric::register_problem(3);
  bench::numeric::register_problem(16);
  return bench::run(argc, argv);
}
