#pragma once

#include "xgrad/check.hpp"

#include "graph/pending_states.hpp"

namespace xgrad::check {

/// A loss function whose every call finds the states as they are now, so that it draws the same random numbers. They
/// are so again when this ends.
class GuardedLoss {
 public:
  explicit GuardedLoss(const LossFunction& loss) : loss_{guarded(loss)} {}

  [[nodiscard]] const LossFunction& function() const noexcept { return loss_; }

  /// Another function that finds the same states. Must not outlive this, nor what it was made of.
  template <class R>
  [[nodiscard]] std::function<R()> guarded(const std::function<R()>& other) {
    return [this, &other] {
      guard_.restore();
      return other();
    };
  }

 private:
  graph::StateGuard guard_;
  LossFunction loss_;
};

}  // namespace xgrad::check
