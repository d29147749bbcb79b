#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../support/floats.hpp"

/// A convolution of images with both of its gradients, and a step of LeNet-5 (LeCun et al., Proc. IEEE 1998; with ReLU
/// and mean pooling) without the update. float32, one thread.
namespace bench::convolution {

struct Layer {
  std::int64_t batch;
  std::int64_t in;
  std::int64_t out;
  std::int64_t size;  ///< of an image along both axes
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t padding;
  std::int64_t groups;

  [[nodiscard]] std::int64_t result_size() const { return (size + 2 * padding - kernel) / stride + 1; }
};

struct Workload {
  Layer layer;
  Floats x;  ///< (batch, in, size, size)
  Floats w;  ///< (out, in / groups, kernel, kernel)
  Floats g;  ///< the cotangent of y, (batch, out, result_size, result_size)
};
[[nodiscard]] Workload make_workload(const Layer& layer);

class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  /// y and the cotangents of x and w.
  virtual void run() = 0;
  [[nodiscard]] virtual Floats y() const = 0;
  [[nodiscard]] virtual Floats x_cotangent() const = 0;
  [[nodiscard]] virtual Floats w_cotangent() const = 0;
};

[[nodiscard]] std::unique_ptr<Contender> by_hand(const Workload& workload);
[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload);
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload);

/// What is wrong with a contender's results, by loops over all products in float64; empty if nothing is.
[[nodiscard]] std::string check(const Workload& workload, Contender& contender);

struct LeNetWorkload {
  std::int64_t batch;
  Floats x;                        ///< (batch, 1, 28, 28)
  Floats y;                        ///< (batch, 10)
  std::vector<Floats> parameters;  ///< weight and bias of each layer in turn
};
[[nodiscard]] const std::vector<std::vector<std::int64_t>>& lenet_shapes();
[[nodiscard]] LeNetWorkload make_lenet(std::int64_t batch);

class LeNetContender {
 public:
  LeNetContender() = default;
  LeNetContender(const LeNetContender&) = delete;
  LeNetContender& operator=(const LeNetContender&) = delete;
  virtual ~LeNetContender() = default;

  /// Loss = ½ Σ (a − y)², and its gradient by every parameter.
  virtual void run() = 0;
  [[nodiscard]] virtual double loss() const = 0;
  [[nodiscard]] virtual std::vector<Floats> gradients() const = 0;
};

[[nodiscard]] std::unique_ptr<LeNetContender> libtorch_lenet(const LeNetWorkload& workload);
[[nodiscard]] std::unique_ptr<LeNetContender> xgrad_eager_lenet(const LeNetWorkload& workload);
[[nodiscard]] std::unique_ptr<LeNetContender> xgrad_compiled_lenet(const LeNetWorkload& workload);

/// By the loss in float64, and its differences along a direction.
[[nodiscard]] std::string check(const LeNetWorkload& workload, LeNetContender& contender);

}  // namespace bench::convolution
