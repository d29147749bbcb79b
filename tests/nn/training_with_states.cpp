// A network with dropout and batch normalisation, trained.
#include <doctest/doctest.h>

#include "xgrad/xgrad.hpp"

#include "support/thread_count.hpp"

namespace xg = xgrad;

namespace {

struct Residual {
  xg::nn::Dense inner;
  xg::nn::BatchNorm norm;
  xg::nn::Dropout dropout;
  xg::Tensor operator()(const xg::Tensor& x) const { return x + dropout(xg::relu(norm(inner(x)))); }
};

/// All that training leaves behind.
using Outcome = std::vector<std::vector<double>>;

struct Training {
  xg::Random random{9};
  xg::nn::Sequential net{
      xg::nn::Dense{3, 4, random, {.dtype = xg::float64}},
      Residual{{4, 4, random, {.dtype = xg::float64}}, xg::nn::BatchNorm{4, {.dtype = xg::float64}}, {0.3, random}},
      xg::nn::Dropout{0.5, random}, xg::nn::Dense{4, 2, random, {.dtype = xg::float64}}};
  xg::optim::Adam adam{xg::nn::parameters(net), {.learning_rate = 0.01}};
  xg::Tensor x = random.normal({6, 3}, 0, 1, xg::float64).eval();
  xg::Tensor y = random.normal({6, 2}, 0, 1, xg::float64).eval();
  Outcome outcome;

  template <class Step>
  Outcome run(Step step) {
    for (int i = 0; i < 6; ++i) {
      outcome.push_back(step(x, y).template to_vector<double>());
    }
    for (const auto& named : xg::nn::parameters(net)) {
      outcome.push_back(named.parameter.value().to_vector<double>());
    }
    for (const auto& named : xg::nn::states(net)) {
      outcome.push_back(xg::cast(named, xg::float64).to_vector<double>());
    }
    return outcome;
  }

  xg::Tensor step(const xg::Tensor& in, const xg::Tensor& out) {
    const xg::Tensor loss = xg::nn::QuadraticLoss{}(net(in), out);
    return adam.step(loss);
  }

  Outcome eager() {
    return run([this](const xg::Tensor& in, const xg::Tensor& out) { return step(in, out); });
  }
  Outcome compiled() {
    return run(xg::compile([this](const xg::Tensor& in, const xg::Tensor& out) { return step(in, out); }));
  }
};

}  // namespace

TEST_CASE("training with dropout and batch norm: eager, compiled and unplanned steps give the same bits") {
  const Outcome eager = Training{}.eager();
  CHECK(Training{}.compiled() == eager);
  {
    const xg::PlanScope plain{{.simplify = false, .fuse = false}};
    const Outcome unplanned = Training{}.eager();
    CHECK(Training{}.compiled() == unplanned);
    REQUIRE(unplanned.size() == eager.size());
    for (std::size_t i = 0; i < eager.size(); ++i) {
      REQUIRE(unplanned[i].size() == eager[i].size());
      for (std::size_t j = 0; j < eager[i].size(); ++j) {
        CHECK(unplanned[i][j] == doctest::Approx(eager[i][j]).epsilon(1e-12));
      }
    }
  }
  const xg::test::ThreadCount two{2};
  CHECK(Training{}.compiled() == eager);
  CHECK(Training{}.eager() == eager);
}

TEST_CASE("training with dropout and batch norm: eager and compiled steps take turns") {
  const Outcome eager = Training{}.eager();
  Training mixed;
  auto compiled = xg::compile([&](const xg::Tensor& in, const xg::Tensor& out) { return mixed.step(in, out); });
  int count = 0;
  CHECK(mixed.run([&](const xg::Tensor& in, const xg::Tensor& out) {
    return ++count % 2 == 0 ? compiled(in, out) : mixed.step(in, out);
  }) == eager);
}

TEST_CASE("training with dropout and batch norm: a failed step leaves everything as it was") {
  Training training;
  const Outcome before =
      training.run([](const xg::Tensor& /*in*/, const xg::Tensor& /*out*/) { return xg::zeros({}, xg::float64); });
  const xg::Tensor far = xg::tensor({7}, xg::int64);
  const xg::Tensor loss = xg::nn::QuadraticLoss{}(training.net(training.x), training.y);
  CHECK_THROWS_AS(training.adam.step(loss + xg::sum(xg::take(training.net(training.x), far, 0))), xg::ValueError);
  training.outcome.clear();
  Outcome after =
      training.run([](const xg::Tensor& /*in*/, const xg::Tensor& /*out*/) { return xg::zeros({}, xg::float64); });
  // The masks of a pass that was built are used up, as they were drawn.
  const auto without_streams = [](Outcome outcome) {
    std::erase_if(outcome, [](const auto& values) { return values.size() == 2 && values[0] != 0; });
    return outcome;
  };
  CHECK(without_streams(after) == without_streams(before));
}
