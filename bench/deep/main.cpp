#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "../support/suite.hpp"

/// What formulas and checks of deep networks cost: h ← h + tanh(h Wᵀ) / n, n times, float64, 4 samples, 3 units.
/// `derive` reads the backward pass as formulas and writes them down; `compare` checks all gradients, where one in the
/// middle is wrong, and finds the mistake. Sizes are numbers of layers: time should grow as they do.
namespace bench::deep {

namespace {

using xgrad::Tensor;

struct Network {
  xgrad::Random random{1};
  Tensor x = random.normal({4, 3}, 0, 1, xgrad::float64).eval();
  std::vector<xgrad::NamedParameter> parameters;

  explicit Network(std::int64_t layers) {
    for (std::int64_t l = 0; l < layers; ++l) {
      const std::string name = "W" + std::to_string(l);
      parameters.push_back({name, xgrad::Parameter{random.normal({3, 3}, 0, 1, xgrad::float64), name}});
    }
  }

  [[nodiscard]] Tensor loss() const {
    const double share = 1 / static_cast<double>(parameters.size());
    Tensor h = x;
    for (const xgrad::NamedParameter& W : parameters) {
      h = h + share * xgrad::tanh(xgrad::matmul(h, xgrad::transpose(W.parameter)));
    }
    return xgrad::sum(xgrad::square(h));
  }

  /// With one gradient twice what it should be.
  [[nodiscard]] xgrad::check::Report compared() const {
    std::vector<Tensor> manual = xgrad::value_and_gradients(loss(), parameters).gradients;
    Tensor& wrong = manual[manual.size() / 2];
    wrong = (wrong * 2.0).eval();
    return xgrad::check::compare([this] { return loss(); }, parameters, {.manual = manual});
  }
};

std::string check() {
  const Network network{300};
  const auto report = network.compared();
  for (std::size_t l = 0; l < report.parameters.size(); ++l) {
    const bool wrong = report.parameters[l].verdict == xgrad::check::Verdict::wrong;
    if (wrong != (l == 150) || wrong == report.parameters[l].diagnosis.empty()) {
      return "the verdict on " + report.parameters[l].name + " is wrong";
    }
  }
  return "";
}

void run_derive(benchmark::State& state, std::int64_t layers) {
  const Network network{layers};
  for (auto _ : state) {
    const xgrad::Derivation derived = xgrad::derive(network.loss(), network.parameters);
    benchmark::DoNotOptimize(derived.text().size() + derived.latex().size());
  }
}

void run_compare(benchmark::State& state, std::int64_t layers) {
  const Network network{layers};
  for (auto _ : state) {
    benchmark::DoNotOptimize(network.compared().text().size());
  }
}

void register_all() {
  for (const std::int64_t layers : {2000, 8000}) {
    add("deep/derive/" + std::to_string(layers) + "/xgrad", check,
        [layers](benchmark::State& state) { run_derive(state, layers); });
  }
  for (const std::int64_t layers : {1000, 4000}) {
    add("deep/compare/" + std::to_string(layers) + "/xgrad", check,
        [layers](benchmark::State& state) { run_compare(state, layers); });
  }
}

}  // namespace

}  // namespace bench::deep

int main(int argc, char** argv) {
  bench::deep::register_all();
  return bench::run(argc, argv);
}
