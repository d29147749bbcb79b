// Dense networks: with batch normalisation; of a differential equation.
#include "models/golden_model.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;
using golden_model::check;
using golden_model::Result;
using xg::float64;
using xg::Tensor;

namespace {

const nn::DenseOptions in_float64{.dtype = float64};

struct MLP {
  nn::Dense first, second;
  nn::BatchNorm1d norm;
  nn::Dense last;

  Tensor operator()(const Tensor& x) const { return last(sigmoid(norm(second(relu(first(x)))))); }
};

struct PINN {
  nn::Dense first, second, last;

  Tensor operator()(const Tensor& x) const { return last(tanh(second(tanh(first(x))))); }
};

// A variational autoencoder that draws its noise itself, from a state.
struct DrawingVAE {
  nn::Dense encoder, mean, log_variance, decoder;
  xg::State noise;

  [[nodiscard]] Tensor loss(const Tensor& x) const {
    const Tensor h = tanh(encoder(x));
    const Tensor m = mean(h);
    const Tensor v = log_variance(h);
    const Tensor z = m + exp(0.5 * v) * xg::Random{noise}.normal(m.shape(), 0, 1, float64);
    const Tensor divergence = -0.5 * sum(1 + v - square(m) - exp(v));
    return nn::BinaryCrossEntropy{.reduction = nn::Reduction::sum}(decoder(z), sigmoid(x)) + divergence;
  }
};

}  // namespace

TEST_CASE("MLP with batch normalisation: PyTorch's figures") {
  xg::Random random{1};
  const MLP model{{20, 16, random, in_float64},
                  {16, 16, random, in_float64},
                  nn::BatchNorm1d{16, {.dtype = float64}},
                  {16, 3, random, in_float64}};
  const Tensor x = reproducible::tensor(1, {8, 20});
  const Tensor labels = reproducible::integers(2, {8}, 3);
  check("MLP", model, [&](const MLP& net) {
    const Tensor z = net(x);
    return Result{z, nn::CrossEntropy{}(z, labels)};
  });
}

// Burgers' equation u_t + u u_x = 0.01 u_xx: second derivatives in the loss, which is differentiated once more.
TEST_CASE("physics-informed network: PyTorch's figures") {
  xg::Random random{1};
  const PINN model{{2, 16, random, in_float64}, {16, 16, random, in_float64}, {16, 1, random, in_float64}};
  const Tensor points = reproducible::tensor(1, {8, 2});
  check("PINN", model, [&](const PINN& net) {
    const Tensor x = xg::variable(points);
    const Tensor u = net(x);
    const Tensor first = xg::gradients(sum(u), {x})[0];
    const Tensor u_x = first.at({xg::all, 0});
    const Tensor u_xx = xg::gradients(sum(u_x), {x})[0].at({xg::all, 0});
    const Tensor residual = first.at({xg::all, 1}) + u.at({xg::all, 0}) * u_x - 0.01 * u_xx;
    return Result{u, mean(square(residual)) + mean(square(u))};
  });
}

TEST_CASE("variational autoencoder that draws its noise: trains compiled as eager, with the same numbers") {
  xg::Random random{3};
  const DrawingVAE model{{6, 5, random, in_float64},
                         {5, 2, random, in_float64},
                         {5, 2, random, in_float64},
                         {2, 6, random, in_float64},
                         random.split().state()};
  const DrawingVAE twin = nn::clone(model);
  const Tensor x = reproducible::tensor(1, {4, 6});
  xg::optim::Adam eager{nn::parameters(model), {.learning_rate = 0.01}};
  xg::optim::Adam compiled{nn::parameters(twin), {.learning_rate = 0.01}};
  auto step = xg::compile([&] {
    const Tensor loss = twin.loss(x);
    compiled.step(loss);
    return loss;
  });
  std::vector<double> losses;
  for (int i = 0; i < 4; ++i) {
    const Tensor loss = model.loss(x);
    eager.step(loss);
    losses.push_back(loss.item());
    CHECK(step().item() == doctest::Approx(losses.back()).epsilon(1e-13));
  }
  CHECK(losses[0] != losses[1]);
  const auto trained = nn::parameters(model);
  const auto trained_twin = nn::parameters(twin);
  for (std::size_t i = 0; i < trained.size(); ++i) {
    CHECK(golden_model::alike(trained[i].parameter, trained_twin[i].parameter));
  }
}
