#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "../support/floats.hpp"

/// A step of Adam on n float32 weights, one thread: the loss ½ Σ (w − t)², its gradient w − t, and the update. In rows
/// that are called cold, something else has had the caches between two steps, as a large network's forward pass has.
namespace bench::optimizer {

struct Workload {
  Floats w;  ///< before the first step
  Floats t;
};

constexpr double learning_rate = 1e-3;
constexpr double beta1 = 0.9;
constexpr double beta2 = 0.999;
constexpr double epsilon = 1e-8;

[[nodiscard]] Workload make_workload(std::int64_t count);

class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  /// A step; its loss.
  virtual float step() = 0;
  [[nodiscard]] virtual Floats weights() const = 0;
};

/// One loop that the compiler vectorises, which adds up the loss too.
[[nodiscard]] std::unique_ptr<Contender> by_hand(const Workload& workload);
/// torch::optim::Adam.
[[nodiscard]] std::unique_ptr<Contender> libtorch(const Workload& workload);
/// Define-by-run: a loss, optim::Adam::step on it.
[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload);

/// What is wrong with the contender's weights after three steps, by plain float64 computation; empty if nothing is.
[[nodiscard]] std::string check(const Workload& workload, Contender& contender);

}  // namespace bench::optimizer
