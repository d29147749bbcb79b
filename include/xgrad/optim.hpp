#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::optim {

/// Turns gradients into new values of parameters. Derive and write update() for a rule of your own.
class XGRAD_API Optimizer {
 public:
  virtual ~Optimizer();
  /// The copy trains the same parameters, with a state, a rate and a count of its own.
  Optimizer(const Optimizer& other);
  Optimizer& operator=(const Optimizer&) = delete;

  /// Differentiates the loss for all parameters, and evaluates loss, updates and state in one plan. Returns the loss,
  /// evaluated. A parameter that the loss doesn't depend on is a ValueError that names it; then nothing has changed.
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  Tensor step(const Tensor& loss);
  /// One gradient per parameter, in order, of its shape and dtype (ShapeError, DTypeError). They are not changed.
  void apply(std::span<const Tensor> gradients);

  [[nodiscard]] const std::vector<NamedParameter>& parameters() const& noexcept { return parameters_; }
  [[nodiscard]] std::vector<NamedParameter> parameters() const&& { return parameters_; }
  [[nodiscard]] double learning_rate() const;
  /// Takes effect at once, in compiled steps too. 0 changes no parameter, and counts as a step. Throws
  /// ValueError unless finite and not negative.
  void set_learning_rate(double rate);
  /// Steps taken so far.
  [[nodiscard]] std::int64_t steps() const;
  /// All that changes from step to step beside the parameters: "learning rate", "learning rate float32", "steps", and
  /// of a parameter "W" the tensors "W state 0", "W state 1", … Put back by set(), all of them, they continue a
  /// training.
  [[nodiscard]] std::vector<NamedState> states();

 protected:
  struct Update {
    Tensor value;
    std::vector<Tensor> state;
  };
  /// Numbers that change from step to step, as tensors: a compiled step has them as inputs.
  struct Moment {
    Tensor learning_rate;  ///< zero-rank, of the parameter's dtype
    Tensor step;           ///< zero-rank float64, counts from 1
  };

  /// A parameter that is listed twice (tied weights) is taken once. Throws ValueError if there is none, or for the
  /// rate.
  Optimizer(std::vector<NamedParameter> parameters, double learning_rate);

  /// The state, before the first step, of a parameter with this value. The default has none.
  [[nodiscard]] virtual std::vector<Tensor> initial_state(const Tensor& value) const;
  /// The next value and state of one parameter, from public operations: as many tensors of the same shapes and dtypes
  /// as initial_state() gave.
  [[nodiscard]] virtual Update update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> state,
                                      const Moment& moment) const = 0;
  /// Whether update() concerns only rows whose gradient isn't 0, of value and state alike. Where a gradient is one of
  /// rows (row_gradient()), and all state has the value's shape, update() is then called with these rows of value,
  /// gradient and state, and the others stay as they are. The default says no.
  [[nodiscard]] virtual bool updates_rows_alone() const;

 private:
  [[nodiscard]] Update next(const NamedParameter& named, Tensor gradient, std::span<const Tensor> state,
                            const Moment& moment) const;
  void advance(const Tensor* loss, std::vector<Tensor> gradients);
  /// Makes the state at the first step, when derived classes exist.
  void start();

  std::vector<NamedParameter> parameters_;
  std::vector<std::vector<State>> state_;  // per parameter, once there is any
  State learning_rate_;                    // float64
  State learning_rate_float32_;            // the same: a cast would be one more step of every plan
  State steps_;                            // float64
};

struct SGDOptions {
  double learning_rate = 0.1;
  double momentum = 0;      ///< in [0, 1)
  bool nesterov = false;    ///< needs a momentum
  double weight_decay = 0;  ///< λ ≥ 0; adds λW to the gradient
};

/// g ← g + λW;  v ← μv + g;  W ← W − η v, or W − η (g + μv) with Nesterov's momentum (Sutskever et al., ICML 2013, in
/// the form common to current frameworks). Of a table that a model takes rows from, without momentum and decay, only
/// these rows are read and written: the others' gradient is 0. (Outside compile() the table is still copied once, since
/// the loss that the caller holds refers to the old one.)
class XGRAD_API SGD final : public Optimizer {
 public:
  explicit SGD(std::vector<NamedParameter> parameters, const SGDOptions& options = {});

 private:
  [[nodiscard]] std::vector<Tensor> initial_state(const Tensor& value) const override;
  [[nodiscard]] Update update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> state,
                              const Moment& moment) const override;
  [[nodiscard]] bool updates_rows_alone() const override;
  SGDOptions options_;
};

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  ///< λ ≥ 0; adds λW to the gradient
  /// Of a table that a model takes rows from, only these rows change, and their moments: at the cost of these rows, and
  /// rare ones aren't driven on by old moments. Another rule than Adam's, where every row moves at every step; also
  /// known as LazyAdam and SparseAdam. A gradient that isn't one of rows is used whole, as is one that was read
  /// before it is applied, or clipped: see row_gradient(). Not with a weight decay.
  bool lazy_rows = false;
};

/// Kingma and Ba, ICLR 2015, algorithm 1.
class XGRAD_API Adam final : public Optimizer {
 public:
  explicit Adam(std::vector<NamedParameter> parameters, const AdamOptions& options = {});

 private:
  [[nodiscard]] std::vector<Tensor> initial_state(const Tensor& value) const override;
  [[nodiscard]] Update update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> state,
                              const Moment& moment) const override;
  [[nodiscard]] bool updates_rows_alone() const override;
  AdamOptions options_;
};

}  // namespace xgrad::optim
