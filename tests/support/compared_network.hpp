#pragma once

#include <string>
#include <vector>

#include "xgrad/check.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/random.hpp"
#include "xgrad/reduce.hpp"

namespace xgrad::test {

/// A sigmoid network with the sum of the quadratic losses over a batch, and its gradients by BP1 to BP4.
struct ComparedNetwork {
  std::vector<Parameter> W;
  std::vector<Parameter> b;
  Tensor x;
  Tensor y;

  ComparedNetwork(const std::vector<std::int64_t>& sizes, std::int64_t samples, std::uint64_t seed, double scale = 1,
                  DType dtype = float64) {
    Random random{seed};
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
      const std::string number = std::to_string(l + 1);
      W.emplace_back(random.normal({sizes[l + 1], sizes[l]}, 0, scale, dtype), "W" + number);
      b.emplace_back(random.normal({sizes[l + 1]}, 0, scale, dtype), "b" + number);
    }
    x = random.normal({samples, sizes.front()}, 0, 1, dtype);
    y = random.uniform({samples, sizes.back()}, 0, 1, dtype);
  }

  [[nodiscard]] check::LossFunction loss() const {
    return [this] {
      Tensor a = x;
      for (std::size_t l = 0; l < W.size(); ++l) {
        a = sigmoid(matmul(a, transpose(W[l])) + b[l]);
      }
      return sum(square(a - y)) * 0.5;
    };
  }

  /// W1, b1, W2, b2, …
  [[nodiscard]] std::vector<NamedParameter> parameters() const {
    std::vector<NamedParameter> result;
    for (std::size_t l = 0; l < W.size(); ++l) {
      result.push_back({W[l].name(), W[l]});
      result.push_back({b[l].name(), b[l]});
    }
    return result;
  }

  [[nodiscard]] std::vector<Tensor> manual() const {
    const std::vector<Tensor> weights(W.begin(), W.end());
    const std::vector<Tensor> biases(b.begin(), b.end());
    const auto g = check::document_gradients(weights, biases, x, y);
    std::vector<Tensor> result;
    for (std::size_t l = 0; l < W.size(); ++l) {
      result.push_back(g.dW[l]);
      result.push_back(g.db[l]);
    }
    return result;
  }
};

/// A one-parameter report of a loss written with public operations.
inline check::ParameterReport check_one(const check::LossFunction& loss, const Parameter& p,
                                        const check::CompareOptions& options = {}) {
  return check::compare(loss, {{"p", p}}, options).parameters.at(0);
}

}  // namespace xgrad::test
