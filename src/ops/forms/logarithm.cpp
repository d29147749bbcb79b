// Logarithms of exponentials, without the underflow or overflow of the results between.
#include <array>
#include <cmath>
#include <numbers>

#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/special.hpp"

#include "ops/forms/forms.hpp"
#include "ops/forms/pattern.hpp"
#include "ops/recognise.hpp"

namespace xgrad::ops {

namespace {

// How far a pattern looks: each step goes through one product or one rearrangement.
constexpr int most_steps = 6;

Tensor log_of_positive(const Tensor& x, Pattern& pattern, int steps);

// log Σ e^t and log mean e^t.
Tensor log_of_reduced(const Tensor& x, Pattern& pattern, bool is_mean) {
  Pattern attempt = pattern;
  const graph::Node* reduction = attempt.call(x, is_mean ? ops::is_mean : is_sum);
  if (reduction == nullptr) {
    return {};
  }
  const Tensor t = attempt.argument(input(*reduction, 0), is_exp);
  if (!t.defined()) {
    return {};
  }
  pattern = std::move(attempt);
  const Axes axes{axes_of(*reduction->operation)};
  // No axes at all: of a scalar, or of an empty list, which Axes would take for all of them.
  Tensor total = axes.values().empty() ? t : logsumexp(t, axes, keeps_dims(*reduction->operation));
  if (!is_mean) {
    return total;
  }
  const double count = static_cast<double>(t.size()) / static_cast<double>(x.size());
  return total - std::log(count);
}

// log e^t = t, and log(e^s + e^t) = logaddexp(s, t) of these and of such sums.
Tensor log_of_exponentials(const Tensor& x, Pattern& pattern, int steps) {
  if (Tensor t = pattern.argument(x, is_exp); t.defined()) {
    return t;
  }
  Pattern attempt = pattern;
  const graph::Node* total = steps == 0 ? nullptr : attempt.call(x, is_add);
  if (total == nullptr) {
    return {};
  }
  const Tensor s = log_of_exponentials(input(*total, 0), attempt, steps - 1);
  const Tensor t = s.defined() ? log_of_exponentials(input(*total, 1), attempt, steps - 1) : Tensor{};
  if (!t.defined()) {
    return {};
  }
  pattern = std::move(attempt);
  return logaddexp(s, t);
}

// log(a b) = log a + log b, log(a / b) = log a − log b, of two that are positive.
Tensor log_of_two(const Tensor& x, Pattern& pattern, Pattern::Is is, int steps) {
  Pattern attempt = pattern;
  const graph::Node* call = attempt.call(x, is);
  if (call == nullptr) {
    return {};
  }
  const Tensor a = log_of_positive(input(*call, 0), attempt, steps - 1);
  const Tensor b = a.defined() ? log_of_positive(input(*call, 1), attempt, steps - 1) : Tensor{};
  if (!b.defined()) {
    return {};
  }
  pattern = std::move(attempt);
  return is == &is_mul ? a + b : a - b;
}

// The logarithm of rearranged elements is the rearranged logarithm.
Tensor log_of_rearranged(const Tensor& x, Pattern& pattern, int steps) {
  for (const Pattern::Is is : {is_reshape, is_permute, is_broadcast_to, is_slice, is_take, is_gather, is_flip}) {
    Pattern attempt = pattern;
    const graph::Node* call = attempt.call(x, is);
    if (call == nullptr) {
      continue;
    }
    const Tensor inner = log_of_positive(input(*call, 0), attempt, steps - 1);
    if (!inner.defined()) {
      return {};
    }
    pattern = std::move(attempt);
    std::vector<Tensor> inputs{inner};
    for (std::size_t i = 1; i < call->inputs().size(); ++i) {
      inputs.push_back(input(*call, i));
    }
    return xgrad::apply(call->operation, inputs);
  }
  return {};
}

// log x for an x that is positive by construction and may under- or overflow; undefined for any other.
Tensor log_of_positive(const Tensor& x, Pattern& pattern, int steps) {
  if (steps == 0) {
    return {};
  }
  if (Tensor t = log_of_exponentials(x, pattern, steps); t.defined()) {
    return t;
  }
  if (const Tensor t = pattern.argument(x, is_sigmoid); t.defined()) {
    return log_sigmoid(t);
  }
  if (const graph::Node* softmax = pattern.call(x, is_softmax)) {
    const auto axes = axes_of(*softmax->operation);
    return axes.size() == 1 ? log_softmax(input(*softmax, 0), axes[0]) : Tensor{};
  }
  for (const bool is_mean : {false, true}) {
    if (Tensor total = log_of_reduced(x, pattern, is_mean); total.defined()) {
      return total;
    }
  }
  // 1 + e^t
  Pattern attempt = pattern;
  if (const Tensor other = attempt.beside_one(x); other.defined()) {
    if (const Tensor t = attempt.argument(other, is_exp); t.defined()) {
      pattern = std::move(attempt);
      return softplus(t);
    }
  }
  // 1 − σ(t) = σ(−t)
  attempt = pattern;
  if (const Tensor other = attempt.taken_from_one(x); other.defined()) {
    if (const Tensor t = attempt.argument(other, is_sigmoid); t.defined()) {
      pattern = std::move(attempt);
      return log_sigmoid(-t);
    }
  }
  for (const Pattern::Is is : {is_mul, is_div}) {
    if (Tensor both = log_of_two(x, pattern, is, steps); both.defined()) {
      return both;
    }
  }
  attempt = pattern;
  if (const Tensor t = attempt.argument(x, is_square); t.defined()) {
    if (const Tensor inner = log_of_positive(t, attempt, steps - 1); inner.defined()) {
      pattern = std::move(attempt);
      return 2.0 * inner;
    }
  }
  attempt = pattern;
  if (const Tensor t = attempt.argument(x, is_sqrt); t.defined()) {
    if (const Tensor inner = log_of_positive(t, attempt, steps - 1); inner.defined()) {
      pattern = std::move(attempt);
      return 0.5 * inner;
    }
  }
  return log_of_rearranged(x, pattern, steps);
}

// log(1 − e^t) for t < 0, as M. Mächler, "Accurately computing log(1 − exp(−|a|))", 2012.
Tensor log_of_one_less_exp(const Tensor& t) {
  // As written, because its form is this function's result.
  const std::array near{-expm1(t)};
  const Tensor log_near = graph::apply_as_written(log(t).node()->operation, near);
  return where(t > -std::numbers::ln2, log_near, log1p(-exp(t)));
}

// p of p / (1 − p); undefined if x isn't that.
Tensor odds_of(const Tensor& x, Pattern& pattern) {
  const graph::Node* quotient = pattern.call(x, is_div);
  if (quotient == nullptr) {
    return {};
  }
  const Tensor p = input(*quotient, 0);
  const Tensor taken = pattern.taken_from_one(input(*quotient, 1));
  return taken.defined() && same(taken, p) ? p : Tensor{};
}

}  // namespace

StableForm form_of_log(const Tensor& x) {
  Pattern pattern;
  if (Tensor result = log_of_positive(x, pattern, most_steps); result.defined()) {
    return std::move(pattern).form(std::move(result));
  }
  if (Tensor t = pattern.beside_one(x); t.defined()) {
    return std::move(pattern).form(log1p(t));
  }
  pattern = {};
  if (Tensor t = pattern.taken_from_one(x); t.defined()) {
    return std::move(pattern).form(log1p(-t));
  }
  pattern = {};
  if (const Tensor p = odds_of(x, pattern); p.defined()) {
    return std::move(pattern).form(logit(p));
  }
  pattern = {};
  // −expm1(t) = 1 − e^t, which 1 − e^t is computed as
  if (const Tensor negated = pattern.argument(x, is_neg); negated.defined()) {
    if (const Tensor exponent = pattern.argument(negated, is_expm1); exponent.defined()) {
      return std::move(pattern).form(log_of_one_less_exp(exponent));
    }
  }
  return {};
}

StableForm form_of_log1p(const Tensor& x) {
  Pattern pattern;
  if (const Tensor t = pattern.argument(x, is_exp); t.defined()) {
    return std::move(pattern).form(softplus(t));
  }
  const Tensor negated = pattern.argument(x, is_neg);
  if (!negated.defined()) {
    return {};
  }
  if (const Tensor t = pattern.argument(negated, is_sigmoid); t.defined()) {
    return std::move(pattern).form(log_sigmoid(-t));
  }
  return {};
}

}  // namespace xgrad::ops
