// What rounding may do to a gradient, by experiment. The loss is rebuilt in float64, at the same values of its leaves,
// and differentiated: that gives the exact gradient, as it were. Then again, several times, as if float32 had been
// rounding: with ε the epsilon of what an operation takes,
//   x ⊙ (1 + ε u)    in the place of each operand x, 1/2 ≤ |u| ≤ 1 at random; cotangents likewise.
// What gradients move by is the size of their rounding error (Monte Carlo arithmetic: Parker 1997).
//
// A saturated activation has lost more. By hand its slope is a function of its value, such as σ (1 − σ), and 1 − σ
// keeps few digits of what a float near 1 leaves. So its argument is moved as far as moves the value by ε:
//   z + u ε f / f′,   f / f′ = 1 + eᶻ for σ,   sinh(2z) / 2 for tanh,   1 / (1 − p) for the softmax p.
//
// That says something of the loss only if the graph in float64 is the same function: an operation may branch on the
// dtype. So it is computed once more with operands and cotangents rounded to the original's dtype, and must then give
// the original's loss and gradients to within what the disturbances moved them by.
#include "check/verdict/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/plan.hpp"

#include "autodiff/reverse.hpp"
#include "check/entries/entries.hpp"
#include "check/verdict/refusal.hpp"
#include "check/verdict/shadow.hpp"
#include "graph/computed.hpp"
#include "graph/order.hpp"

namespace xgrad::check {

namespace {

constexpr std::int64_t trials = 8;

Tensor seed_of(std::int64_t trial) {
  return full({}, static_cast<double>(trial), int64);
}

/// A loss and its gradients, empty where it doesn't depend on a tensor.
struct Derivatives {
  double loss = 0;
  std::vector<std::vector<double>> gradients;
};

/// A loss, after the tensors that its gradients are asked for, with the stable forms that values come from.
class RoundingTrial {
 public:
  explicit RoundingTrial(std::vector<Tensor> tensors) : tensors_{graph::as_computed(tensors, graph::Boundary::leaves)} {
    const std::vector<const graph::Node*> root{tensors_.back().node()};
    const auto look_at = [this](const graph::Node& node) {
      has_float32_ = has_float32_ || node.dtype == float32;
      may_refuse_ = may_refuse_ || (node.operation != nullptr && node.operation->algebra() == Algebra::opaque);
    };
    look_at(*root.front());
    for (const graph::Node* node : graph::topological_order(root, graph::Boundary::leaves).nodes) {
      look_at(*node);
      for (const graph::Node* input : node->inputs()) {
        look_at(*input);
      }
    }
  }

  [[nodiscard]] bool has_float32() const noexcept { return has_float32_; }

  [[nodiscard]] Derivatives run(Arithmetic arithmetic, const Tensor& seed = {}) const {
    Shadow shadow{tensors_, arithmetic, seed};
    const Tensor made = shadow.of(tensors_.back());
    const Tensor loss = made.dtype() == float64 ? made : cast(made, float64);
    std::vector<Tensor> xs;
    for (std::size_t i = 0; i + 1 < tensors_.size(); ++i) {
      xs.push_back(shadow.of(tensors_[i]));
    }
    const std::vector<Tensor> gradients = xs.empty() ? xs : autodiff::connected_gradients(loss, xs);
    std::vector<Tensor> wanted{loss};
    std::copy_if(gradients.begin(), gradients.end(), std::back_inserter(wanted),
                 [](const Tensor& gradient) { return gradient.defined(); });
    eval(wanted);
    Derivatives result{.loss = loss.item(), .gradients = std::vector<std::vector<double>>(xs.size())};
    for (std::size_t i = 0; i < xs.size(); ++i) {
      if (gradients[i].defined()) {
        result.gradients[i] = as_doubles(gradients[i]);
      }
    }
    return result;
  }

  /// Why nothing is known of rounding, or an empty string: runs f, which calls run(). Operations that say nothing of
  /// themselves may be the user's and refuse float64; any may refuse values that differ a little.
  template <class F>
  [[nodiscard]] std::string obstacle_in(const F& f) const {
    try {
      if (!may_refuse_) {
        f();
        return {};
      }
      return refusal_in(f).value_or(std::string{});
    } catch (const NoShadow& error) {
      return error.what();
    } catch (const ValueError& error) {
      return error.what();
    }
  }

 private:
  std::vector<Tensor> tensors_;
  bool has_float32_ = false;
  bool may_refuse_ = false;
};

/// A loss with gradients, and how far disturbances move all of that.
struct Disturbances {
  Derivatives exact;
  Derivatives errors;
};

Disturbances disturb(const RoundingTrial& trial) {
  Disturbances result{.exact = trial.run(Arithmetic::exact), .errors = {}};
  for (const std::vector<double>& gradient : result.exact.gradients) {
    result.errors.gradients.emplace_back(gradient.size(), 0.0);
  }
  for (std::int64_t number = 0; number < trials; ++number) {
    const Derivatives moved = trial.run(Arithmetic::disturbed, seed_of(number));
    result.errors.loss = larger(result.errors.loss, std::abs(moved.loss - result.exact.loss));
    for (std::size_t i = 0; i < moved.gradients.size(); ++i) {
      std::vector<double>& errors = result.errors.gradients[i];
      for (std::size_t k = 0; k < errors.size(); ++k) {
        errors[k] = larger(errors[k], std::abs(moved.gradients[i][k] - result.exact.gradients[i][k]));
      }
    }
  }
  return result;
}

/// Whether b is a but for rounding, which moved it by `error`. What isn't finite, or has no known error, may be.
bool is_rounded(std::span<const double> a, std::span<const double> b, std::span<const double> error) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(a[i]) && std::isfinite(b[i])) {
      differences.push_back(a[i] - b[i]);
    }
  }
  const double size = std::max(norm(a), norm(b));
  const double allowed = tolerance_of(float32).relative * size + Tolerance::error_factor * norm(error);
  return !(norm(differences) > allowed);
}

/// Throws NoShadow unless the graph in float64, rounded, gives the loss.
void require_same_loss(double loss, const Derivatives& rounded, const Disturbances& disturbances) {
  if (!is_rounded({&loss, 1}, {&rounded.loss, 1}, {&disturbances.errors.loss, 1})) {
    throw NoShadow(
        fmt::format("the same operations in float64 give a loss of {:.6g}, not {:.6g}", disturbances.exact.loss, loss));
  }
}

/// Likewise the gradients.
void require_same_gradients(const Automatic& automatic, std::span<const ComparedTensor> given,
                            const Derivatives& rounded, const Disturbances& disturbances) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::vector<double>& gradient = rounded.gradients[i];
    if (!gradient.empty() && !is_rounded(automatic.gradients[i], gradient, disturbances.errors.gradients[i])) {
      throw NoShadow(fmt::format("the same operations in float64 have another gradient of {}", given[i].name));
    }
  }
}

}  // namespace

Agreement compare_manual(const ComparedTensor& given, const Automatic& automatic, std::size_t i) {
  return compare_manual(as_doubles(given.manual), automatic.gradients[i], given.x.shape(),
                        tolerance_of(given.x.dtype()), automatic.loss, automatic.rounding_at(i));
}

ValueRounding rounding_of_value(const Tensor& loss) {
  const RoundingTrial trial{{loss}};
  ValueRounding result;
  std::string obstacle = trial.obstacle_in([&] {
    const Disturbances disturbances = disturb(trial);
    const double value = loss.item();
    require_same_loss(value, trial.run(Arithmetic::rounded), disturbances);
    const double error = larger(std::abs(value - disturbances.exact.loss), disturbances.errors.loss);
    result.error = std::isfinite(error) ? error : 0;
  });
  if (trial.has_float32()) {
    result.unknown = std::move(obstacle);
  }
  return result;
}

void weigh_rounding(const Tensor& loss, std::span<const ComparedTensor> given, Automatic& automatic) {
  bool any_wrong = false;
  for (std::size_t i = 0; i < given.size() && !any_wrong; ++i) {
    any_wrong =
        given[i].manual.defined() && compare_manual(given[i], automatic, i).comparison.verdict == Verdict::wrong;
  }
  if (!any_wrong) {
    return;
  }
  std::vector<Tensor> tensors = tensors_of(given);
  tensors.push_back(loss);
  const RoundingTrial trial{std::move(tensors)};
  if (!trial.has_float32()) {
    return;
  }
  std::vector<Rounding> rounding(given.size());
  const std::string obstacle = trial.obstacle_in([&] {
    Disturbances disturbances = disturb(trial);
    const Derivatives rounded = trial.run(Arithmetic::rounded);
    require_same_loss(automatic.loss, rounded, disturbances);
    require_same_gradients(automatic, given, rounded, disturbances);
    for (std::size_t i = 0; i < given.size(); ++i) {
      rounding[i] = {.exact = std::move(disturbances.exact.gradients[i]),
                     .errors = std::move(disturbances.errors.gradients[i]),
                     .unknown = {}};
    }
  });
  if (!obstacle.empty()) {
    rounding.assign(given.size(), {.exact = {}, .errors = {}, .unknown = obstacle});
  }
  automatic.rounding = std::move(rounding);
}

}  // namespace xgrad::check
