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
