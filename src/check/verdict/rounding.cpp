// What rounding may do to a gradient, by experiment. The loss is rebuilt in float64, at the same values of its leaves,
// and differentiated: that gives the exact gradient, as it were. Then again, several times, as if float32 had been
// rounding: with ε the epsilon of what an operation takes,
//   x ⊙ (1 + ε u)    in the place of each operand x, 1/2 ≤ |u| ≤ 1 at random; cotangents likewise.
// What gradients move by is the size of their rounding error (Monte Carlo arithmetic: Parker 1997).
//
// A saturated activation has lost more. By hand its slope is a function of its value, such as σ (1 − σ), and 1 − σ
// keeps few digits of what a float near 1 leaves. So its argument is moved as far as moves the value by ε:
//   z + u ε f / f′,   f / f′ = 1 + eᶻ for σ,   sinh(2z) / 2 for tanh,   1 / (1 − p) for the softmax p.
#include "check/verdict/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/plan.hpp"

#include "autodiff/reverse.hpp"
#include "check/entries/entries.hpp"
#include "check/verdict/disturbed.hpp"
#include "formulas/expression.hpp"
#include "graph/computed.hpp"
#include "graph/copy.hpp"
#include "tensor/out_of_memory.hpp"

namespace xgrad::check {

namespace {

/// A graph in float64, at the same values, perhaps disturbed.
class DoubleTwin {
 public:
  /// `seed` is undefined for one that isn't disturbed.
  DoubleTwin(std::span<const Tensor> tensors, Tensor seed)
      : seed_{std::move(seed)}, copy_{tensors, [this](const graph::Node& node, std::span<const Tensor> inputs) {
                                        return make(node, inputs);
                                      }} {}

  DoubleTwin(const DoubleTwin&) = delete;
  DoubleTwin& operator=(const DoubleTwin&) = delete;
  ~DoubleTwin() = default;

  [[nodiscard]] Tensor of(const Tensor& original) {
    const Tensor made = copy_.of(original);
    return made.node() == original.node() ? leaf(original) : made;
  }

 private:
  Tensor leaf(const Tensor& original) {
    if (!is_floating(original.dtype())) {
      return original;
    }
    Tensor& twin = leaves_[original.node()];
    if (!twin.defined()) {
      twin = variable(from_vector(as_doubles(original), original.shape()));
    }
    return twin;
  }

  graph::Copy::Made make(const graph::Node& node, std::span<const Tensor> given) {
    std::vector<Tensor> inputs;
    for (std::size_t j = 0; j < given.size(); ++j) {
      const graph::Node* original = node.inputs()[j];
      Tensor input = given[j].node() == original ? leaf(given[j]) : given[j];
      if (seed_.defined() && is_floating(node.dtype) && is_floating(input.dtype())) {
        input = disturbed(input, 1, tolerance_of(original->dtype).epsilon);
      }
      inputs.push_back(std::move(input));
    }
    if (seed_.defined() && (inputs.size() == 1 || node.operation->algebra() == Algebra::logistic_loss)) {
      displace(node, inputs[0]);
    }
    const Tensor made = graph::apply_as_written(node.operation, inputs);
    return {made, made.dtype() == float32 ? cast(made, float64) : made};
  }

  Tensor disturbed(const Tensor& x, double base, double size) {
    return apply(std::make_shared<const Disturbed>(++count_, base, size), {x, seed_});
  }

  /// Moves the argument of what saturates.
  void displace(const graph::Node& node, Tensor& z) {
    const Operation& operation = *node.operation;
    const Tensor at = z;
    Tensor reach;
    if (operation.algebra() == Algebra::sigmoid || operation.algebra() == Algebra::log_sigmoid ||
        operation.algebra() == Algebra::softplus || operation.algebra() == Algebra::logistic_loss) {
      reach = 1.0 + exp(at);
    } else if (operation.algebra() == Algebra::tanh) {
      reach = tanh(abs(at)) * (0.5 + 0.25 * (exp(2.0 * abs(at)) + exp(-2.0 * abs(at))));
    } else if (operation.algebra() == Algebra::softmax) {
      reach = 1.0 / (1.0 - graph::apply_as_written(node.operation, {&at, 1}));
    } else if (operation.algebra() == Algebra::log_softmax) {
      reach = 1.0 / (1.0 - exp(graph::apply_as_written(node.operation, {&at, 1})));
    } else if (operation.algebra() == Algebra::logsumexp) {
      const Tensor sums = graph::apply_as_written(node.operation, {&at, 1});
      const Tensor shares = operation.vjp({{&at, 1}, sums, {}}, ones(sums.shape(), float64))[0];
      reach = 1.0 / (1.0 - shares);
    } else {
      return;
    }
    constexpr double lost = 4;  // by then no digit is left
    const Tensor size = minimum(tolerance_of(node.dtype).epsilon * reach, lost);
    z = z + stop_gradient(disturbed(size, 0, 1));
  }

  Tensor seed_;
  std::int64_t count_ = 0;
  std::unordered_map<const graph::Node*, Tensor> leaves_;
  graph::Copy copy_;
};

constexpr std::int64_t trials = 8;

Tensor seed_of(std::int64_t trial) {
  return full({}, static_cast<double>(trial), int64);
}

double value_in_double(const Tensor& loss, const Tensor& seed) {
  return DoubleTwin{{&loss, 1}, seed}.of(loss).item();
}

using Gradients = std::vector<std::vector<double>>;

/// Of all but the last of the tensors, the loss; empty where it doesn't depend on one.
Gradients gradients_in_double(std::span<const Tensor> tensors, const Tensor& seed) {
  DoubleTwin twin{tensors, seed};
  const Tensor made = twin.of(tensors.back());
  const Tensor loss = made.dtype() == float64 ? made : cast(made, float64);
  std::vector<Tensor> xs;
  for (const Tensor& tensor : tensors.first(tensors.size() - 1)) {
    xs.push_back(twin.of(tensor));
  }
  const std::vector<Tensor> gradients = autodiff::connected_gradients(loss, xs);
  std::vector<Tensor> wanted;
  std::copy_if(gradients.begin(), gradients.end(), std::back_inserter(wanted),
               [](const Tensor& gradient) { return gradient.defined(); });
  eval(wanted);
  Gradients result(xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (gradients[i].defined()) {
      result[i] = as_doubles(gradients[i]);
    }
  }
  return result;
}

std::vector<Rounding> rounding_of(const Tensor& loss, std::vector<Tensor> tensors) {
  tensors.push_back(loss);
  // With the stable forms that values and gradients come from.
  const std::vector<Tensor> computed = graph::as_computed(tensors, graph::Boundary::leaves);
  const Gradients exact = gradients_in_double(computed, {});
  std::vector<Rounding> result(exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    result[i] = {exact[i], std::vector<double>(exact[i].size(), 0.0)};
  }
  for (std::int64_t trial = 0; trial < trials; ++trial) {
    const Gradients moved = gradients_in_double(computed, seed_of(trial));
    for (std::size_t i = 0; i < exact.size(); ++i) {
      std::vector<double>& errors = result[i].errors;
      for (std::size_t k = 0; k < errors.size(); ++k) {
        errors[k] = larger(errors[k], std::abs(moved[i][k] - exact[i][k]));
      }
    }
  }
  return result;
}

/// What f gives, or `otherwise` where an operation refuses float64, in whatever way it does. Memory that runs out
/// passes.
template <class F, class T>
T unless_refused(const F& f, const T& otherwise) {
  try {
    return f();
  } catch (const std::exception& error) {
    if (is_for_memory(error)) {
      throw;
    }
    return otherwise;
  } catch (...) {
    return otherwise;
  }
}

}  // namespace

Agreement compare_given(const Given& given, const Automatic& automatic, std::size_t i) {
  return compare_manual(as_doubles(given.manual), automatic.gradients[i], given.x.shape(),
                        tolerance_of(given.x.dtype()), automatic.loss, automatic.rounding_at(i));
}

double rounding_of_value(const Tensor& loss) {
  if (loss.dtype() != float32) {
    return 0;
  }
  const auto seen = [&loss] {
    const Tensor computed = graph::as_computed({&loss, 1}, graph::Boundary::leaves)[0];
    const double exact = value_in_double(computed, {});
    double error = std::abs(loss.item() - exact);
    for (std::int64_t trial = 0; trial < trials; ++trial) {
      error = larger(error, std::abs(value_in_double(computed, seed_of(trial)) - exact));
    }
    return std::isfinite(error) ? error : 0;
  };
  return unless_refused(seen, 0.0);
}

void weigh_rounding(const Tensor& loss, std::span<const Given> given, Automatic& automatic) {
  bool any_wrong = false;
  for (std::size_t i = 0; i < given.size() && !any_wrong; ++i) {
    any_wrong = given[i].manual.defined() && given[i].x.dtype() == float32 &&
                compare_given(given[i], automatic, i).comparison.verdict == Verdict::wrong;
  }
  if (!any_wrong) {
    return;
  }
  automatic.rounding = unless_refused([&] { return rounding_of(loss, tensors_of(given)); }, std::vector<Rounding>{});
}

}  // namespace xgrad::check
