#include "xgrad/nn/embedding_losses.hpp"

#include <cmath>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"
#include "nn/loss_rules.hpp"

namespace xgrad::nn {

namespace {

// Throws unless both are embeddings alike.
void require_embeddings(const char* loss, const char* first_role, const Tensor& first, const char* second_role,
                        const Tensor& second) {
  require_alike(loss, first_role, first, second_role, second);
  if (first.rank() == 0) {
    throw ShapeError(fmt::format("[{}] takes embeddings (features) or (batch, features), not a scalar ()", loss));
  }
}

// Throws unless there is one number per pair of embeddings.
void require_per_pair(const char* loss, const Tensor& y, const Tensor& embeddings) {
  require_floating(loss, "target", y);
  const Shape expected = embeddings.shape().without(embeddings.rank() - 1);
  if (y.shape() != expected) {
    throw ShapeError(fmt::format("[{}] the target of embeddings {} is {}, not {}", loss, to_string(embeddings.shape()),
                                 to_string(expected), to_string(y.shape())));
  }
  if (y.dtype() != embeddings.dtype()) {
    throw DTypeError(fmt::format("[{}] the target is {} beside embeddings of {}; cast() it", loss, to_string(y.dtype()),
                                 to_string(embeddings.dtype())));
  }
}

// (Σ |d|^p)^(1/p) over the last axis, derivative 0 where d = 0.
Tensor p_norm(const Tensor& d, double p) {
  if (p == 1) {
    return sum(abs(d), -1);
  }
  if (p == 2) {
    return norm(d, -1);
  }
  if (std::isinf(p)) {
    return max(abs(d), -1);
  }
  // Divided by the largest, so that no power overflows. The norm is homogeneous, so the divisor is a constant to
  // derivatives of any order.
  const Tensor largest = stop_gradient(max(abs(d), -1, true));
  const Tensor scale = where(equal(largest, 0.0), 1.0, largest);
  const Tensor total = sum(pow(abs(d / scale), p), -1, true);
  const Tensor is_zero = equal(total, 0.0);
  return sum(where(is_zero, 0.0, scale * pow(where(is_zero, 1.0, total), 1 / p)), -1);
}

// x / ‖x‖ over the last axis; 0 for 0.
Tensor direction(const Tensor& x) {
  const Tensor length = norm(x, -1, true);
  const Tensor is_zero = equal(length, 0.0);
  return where(is_zero, 0.0, x / where(is_zero, 1.0, length));
}

}  // namespace

Tensor MarginRankingLoss::operator()(const Tensor& a, const Tensor& b, const Tensor& y, const Tensor& weights) const {
  constexpr const char* name = "MarginRankingLoss";
  const Scope scope{name, Scope::Role::loss};
  require_alike(name, "first score", a, "second score", b);
  require_alike(name, "first score", a, "target", y);
  require_option(name, "margin", margin, std::isfinite(margin), "a number");
  return reduced(name, relu(margin - checked_signs(name, y) * (a - b)), reduction, weights);
}

Tensor TripletMarginLoss::operator()(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                                     const Tensor& weights) const {
  constexpr const char* name = "TripletMarginLoss";
  const Scope scope{name, Scope::Role::loss};
  require_embeddings(name, "anchor", anchor, "positive", positive);
  require_embeddings(name, "anchor", anchor, "negative", negative);
  require_option(name, "margin", margin, std::isfinite(margin), "a number");
  require_option(name, "p", p, p >= 1, "1 or more");
  Tensor far = p_norm(anchor - negative, p);
  if (swap) {
    far = minimum(far, p_norm(positive - negative, p));
  }
  return reduced(name, relu(p_norm(anchor - positive, p) - far + margin), reduction, weights);
}

Tensor ContrastiveLoss::operator()(const Tensor& a, const Tensor& b, const Tensor& y, const Tensor& weights) const {
  constexpr const char* name = "ContrastiveLoss";
  const Scope scope{name, Scope::Role::loss};
  require_embeddings(name, "first embedding", a, "second embedding", b);
  require_defined(name, "target", y);
  require_per_pair(name, y, a);
  require_option(name, "margin", margin, margin > 0 && std::isfinite(margin), "a positive number");
  const Tensor d = a - b;
  const Tensor alike = chain_mul(1.0 - y, sum(square(d), -1));
  const Tensor unlike = chain_mul(y, square(relu(margin - norm(d, -1))));
  return reduced(name, 0.5 * alike + 0.5 * unlike, reduction, weights);
}

Tensor CosineEmbeddingLoss::operator()(const Tensor& a, const Tensor& b, const Tensor& y, const Tensor& weights) const {
  constexpr const char* name = "CosineEmbeddingLoss";
  const Scope scope{name, Scope::Role::loss};
  require_embeddings(name, "first embedding", a, "second embedding", b);
  require_defined(name, "target", y);
  require_per_pair(name, y, a);
  require_option(name, "margin", margin, margin >= -1 && margin <= 1, "a number in [-1, 1]");
  const Tensor cosine = sum(direction(a) * direction(b), -1);
  const Tensor losses = where(checked_signs(name, y) > 0.0, 1.0 - cosine, relu(cosine - margin));
  return reduced(name, losses, reduction, weights);
}

}  // namespace xgrad::nn
