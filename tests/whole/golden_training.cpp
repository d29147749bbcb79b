#include <cmath>
#include <doctest/doctest.h>
#include <string>
#include <vector>
#include <xgrad/autodiff.hpp>
#include <xgrad/check.hpp>
#include <xgrad/math.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/losses.hpp>
#include <xgrad/optim.hpp>

#include "support/golden.hpp"

// The document's program again, through the public face: Dense, Sigmoid, QuadraticLoss and SGD, with the backward pass
// by automatic differentiation.

namespace xg = xgrad;

namespace {

struct Model {
  std::vector<xg::nn::Dense> layers;

  explicit Model(const golden::Run& run) {
    for (std::size_t l = 0; l < run.depth(); ++l) {
      layers.emplace_back(golden::tensor(run.initial.W[l]), golden::tensor(run.initial.b[l]));
    }
  }

  [[nodiscard]] xg::Tensor operator()(xg::Tensor a) const {
    for (const xg::nn::Dense& layer : layers) {
      a = xg::nn::Sigmoid{}(layer(a));
    }
    return a;
  }

  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const {
    std::vector<xg::NamedParameter> result;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      result.push_back({"W" + std::to_string(l + 1), layers[l].W});
      result.push_back({"b" + std::to_string(l + 1), layers[l].b});
    }
    return result;
  }
};

const xg::nn::QuadraticLoss summed{.reduction = xg::nn::Reduction::sum};
const std::vector<std::string> all_runs{"2-3-1", "5-4-3-2"};

}  // namespace

TEST_CASE("golden training: every epoch's loss and the final parameters within 1e-10") {
  for (const std::string& sizes : all_runs) {
    CAPTURE(sizes);
    const golden::Run run = golden::read(sizes);
    const Model model{run};
    const xg::Tensor x = golden::tensor(run.inputs);
    const xg::Tensor y = golden::tensor(run.targets);
    xg::optim::SGD sgd{model.parameters(), {.learning_rate = run.eta}};
    REQUIRE(run.loss_before_epoch.size() == static_cast<std::size_t>(run.epochs));
    for (const double expected : run.loss_before_epoch) {
      const double loss = sgd.step(summed(model(x), y)).item();
      REQUIRE(std::abs(loss - expected) <= 1e-10 * expected);
    }
    CHECK(sgd.steps() == run.epochs);
    for (std::size_t l = 0; l < run.depth(); ++l) {
      CAPTURE(l);
      CHECK(golden::worst_relative(model.layers[l].W, golden::tensor(run.final.W[l])) <= 1e-10);
      CHECK(golden::worst_relative(model.layers[l].b, golden::tensor(run.final.b[l])) <= 1e-10);
    }
  }
}

TEST_CASE("golden training: the four formulas of the first sample within 1e-12, by automatic differentiation") {
  for (const std::string& sizes : all_runs) {
    CAPTURE(sizes);
    const golden::Run run = golden::read(sizes);
    const Model model{run};
    xg::Tensor a = golden::tensor(run.inputs[0]);
    std::vector<xg::Tensor> z;
    for (const xg::nn::Dense& layer : model.layers) {
      z.push_back(layer(a));
      z.back().named("z" + std::to_string(z.size()));
      a = xg::nn::Sigmoid{}(z.back());
    }
    const xg::Tensor loss = summed(a, golden::tensor(run.targets[0]));
    const std::vector<xg::Tensor> delta = xg::gradients(loss, z);
    const std::vector<xg::Tensor> gradients = xg::gradients(loss, model.parameters());
    CHECK(std::abs(loss.item() - run.first_loss) <= 1e-12 * run.first_loss);
    for (std::size_t l = 0; l < run.depth(); ++l) {
      CAPTURE(l);
      CHECK(golden::worst_relative(delta[l], golden::tensor(run.delta[l])) <= 1e-12);
      CHECK(golden::worst_relative(gradients[2 * l], golden::tensor(run.dW[l])) <= 1e-12);
      CHECK(golden::worst_relative(gradients[2 * l + 1], golden::tensor(run.db[l])) <= 1e-12);
    }
  }
}

TEST_CASE("golden training: the three-way comparison is right before and after training") {
  for (const std::string& sizes : all_runs) {
    CAPTURE(sizes);
    const golden::Run run = golden::read(sizes);
    const Model model{run};
    const xg::Tensor x = golden::tensor(run.inputs);
    const xg::Tensor y = golden::tensor(run.targets);
    const auto objective = [&] { return summed(model(x), y); };
    const auto compared = [&] {
      std::vector<xg::Tensor> weights;
      std::vector<xg::Tensor> biases;
      for (const xg::nn::Dense& layer : model.layers) {
        weights.push_back(layer.W);
        biases.push_back(layer.b);
      }
      const auto by_hand = xg::check::document_gradients(weights, biases, x, y);
      std::vector<xg::Tensor> manual;
      for (std::size_t l = 0; l < weights.size(); ++l) {
        manual.push_back(by_hand.dW[l]);
        manual.push_back(by_hand.db[l]);
      }
      return xg::check::compare(objective, model.parameters(), {.manual = manual, .manual_source = "BP1–BP4"});
    };
    const auto before = compared();
    CAPTURE(before.text());
    CHECK(before.verdict() == xg::check::Verdict::right);
    xg::optim::SGD sgd{model.parameters(), {.learning_rate = run.eta}};
    for (int epoch = 0; epoch < run.epochs; ++epoch) {
      sgd.step(objective());
    }
    const auto after = compared();
    CAPTURE(after.text());
    CHECK(after.verdict() == xg::check::Verdict::right);
  }
}
