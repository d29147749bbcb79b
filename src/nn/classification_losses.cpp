#include "xgrad/nn/classification_losses.hpp"

#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"
#include "nn/loss_rules.hpp"
#include "ops/forms/forms.hpp"

namespace xgrad::nn {

namespace {

// What each sample loses, and how much it counts in a mean: 1 if undefined.
struct Samples {
  Tensor losses;
  Tensor shares;
};

// w a per class, where a may be −∞: a class of weight 0 adds nothing.
Tensor weighted(const Tensor& w, const Tensor& a) {
  return w.defined() ? ops::product_with_log(w, a) : a;
}

// (1 − ε) l + ε Σ −w a / C.
Tensor smoothed(const Tensor& losses, const Tensor& terms, double smoothing) {
  if (smoothing == 0) {
    return losses;
  }
  return (1 - smoothing) * losses - (smoothing / static_cast<double>(terms.dim(-1))) * sum(terms, -1);
}

/// Class indices that may be ignored: one that is has the index 0 instead, and its loss is taken out.
class Indices {
 public:
  Indices(const Tensor& target, std::optional<std::int64_t> ignored) : target_{target} {
    if (ignored) {
      is_ignored_ = equal(target, static_cast<double>(*ignored));
    }
  }

  [[nodiscard]] Tensor valid() const { return is_ignored_.defined() ? where(is_ignored_, 0.0, target_) : target_; }
  [[nodiscard]] Tensor kept(const Tensor& x) const { return is_ignored_.defined() ? where(is_ignored_, 0.0, x) : x; }
  /// How much each counts, of class weights w, which may be undefined.
  [[nodiscard]] Tensor shares(const Tensor& is_class, const Tensor& w, DType dtype) const {
    if (w.defined()) {
      return kept(sum(where(is_class, w, 0.0), -1));
    }
    return is_ignored_.defined() ? cast(logical_not(is_ignored_), dtype) : Tensor{};
  }

 private:
  Tensor target_;
  Tensor is_ignored_;
};

// The losses of class indices. `a` are log-probabilities, `is_class` the classes, both along the last axis.
Samples of_indices(const Tensor& a, const Tensor& is_class, const Indices& indices, const Tensor& w, double smoothing) {
  const Tensor terms = weighted(w, a);
  const Tensor losses = smoothed(-sum(where(is_class, terms, 0.0), -1), terms, smoothing);
  return {indices.kept(losses), indices.shares(is_class, w, a.dtype())};
}

// The same of distributions. 0 log 0 is 0: a class with the logit −∞ and no share in the target adds nothing.
Samples of_distributions(const Tensor& a, const Tensor& y, const Tensor& w, double smoothing) {
  const Tensor terms = weighted(w, a);
  const Tensor losses = smoothed(-sum(where(equal(y, 0.0), 0.0, y * terms), -1), terms, smoothing);
  return {losses, w.defined() ? sum(w * y, -1) : Tensor{}};
}

// As chosen_classes(), with the words of CrossEntropy.
Tensor cross_entropy_classes(const Tensor& z, std::size_t axis, const Tensor& indices) {
  const std::int64_t classes = z.shape()[axis];
  return axis + 1 == z.rank() ? detail::one_hot_of_target(indices, classes)
                              : chosen_classes("CrossEntropy", indices, classes);
}

void require_gamma(const char* loss, double gamma) {
  require_option(loss, "gamma", gamma, gamma >= 0 && std::isfinite(gamma), "0 or a positive number");
}

}  // namespace

Tensor CrossEntropy::operator()(const Tensor& z, const Tensor& target, const Tensor& weights) const {
  constexpr const char* name = "CrossEntropy";
  const Scope scope{name, Scope::Role::loss};
  require_defined(name, "prediction", z);
  require_defined(name, "target", target);
  require_option(name, "label_smoothing", label_smoothing, label_smoothing >= 0 && label_smoothing <= 1,
                 "a number in [0, 1]");
  static_cast<void>(samples(name, z));
  const std::size_t at = class_axis(name, z, axis);
  const std::int64_t count = z.shape().without(at).size();
  if (class_weights.defined()) {
    require_per_class(name, "tensor of class weights", class_weights, z, at);
  }
  const bool is_plain = !class_weights.defined() && !ignore_index && label_smoothing == 0 && !weights.defined() &&
                        reduction != Reduction::none;
  if (target.dtype() == int64) {
    require_class_indices(name, z, at, target);
    const Tensor a = log_softmax(with_last(z, at), -1);
    const Indices indices{target, ignore_index};
    const Tensor is_class = cross_entropy_classes(z, at, indices.valid());
    if (is_plain) {
      return reduced_total(-sum(where(is_class, a, 0.0)), z.size() == 0 ? 0 : count, reduction);
    }
    const Samples each = of_indices(a, is_class, indices, class_weights, label_smoothing);
    return reduced(name, each.losses, reduction, weights, each.shares);
  }
  if (target.rank() + 1 == z.rank()) {
    require_class_indices(name, z, at, target);
  }
  require_alike(name, z, target);
  if (ignore_index) {
    throw ValueError(fmt::format("[{}] ignore_index {} beside a target of distributions {}; expected class indices",
                                 name, *ignore_index, to_string(target.shape())));
  }
  const Tensor a = log_softmax(with_last(z, at), -1);
  const Tensor y = with_last(target, at);
  if (is_plain) {
    return reduced_total(-sum(where(equal(y, 0.0), 0.0, y * a)), z.size() == 0 ? 0 : count, reduction);
  }
  const Samples each = of_distributions(a, y, class_weights, label_smoothing);
  return reduced(name, each.losses, reduction, weights, each.shares);
}

Tensor NegativeLogLikelihood::operator()(const Tensor& a, const Tensor& target, const Tensor& weights) const {
  constexpr const char* name = "NegativeLogLikelihood";
  const Scope scope{name, Scope::Role::loss};
  require_floating(name, "prediction", a);
  require_defined(name, "target", target);
  const std::size_t at = class_axis(name, a, axis);
  require_class_indices(name, a, at, target);
  if (class_weights.defined()) {
    require_per_class(name, "tensor of class weights", class_weights, a, at);
  }
  const Indices indices{target, ignore_index};
  const Tensor is_class = chosen_classes(name, indices.valid(), a.shape()[at]);
  const Samples each = of_indices(with_last(a, at), is_class, indices, class_weights, 0);
  return reduced(name, each.losses, reduction, weights, each.shares);
}

Tensor BinaryCrossEntropy::operator()(const Tensor& z, const Tensor& y, const Tensor& weights) const {
  constexpr const char* name = "BinaryCrossEntropy";
  const Scope scope{name, Scope::Role::loss};
  require_alike(name, z, y);
  const std::int64_t count = samples(name, z);
  Tensor terms;
  if (pos_weight.defined()) {
    require_per_class(name, "pos_weight", pos_weight, z, z.rank() - 1);
    terms = -((pos_weight * y) * log_sigmoid(z) + (1.0 - y) * log_sigmoid(-z));
  } else {
    terms = softplus(z) - y * z;
  }
  if (reduction == Reduction::none || weights.defined()) {
    return reduced(name, sum(terms, -1), reduction, weights);
  }
  return reduced_total(sum(terms), count, reduction);
}

Tensor FocalLoss::operator()(const Tensor& z, const Tensor& target, const Tensor& weights) const {
  constexpr const char* name = "FocalLoss";
  const Scope scope{name, Scope::Role::loss};
  require_floating(name, "prediction", z);
  require_defined(name, "target", target);
  require_gamma(name, gamma);
  const std::size_t at = class_axis(name, z, axis);
  require_class_indices(name, z, at, target);
  const Tensor is_class = chosen_classes(name, target, z.shape()[at]);
  const Tensor log_p = sum(where(is_class, log_softmax(with_last(z, at), -1), 0.0), -1).named("ℓ");
  Tensor losses = -(pow(-expm1(log_p), gamma) * log_p);
  if (alpha.defined()) {
    require_per_class(name, "alpha", alpha, z, at);
    losses = chain_mul(sum(where(is_class, alpha, 0.0), -1), losses);
  }
  return reduced(name, losses, reduction, weights);
}

Tensor BinaryFocalLoss::operator()(const Tensor& z, const Tensor& y, const Tensor& weights) const {
  constexpr const char* name = "BinaryFocalLoss";
  const Scope scope{name, Scope::Role::loss};
  require_alike(name, z, y);
  require_gamma(name, gamma);
  static_cast<void>(samples(name, z));
  Tensor of_ones = y * pow(sigmoid(-z), gamma);
  Tensor of_zeros = (1.0 - y) * pow(sigmoid(z), gamma);
  if (alpha) {
    require_option(name, "alpha", *alpha, *alpha >= 0 && *alpha <= 1, "a number in [0, 1]");
    of_ones = *alpha * of_ones;
    of_zeros = (1 - *alpha) * of_zeros;
  }
  const Tensor terms = -(of_ones * log_sigmoid(z) + of_zeros * log_sigmoid(-z));
  return reduced(name, sum(terms, -1), reduction, weights);
}

Tensor DiceLoss::operator()(const Tensor& p, const Tensor& y, const Tensor& weights) const {
  constexpr const char* name = "DiceLoss";
  const Scope scope{name, Scope::Role::loss};
  require_alike(name, p, y);
  require_option(name, "smoothing", smoothing, smoothing >= 0 && std::isfinite(smoothing), "0 or a positive number");
  static_cast<void>(samples(name, p));
  std::vector<std::int64_t> axes;
  for (std::size_t axis = p.rank() == 1 ? 0 : 1; axis < p.rank(); ++axis) {
    axes.push_back(static_cast<std::int64_t>(axis));
  }
  const Tensor common = sum(p * y, axes);
  const Tensor sizes = squared ? sum(square(p), axes) + sum(square(y), axes) : sum(p, axes) + sum(y, axes);
  return reduced(name, 1.0 - (2.0 * common + smoothing) / (sizes + smoothing), reduction, weights);
}

Tensor HingeLoss::operator()(const Tensor& z, const Tensor& y, const Tensor& weights) const {
  const Scope scope{"HingeLoss", Scope::Role::loss};
  require_alike("HingeLoss", z, y);
  return reduced("HingeLoss", relu(1.0 - checked_signs("HingeLoss", y) * z), reduction, weights);
}

Tensor SquaredHingeLoss::operator()(const Tensor& z, const Tensor& y, const Tensor& weights) const {
  const Scope scope{"SquaredHingeLoss", Scope::Role::loss};
  require_alike("SquaredHingeLoss", z, y);
  const Tensor losses = square(relu(1.0 - checked_signs("SquaredHingeLoss", y) * z));
  return reduced("SquaredHingeLoss", losses, reduction, weights);
}

Tensor MultiMarginLoss::operator()(const Tensor& z, const Tensor& target, const Tensor& weights) const {
  constexpr const char* name = "MultiMarginLoss";
  const Scope scope{name, Scope::Role::loss};
  require_floating(name, "prediction", z);
  require_defined(name, "target", target);
  require_option(name, "p", p, p == 1 || p == 2, "1 or 2");
  require_option(name, "margin", margin, std::isfinite(margin), "a number");
  if (z.rank() != 1 && z.rank() != 2) {
    throw ShapeError(
        fmt::format("[{}] takes scores (classes) or (batch, classes), not {}", name, to_string(z.shape())));
  }
  require_class_indices(name, z, z.rank() - 1, target);
  const Tensor is_class = chosen_classes(name, target, z.dim(-1));
  const Tensor right = sum(where(is_class, z, 0.0), -1, true);
  const Tensor excess = relu(margin - right + z);
  const Tensor terms = where(is_class, 0.0, p == 1 ? excess : square(excess));
  return reduced(name, sum(terms, -1) * (1.0 / static_cast<double>(z.dim(-1))), reduction, weights);
}

}  // namespace xgrad::nn
