#include <iostream>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

int main() {
  xg::Random random{7};
  const auto [train, test] = xg::data::digits();  // 1,797 handwritten digits, built into the library
  const xg::nn::Sequential net{xg::nn::Dense{64, 30, random}, xg::nn::Sigmoid{}, xg::nn::Dense{30, 10, random},
                               xg::nn::Sigmoid{}};
  const xg::nn::QuadraticLoss objective;  // ½ Σ (a − y)², its mean over the batch
  xg::optim::SGD sgd{xg::nn::parameters(net), {.learning_rate = 3.0}};

  for (int epoch = 0; epoch < 30; ++epoch) {
    for (const auto& [x, y] : xg::data::batches(train, {.size = 10, .shuffle = random})) {
      sgd.step(objective(net(x), y));  // derives ∂Loss/∂W for every W, then W ← W − η ∂Loss/∂W
    }
  }
  const double accuracy = xg::nn::accuracy(net(test.inputs), test.labels);
  std::cout << "test accuracy " << accuracy << '\n';
  return accuracy > 0.9 ? 0 : 1;
}
