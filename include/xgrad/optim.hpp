#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::optim {

/// Turns gradients into new values of parameters. Derive and write update() for a rule of your own.
class XGRAD_API Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = default;
  Optimizer& operator=(const Optimizer&) = default;

  /// Differentiates the loss for all parameters, and evaluates loss, updates and state in one plan. Returns the loss,
  /// evaluated. A parameter that the loss doesn't depend on is a ValueError that names it; then nothing has changed.
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  Tensor step(const Tensor& loss);
  /// One gradient per parameter, in order, of its shape and dtype (ShapeError, DTypeError). They are not changed.
  void apply(std::span<const Tensor> gradients);

  [[nodiscard]] const std::vector<NamedParameter>& parameters() const noexcept { return parameters_; }
  [[nodiscard]] double learning_rate() const noexcept { return learning_rate_; }
  /// Throws ValueError unless finite and positive.
  void set_learning_rate(double rate);
  /// Steps taken so far.
  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }

 protected:
  struct Update {
    Tensor value;
    std::vector<Tensor> state;
  };

  /// A parameter that stands twice (tied weights) is taken once. Throws ValueError if there is none, or for the rate.
  Optimizer(std::vector<NamedParameter> parameters, double learning_rate);

  /// The next value and state of one parameter, from public operations. `state` is empty at the first step; `step`
  /// counts from 1.
  [[nodiscard]] virtual Update update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> state,
                                      std::int64_t step) const = 0;

 private:
  void advance(const Tensor* loss, std::span<const Tensor> gradients);

  std::vector<NamedParameter> parameters_;
  std::vector<std::vector<Tensor>> state_;
  double learning_rate_;
  std::int64_t steps_ = 0;
};

struct SGDOptions {
  double learning_rate = 0.1;
  double momentum = 0;      ///< in [0, 1)
  bool nesterov = false;    ///< needs a momentum
  double weight_decay = 0;  ///< λ ≥ 0; adds λW to the gradient
};

/// g ← g + λW;  v ← μv + g;  W ← W − η v, or W − η (g + μv) with Nesterov's momentum (Sutskever et al., ICML 2013, in
/// the form common to current frameworks).
class XGRAD_API SGD final : public Optimizer {
 public:
  explicit SGD(std::vector<NamedParameter> parameters, const SGDOptions& options = {});

 private:
  [[nodiscard]] Update update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> state,
                              std::int64_t step) const override;
  SGDOptions options_;
};

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  ///< λ ≥ 0; adds λW to the gradient
};

/// Kingma and Ba, ICLR 2015, algorithm 1.
class XGRAD_API Adam final : public Optimizer {
 public:
  explicit Adam(std::vector<NamedParameter> parameters, const AdamOptions& options = {});

 private:
  [[nodiscard]] Update update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> state,
                              std::int64_t step) const override;
  AdamOptions options_;
};

}  // namespace xgrad::optim
