#include "nn/loss_rules.hpp"

#include <fmt/format.h>
#include <limits>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "nn/defined.hpp"
#include "ops/index/checked_labels.hpp"

namespace xgrad::nn {

namespace {

// Weights as wide as the losses' rank.
Tensor sample_weights(const char* loss, const Tensor& weights, const Tensor& losses) {
  if (weights.dtype() != losses.dtype()) {
    throw DTypeError(fmt::format("[{}] the weights are {} beside losses of {}; cast() them", loss,
                                 to_string(weights.dtype()), to_string(losses.dtype())));
  }
  if (weights.shape() == losses.shape()) {
    return weights;
  }
  if (losses.rank() == 0 || weights.shape() != Shape{losses.dim(0)}) {
    const std::string first = losses.rank() > 1 ? fmt::format(" or ({},)", losses.dim(0)) : "";
    throw ShapeError(fmt::format("[{}] the weights are {}; expected {}{}, one per sample", loss,
                                 to_string(weights.shape()), to_string(losses.shape()), first));
  }
  std::vector<std::int64_t> lengths(losses.rank(), 1);
  lengths[0] = losses.dim(0);
  return broadcast_to(reshape(weights, Shape{lengths}), losses.shape());
}

Tensor total_of(const Tensor& losses) {
  return losses.rank() == 0 ? losses : sum(losses);
}

}  // namespace

void require_alike(const char* loss, const char* first_role, const Tensor& first, const char* second_role,
                   const Tensor& second) {
  require_defined(loss, first_role, first);
  require_defined(loss, second_role, second);
  if (first.shape() != second.shape()) {
    throw ShapeError(fmt::format("[{}] the {} is {}, the {} {}; they must be equal", loss, first_role,
                                 to_string(first.shape()), second_role, to_string(second.shape())));
  }
  if (first.dtype() != second.dtype()) {
    throw DTypeError(fmt::format("[{}] the {} is {}, the {} {}; cast() one of them", loss, first_role,
                                 to_string(first.dtype()), second_role, to_string(second.dtype())));
  }
  require_floating(loss, first_role, first);
}

void require_alike(const char* loss, const Tensor& prediction, const Tensor& target) {
  require_alike(loss, "prediction", prediction, "target", target);
}

void require_floating(const char* loss, const char* role, const Tensor& tensor) {
  require_defined(loss, role, tensor);
  if (!is_floating(tensor.dtype())) {
    throw DTypeError(fmt::format("[{}] the {} {} is {}; expected float32 or float64", loss, role,
                                 to_string(tensor.shape()), to_string(tensor.dtype())));
  }
}

void require_option(const char* loss, const char* option, double value, bool holds, const char* expected) {
  if (!holds) {
    throw ValueError(fmt::format("[{}] {} {}; expected {}", loss, option, value, expected));
  }
}

std::int64_t samples(const char* loss, const Tensor& prediction) {
  if (prediction.rank() == 0) {
    throw ShapeError(fmt::format("[{}] takes a prediction (features) or (batch, features), not a scalar ()", loss));
  }
  const std::int64_t features = prediction.dim(-1);
  return features == 0 ? 0 : prediction.size() / features;
}

Tensor reduced_total(const Tensor& total, std::int64_t count, Reduction reduction) {
  if (reduction == Reduction::mean && count == 0) {
    return total + std::numeric_limits<double>::quiet_NaN();
  }
  return reduction == Reduction::sum || count == 1 ? total : total * (1.0 / static_cast<double>(count));
}

Tensor reduced(const char* loss, const Tensor& losses, Reduction reduction, const Tensor& weights,
               const Tensor& shares) {
  if (!weights.defined() && (!shares.defined() || reduction != Reduction::mean)) {
    if (reduction == Reduction::none) {
      return losses;
    }
    return reduction == Reduction::sum || losses.rank() == 0 ? total_of(losses) : mean(losses);
  }
  if (!weights.defined()) {
    return total_of(losses) / total_of(shares);
  }
  const Tensor w = sample_weights(loss, weights, losses);
  Tensor weighted = chain_mul(w, losses);
  if (reduction == Reduction::none) {
    return weighted;
  }
  const Tensor total = total_of(weighted);
  return reduction == Reduction::sum ? total : total / total_of(shares.defined() ? w * shares : w);
}

std::size_t class_axis(const char* loss, const Tensor& scores, std::int64_t axis) {
  if (scores.rank() == 0) {
    throw ShapeError(fmt::format("[{}] takes scores (classes) or (batch, classes, …), not a scalar ()", loss));
  }
  return scores.rank() == 1 ? 0 : normalize_axis(axis, scores.rank(), loss);
}

Tensor with_last(const Tensor& x, std::size_t axis) {
  if (axis + 1 == x.rank()) {
    return x;
  }
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    if (i != axis) {
      axes.push_back(static_cast<std::int64_t>(i));
    }
  }
  axes.push_back(static_cast<std::int64_t>(axis));
  return permute(x, axes);
}

void require_class_indices(const char* loss, const Tensor& scores, std::size_t axis, const Tensor& target) {
  const Shape expected = scores.shape().without(axis);
  if (target.shape() != expected) {
    throw ShapeError(fmt::format("[{}] logits {} take class indices {}, not a target {}", loss,
                                 to_string(scores.shape()), to_string(expected), to_string(target.shape())));
  }
  if (target.dtype() != int64) {
    throw DTypeError(
        fmt::format("[{}] the target {} beside logits {} holds class indices, which are int64, not {}: make "
                    "them with tensor(…, int64)",
                    loss, to_string(target.shape()), to_string(scores.shape()), to_string(target.dtype())));
  }
}

Tensor chosen_classes(const char* loss, const Tensor& indices, std::int64_t classes) {
  const ops::LabelRule rule{.loss = loss, .kind = ops::LabelRule::Kind::class_index, .low = 0, .high = classes - 1};
  return one_hot(ops::checked_labels(indices, rule), classes, boolean);
}

void require_per_class(const char* loss, const char* role, const Tensor& numbers, const Tensor& scores,
                       std::size_t axis) {
  const Shape expected{scores.shape()[axis]};
  if (numbers.shape() != expected) {
    throw ShapeError(fmt::format("[{}] the {} is {}; expected {} beside {}", loss, role, to_string(numbers.shape()),
                                 to_string(expected), to_string(scores.shape())));
  }
  if (numbers.dtype() != scores.dtype()) {
    throw DTypeError(fmt::format("[{}] the {} is {} beside {}; cast() it", loss, role, to_string(numbers.dtype()),
                                 to_string(scores.dtype())));
  }
}

Tensor checked_signs(const char* loss, const Tensor& y) {
  return ops::checked_labels(y, {.loss = loss, .kind = ops::LabelRule::Kind::sign});
}

}  // namespace xgrad::nn
