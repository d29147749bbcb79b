#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "../support/suite.hpp"
#include "by_hand.hpp"

/// What the gradient of many parts of one tensor costs: a training step of a recurrent network, h ← tanh(z_t + h U), in
/// float32, 8 sequences, 32 units, loss Σ h². The z_t are parts of x W + b, taken step by step; or the steps' inputs
/// are parts of x. Rows: how the parts are taken, and the number of steps: four times the steps are to cost four times
/// as much. by_hand is the first of them without a graph.
namespace bench::parts {

namespace {

using xgrad::Tensor;

enum class Way : std::uint8_t { at_after, at_before, split, take };

class Network {
 public:
  explicit Network(std::int64_t steps) : steps_{steps}, x{random_.normal({steps, batch, units}).eval()} {}

  [[nodiscard]] Tensor loss(const Tensor& inputs, Way way) const {
    const Tensor z = way == Way::at_before ? Tensor{} : affine(inputs);
    const std::vector<Tensor> cut = way == Way::split ? xgrad::split(z, steps_) : std::vector<Tensor>{};
    Tensor h = xgrad::zeros({batch, units});
    for (std::int64_t t = 0; t < steps_; ++t) {
      h = xgrad::tanh(part(inputs, z, cut, way, t) + xgrad::matmul(h, U_.value()));
    }
    return xgrad::sum(xgrad::square(h));
  }

  [[nodiscard]] std::vector<xgrad::NamedParameter> parameters() const { return {{"W", W_}, {"b", b_}, {"U", U_}}; }

 private:
  [[nodiscard]] Tensor affine(const Tensor& inputs) const { return xgrad::matmul(inputs, W_.value()) + b_.value(); }

  [[nodiscard]] Tensor part(const Tensor& inputs, const Tensor& z, const std::vector<Tensor>& cut, Way way,
                            std::int64_t t) const {
    switch (way) {
      case Way::at_after:
        return z.at({t});
      case Way::at_before:
        return affine(inputs.at({t}));
      case Way::split:
        return xgrad::reshape(cut[static_cast<std::size_t>(t)], xgrad::Shape{batch, units});
      case Way::take:
        return xgrad::take(z, xgrad::scalar(static_cast<double>(t), xgrad::int64));
    }
    return {};
  }

  xgrad::Random random_{1};
  std::int64_t steps_;
  xgrad::Parameter W_{(random_.normal({units, units}) * 0.1).eval(), "W"};
  xgrad::Parameter b_{xgrad::zeros({units}), "b"};
  xgrad::Parameter U_{(random_.normal({units, units}) * 0.1).eval(), "U"};

 public:
  Tensor x;
};

struct Found {
  double loss;
  double slope;  // the gradient of b, summed
};

// The loss beside plain loops in double, and the gradient of b beside a difference of it.
std::string check(const Network& network, std::int64_t steps, const Found& found) {
  const auto parameters = network.parameters();
  const std::vector<float> x = network.x.to_vector<float>();
  std::vector<std::vector<double>> values;
  values.reserve(parameters.size());
  for (const xgrad::NamedParameter& named : parameters) {
    values.push_back(xgrad::cast(named.parameter.value(), xgrad::float64).to_vector<double>());
  }
  const auto n = static_cast<std::size_t>(units);
  const auto loss = [&](double shift) {
    std::vector<double> h(static_cast<std::size_t>(batch) * n, 0.0);
    for (std::size_t t = 0; t < static_cast<std::size_t>(steps); ++t) {
      std::vector<double> next(h.size());
      for (std::size_t row = 0; row < static_cast<std::size_t>(batch); ++row) {
        for (std::size_t j = 0; j < n; ++j) {
          double sum = values[1][j] + shift;
          for (std::size_t i = 0; i < n; ++i) {
            sum += static_cast<double>(x[(t * batch + row) * n + i]) * values[0][i * n + j];
            sum += h[row * n + i] * values[2][i * n + j];
          }
          next[row * n + j] = std::tanh(sum);
        }
      }
      h.swap(next);
    }
    double total = 0;
    for (const double value : h) {
      total += value * value;
    }
    return total;
  };
  constexpr double step = 1e-5;
  const double slope = (loss(step) - loss(-step)) / (2 * step);
  if (!(std::abs(found.loss - loss(0)) <= 1e-4 * loss(0))) {
    return "the loss isn't that of plain loops";
  }
  return std::abs(found.slope - slope) <= 1e-3 * (1 + std::abs(slope)) ? ""
                                                                       : "the gradient isn't the slope of plain loops";
}

std::string check_xgrad(std::int64_t steps, Way way) {
  const Network network{steps};
  const auto [value, gradients] = xgrad::value_and_gradients(network.loss(network.x, way), network.parameters());
  const double slope = xgrad::sum(xgrad::cast(gradients[1], xgrad::float64)).item();
  return check(network, steps, {value.item(), slope});
}

Floats copy(const Tensor& tensor) {
  const std::vector<float> values = tensor.to_vector<float>();
  return {values.begin(), values.end()};
}

ByHand by_hand(const Network& network) {
  const auto parameters = network.parameters();
  return ByHand{{copy(network.x), copy(parameters[0].parameter.value()), copy(parameters[1].parameter.value()),
                 copy(parameters[2].parameter.value())}};
}

std::string check_by_hand(std::int64_t steps) {
  const Network network{steps};
  ByHand written = by_hand(network);
  const double loss = written.loss();
  return check(network, steps, {loss, written.slope()});
}

void run_by_hand(benchmark::State& state, std::int64_t steps) {
  ByHand written = by_hand(Network{steps});
  for (auto _ : state) {
    benchmark::DoNotOptimize(written.step(1e-6F));
  }
}

void run_eager(benchmark::State& state, std::int64_t steps, Way way) {
  const Network network{steps};
  xgrad::optim::SGD sgd{network.parameters(), {.learning_rate = 1e-6}};
  for (auto _ : state) {
    benchmark::DoNotOptimize(sgd.step(network.loss(network.x, way)).item());
  }
}

void run_compiled(benchmark::State& state, std::int64_t steps, Way way) {
  const Network network{steps};
  xgrad::optim::SGD sgd{network.parameters(), {.learning_rate = 1e-6}};
  auto step = xgrad::compile([&](const Tensor& x) {
    Tensor loss = network.loss(x, way);
    sgd.step(loss);
    return loss;
  });
  benchmark::DoNotOptimize(step(network.x).item());
  for (auto _ : state) {
    benchmark::DoNotOptimize(step(network.x).item());
  }
}

void register_all() {
  const std::vector<std::pair<std::string, Way>> ways{
      {"at_after", Way::at_after}, {"at_before", Way::at_before}, {"split", Way::split}, {"take", Way::take}};
  for (const auto& each : ways) {
    const Way way = each.second;
    for (const std::int64_t steps : {128, 512}) {
      const std::string row = "parts/" + each.first + "/" + std::to_string(steps) + "/";
      const auto verify = [steps, way] { return check_xgrad(steps, way); };
      add(row + "xgrad_eager", verify, [steps, way](benchmark::State& state) { run_eager(state, steps, way); });
      add(row + "xgrad_compiled", verify, [steps, way](benchmark::State& state) { run_compiled(state, steps, way); });
    }
  }
  for (const std::int64_t steps : {128, 512}) {
    add(
        "parts/at_after/" + std::to_string(steps) + "/by_hand", [steps] { return check_by_hand(steps); },
        [steps](benchmark::State& state) { run_by_hand(state, steps); });
  }
}

}  // namespace

}  // namespace bench::parts

int main(int argc, char** argv) {
  bench::parts::register_all();
  return bench::run(argc, argv);
}
