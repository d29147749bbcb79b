#include <iostream>
#include <torch/torch.h>

int main() {
  std::cout << torch::ones({2, 2}).sum() << '\n';
}
