// Square roots, of squares above all: a square under- or overflows where its root is an ordinary number.
#include <cmath>

#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "graph/values.hpp"
#include "ops/forms/forms.hpp"
#include "ops/forms/pattern.hpp"
#include "ops/recognise.hpp"

namespace xgrad::ops {

namespace {

// t of t², t t and t^2.
Tensor squared(const Tensor& x, Pattern& pattern) {
  Pattern attempt = pattern;
  Tensor t = attempt.argument(x, is_square);
  if (!t.defined()) {
    if (const graph::Node* product = attempt.call(x, is_mul);
        product != nullptr && same(input(*product, 0), input(*product, 1))) {
      t = input(*product, 0);
    }
  }
  if (!t.defined()) {
    attempt = pattern;
    const graph::Node* power = attempt.call(x, is_pow);
    if (power == nullptr || !attempt.is_number(input(*power, 1), 2)) {
      return {};
    }
    t = input(*power, 0);
  }
  if (!is_floating(t.dtype()) || t.shape() != x.shape()) {
    return {};
  }
  pattern = std::move(attempt);
  return t;
}

// √x for x = Σ t² or t · t.
Tensor root_of_sum(const Tensor& x, Pattern& pattern) {
  Pattern attempt = pattern;
  if (const graph::Node* total = attempt.call(x, is_sum)) {
    const Tensor t = squared(input(*total, 0), attempt);
    if (!t.defined()) {
      return {};
    }
    pattern = std::move(attempt);
    const Axes axes{axes_of(*total->operation)};
    // No axes at all: of a scalar, or of an empty list, which Axes would take for all of them.
    return axes.values().empty() ? abs(t) : norm(t, axes, keeps_dims(*total->operation));
  }
  attempt = pattern;
  const graph::Node* product = attempt.call(x, is_matmul);
  if (product == nullptr || x.rank() != 0 || !same(input(*product, 0), input(*product, 1))) {
    return {};
  }
  pattern = std::move(attempt);
  return norm(input(*product, 0));
}

// √x for a mean of squares.
Tensor root_of_mean(const Tensor& x, Pattern& pattern) {
  Pattern attempt = pattern;
  const graph::Node* mean = attempt.call(x, is_mean);
  const Tensor t = mean != nullptr ? squared(input(*mean, 0), attempt) : Tensor{};
  if (!t.defined() || t.size() == 0) {
    return {};
  }
  pattern = std::move(attempt);
  const Axes axes{axes_of(*mean->operation)};
  if (axes.values().empty()) {
    return abs(t);
  }
  const std::int64_t count = t.size() / x.size();
  return norm(t, axes, keeps_dims(*mean->operation)) / std::sqrt(static_cast<double>(count));
}

bool is_positive(const Tensor& x) {
  return Pattern{}.is_number(x) && graph::element_of(*x.node(), 0) > 0;
}

// √x for x made of squares, as it is or with positive numbers as factors and divisors.
Tensor root_of_squares(const Tensor& x, Pattern& pattern, int steps = 3) {
  for (const auto root : {root_of_sum, root_of_mean}) {
    if (Tensor found = root(x, pattern); found.defined()) {
      return found;
    }
  }
  if (steps == 0) {
    return {};
  }
  for (const Pattern::Is is : {is_mul, is_div}) {
    Pattern attempt = pattern;
    const graph::Node* call = attempt.call(x, is);
    if (call == nullptr) {
      continue;
    }
    const bool first = is == &is_mul && is_positive(input(*call, 0));
    const Tensor number = input(*call, first ? 0 : 1);
    if (!is_positive(number)) {
      return {};
    }
    const Tensor inner = root_of_squares(input(*call, first ? 1 : 0), attempt, steps - 1);
    if (!inner.defined() || !attempt.is_number(number)) {
      return {};
    }
    pattern = std::move(attempt);
    const double factor = std::sqrt(graph::element_of(*number.node(), 0));
    return is == &is_mul ? factor * inner : inner / factor;
  }
  return {};
}

}  // namespace

StableForm form_of_sqrt(const Tensor& x) {
  Pattern pattern;
  const Tensor taken = pattern.taken_from_one(x);
  if (const Tensor t = taken.defined() ? pattern.argument(taken, is_sigmoid) : Tensor{}; t.defined()) {
    return std::move(pattern).form(sqrt(sigmoid(-t)));
  }
  pattern = {};
  if (const Tensor t = squared(x, pattern); t.defined()) {
    return std::move(pattern).form(abs(t));
  }
  if (Tensor root = root_of_squares(x, pattern); root.defined()) {
    return std::move(pattern).form(std::move(root));
  }
  return {};
}

StableForm form_of_rsqrt(const Tensor& x) {
  Pattern pattern;
  const Tensor root = root_of_squares(x, pattern);
  return root.defined() ? std::move(pattern).form(1.0 / root) : StableForm{};
}

}  // namespace xgrad::ops
