#pragma once

#include <memory>
#include <string>

#include "../mlp_step/workload.hpp"

/// What a gradient costs beside a value: the loss of mlp_step's network alone, and with its gradient for every
/// parameter. Parameters aren't changed.
namespace bench::gradient_ratio {

using mlp_step::Workload;

class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  virtual void value() = 0;
  virtual void value_and_gradient() = 0;

  /// Of the last call.
  [[nodiscard]] virtual double loss() const = 0;
  /// Of the last value_and_gradient(): ∂Loss/∂W and ∂Loss/∂b of each layer in turn.
  [[nodiscard]] virtual std::vector<Floats> gradients() const = 0;
};

[[nodiscard]] std::unique_ptr<Contender> xgrad_eager(const Workload& workload);
[[nodiscard]] std::unique_ptr<Contender> xgrad_compiled(const Workload& workload);

/// What is wrong with the contender's values and gradients, by a step of mlp_step's reference; empty if nothing is.
[[nodiscard]] std::string check(const Workload& workload, Contender& contender);

}  // namespace bench::gradient_ratio
