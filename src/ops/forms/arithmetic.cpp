// Quotients, differences and products of exponentials and logarithms.
#include <algorithm>

#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "ops/forms/forms.hpp"
#include "ops/forms/pattern.hpp"
#include "ops/recognise.hpp"

namespace xgrad::ops {

namespace {

// a / (1 + e^t) = a σ(−t), and e^t / (1 + e^t) = σ(t).
StableForm logistic(const Tensor& a, const Tensor& b) {
  Pattern pattern;
  const Tensor other = pattern.beside_one(b);
  const Tensor t = other.defined() ? pattern.argument(other, is_exp) : Tensor{};
  if (!t.defined()) {
    return {};
  }
  Pattern attempt = pattern;
  if (const Tensor exponent = attempt.argument(a, is_exp); exponent.defined() && same(exponent, t)) {
    return std::move(attempt).form(sigmoid(t));
  }
  const Tensor s = sigmoid(-t);
  return std::move(pattern).form(pattern.is_number(a, 1) ? s : a * s);
}

// e^t / Σ e^t along one axis.
StableForm normalised(const Tensor& a, const Tensor& b) {
  Pattern pattern;
  const Tensor t = pattern.argument(a, is_exp);
  const graph::Node* total = t.defined() ? pattern.call(b, is_sum) : nullptr;
  const Tensor summed = total != nullptr ? pattern.argument(input(*total, 0), is_exp) : Tensor{};
  if (!summed.defined() || !same(t, summed)) {
    return {};
  }
  const auto axes = axes_of(*total->operation);
  const bool along = axes.size() == 1 && (keeps_dims(*total->operation) || t.rank() == 1);
  return along ? std::move(pattern).form(softmax(t, axes[0])) : StableForm{};
}

// e^s / (e^s + e^t) = σ(s − t), and (e^s − e^t) / (e^s + e^t) = tanh((s − t) / 2).
StableForm of_two_exponentials(const Tensor& a, const Tensor& b) {
  Pattern pattern;
  const graph::Node* total = pattern.call(b, is_add);
  if (total == nullptr) {
    return {};
  }
  const Tensor s = pattern.argument(input(*total, 0), is_exp);
  const Tensor t = s.defined() ? pattern.argument(input(*total, 1), is_exp) : Tensor{};
  if (!t.defined() || s.shape() != t.shape()) {
    return {};
  }
  Pattern attempt = pattern;
  if (const Tensor exponent = attempt.argument(a, is_exp); exponent.defined()) {
    if (same(exponent, s)) {
      return std::move(attempt).form(sigmoid(s - t));
    }
    return same(exponent, t) ? std::move(attempt).form(sigmoid(t - s)) : StableForm{};
  }
  const graph::Node* difference = pattern.call(a, is_sub);
  if (difference == nullptr) {
    return {};
  }
  const Tensor first = pattern.argument(input(*difference, 0), is_exp);
  const Tensor second = first.defined() ? pattern.argument(input(*difference, 1), is_exp) : Tensor{};
  if (!second.defined() || !same(first, s) || !same(second, t)) {
    return {};
  }
  return std::move(pattern).form(tanh(0.5 * (s - t)));
}

// w of w u, where u is z or its negative; in the second case −w. Undefined for any other product.
Tensor weight_of(const Tensor& product, const Tensor& z, Pattern& pattern) {
  const graph::Node* call = pattern.call(product, is_mul);
  if (call == nullptr) {
    return {};
  }
  for (const std::size_t i : {std::size_t{1}, std::size_t{0}}) {
    const Tensor u = input(*call, i);
    Tensor w = input(*call, 1 - i);
    if (same(u, z)) {
      return w;
    }
    Pattern negative;
    const Tensor of_u = negative.argument(u, is_neg);
    const Tensor of_z = negative.argument(z, is_neg);
    if ((of_u.defined() && same(of_u, z)) || (of_z.defined() && same(of_z, u))) {
      return -w;
    }
  }
  return {};
}

// softplus(z) ± w z, also with −(w z).
StableForm cross_entropy(const Tensor& soft, const Tensor& product, bool is_sum) {
  Pattern pattern;
  const Tensor z = pattern.argument(soft, is_softplus);
  if (!z.defined() || product.shape() != soft.shape()) {
    return {};
  }
  const Tensor negated = pattern.argument(product, is_neg);
  const Tensor w = weight_of(negated.defined() ? negated : product, z, pattern);
  if (!w.defined()) {
    return {};
  }
  return std::move(pattern).form(logistic_loss(z, is_sum != negated.defined() ? -w : w));
}

// x − log Σ e^x along one axis.
StableForm log_normalised(const Tensor& a, const Tensor& b) {
  Pattern pattern;
  const graph::Node* total = pattern.call(b, is_logsumexp);
  if (total == nullptr || !same(input(*total, 0), a)) {
    return {};
  }
  const auto axes = axes_of(*total->operation);
  const bool along = axes.size() == 1 && (keeps_dims(*total->operation) || a.rank() == 1);
  return along ? std::move(pattern).form(log_softmax(a, axes[0])) : StableForm{};
}

bool is_number_but_zero(const graph::Node& x) {
  const auto number = number_of(x);
  return number && *number != 0;
}

// log x, and expressions that are infinite where log x is: −log x, c log x, log x / c, log x ± log y. Asked of every
// factor, so it makes no handles.
bool is_logarithm(const graph::Node& x, int steps = 3) {
  const graph::Node* node = computed(&x);
  if (node->operation == nullptr) {
    return false;
  }
  const Algebra algebra = node->operation->algebra();
  if (algebra == Algebra::log || algebra == Algebra::log1p || algebra == Algebra::log_sigmoid ||
      algebra == Algebra::log_softmax) {
    return true;
  }
  const auto inputs = node->inputs();
  if (steps == 0 || inputs.empty()) {
    return false;
  }
  const auto is_log_input = [&](std::size_t i) { return is_logarithm(*inputs[i], steps - 1); };
  switch (algebra) {
    case Algebra::neg:
      return is_log_input(0);
    case Algebra::mul:
      return (is_number_but_zero(*inputs[0]) && is_log_input(1)) || (is_number_but_zero(*inputs[1]) && is_log_input(0));
    case Algebra::div:
      return is_number_but_zero(*inputs[1]) && is_log_input(0);
    case Algebra::sub:
    case Algebra::add:
      return is_log_input(0) && is_log_input(1);
    default:
      return false;
  }
}

bool is_logarithm(const Tensor& x) {
  return is_logarithm(*x.node());
}

}  // namespace

StableForm form_of_quotient(const Tensor& a, const Tensor& b) {
  Shape shape;
  if (!broadcast(a.shape(), b.shape(), shape)) {
    return {};
  }
  for (const auto form : {logistic, normalised, of_two_exponentials}) {
    if (StableForm found = form(a, b); found.result.defined() && found.result.shape() == shape) {
      return found;
    }
  }
  return {};
}

StableForm form_of_difference(const Tensor& a, const Tensor& b) {
  Pattern pattern;
  if (const Tensor t = pattern.argument(a, is_exp); t.defined() && pattern.is_number(b, 1)) {
    return std::move(pattern).form(expm1(t));
  }
  pattern = {};
  if (const Tensor t = pattern.argument(b, is_exp); t.defined() && pattern.is_number(a, 1)) {
    return std::move(pattern).form(-expm1(t));
  }
  if (StableForm logarithms = log_normalised(a, b); logarithms.result.defined()) {
    return logarithms;
  }
  if (StableForm loss = cross_entropy(a, b, false); loss.result.defined()) {
    return loss;
  }
  StableForm negative = cross_entropy(b, a, false);
  return negative.result.defined() ? StableForm{-negative.result, std::move(negative.around)} : StableForm{};
}

StableForm form_of_sum(const Tensor& a, const Tensor& b) {
  StableForm loss = cross_entropy(a, b, true);
  return loss.result.defined() ? loss : cross_entropy(b, a, true);
}

StableForm form_of_product(const Tensor& a, const Tensor& b) {
  // A constant number other than 0 needs none.
  const auto varies = [](const Tensor& x) { return !is_number_but_zero(*x.node()); };
  if (is_logarithm(b) && varies(a)) {
    return {product_with_log(a, b), {}};
  }
  return is_logarithm(a) && varies(b) ? StableForm{product_with_log(b, a), {}} : StableForm{};
}

StableForm form_of_dot(const Tensor& a, const Tensor& b) {
  if (is_logarithm(b)) {
    return {sum(product_with_log(a, b)), {}};
  }
  return is_logarithm(a) ? StableForm{sum(product_with_log(b, a)), {}} : StableForm{};
}

}  // namespace xgrad::ops
