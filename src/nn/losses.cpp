#include "xgrad/nn/losses.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <span>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

namespace {

void require_alike(const char* loss, const Tensor& prediction, const Tensor& target) {
  require_defined(loss, "prediction", prediction);
  require_defined(loss, "target", target);
  if (prediction.shape() != target.shape()) {
    throw ShapeError(fmt::format("[{}] the prediction is {}, the target {}; they must be equal", loss,
                                 to_string(prediction.shape()), to_string(target.shape())));
  }
  if (prediction.dtype() != target.dtype()) {
    throw DTypeError(fmt::format("[{}] the prediction is {}, the target {}; cast() one of them", loss,
                                 to_string(prediction.dtype()), to_string(target.dtype())));
  }
}

// The samples of a prediction: all axes but the last are the batch; a vector is one sample.
std::int64_t samples(const char* loss, const Tensor& prediction) {
  if (prediction.rank() == 0) {
    throw ShapeError(fmt::format("[{}] takes a prediction (features) or (batch, features), not a scalar ()", loss));
  }
  const std::int64_t features = prediction.dim(-1);
  return features == 0 ? 0 : prediction.size() / features;
}

// A total over batch and features, as it is or per sample. One sample has no factor 1 in its formula. Of no samples it
// is NaN, and a constant.
Tensor reduced(const Tensor& total, std::int64_t count, Reduction reduction) {
  if (reduction == Reduction::mean && count == 0) {
    return total + std::numeric_limits<double>::quiet_NaN();
  }
  return reduction == Reduction::sum || count == 1 ? total : total * (1.0 / static_cast<double>(count));
}

}  // namespace

Tensor QuadraticLoss::operator()(const Tensor& a, const Tensor& y) const {
  const Scope scope{"QuadraticLoss", Scope::Role::loss};
  require_alike("QuadraticLoss", a, y);
  const std::int64_t count = samples("QuadraticLoss", a);
  if (count == 0) {
    return reduced(0.5 * sum(square(a - y)), count, reduction);
  }
  const double factor = reduction == Reduction::sum ? 0.5 : 0.5 / static_cast<double>(count);
  return factor * sum(square(a - y));
}

Tensor CrossEntropy::operator()(const Tensor& z, const Tensor& target) const {
  const Scope scope{"CrossEntropy", Scope::Role::loss};
  require_defined("CrossEntropy", "prediction", z);
  require_defined("CrossEntropy", "target", target);
  const std::int64_t count = samples("CrossEntropy", z);
  if (target.dtype() == int64) {
    if (target.shape() != z.shape().without(z.rank() - 1)) {
      throw ShapeError(fmt::format("[CrossEntropy] logits {} take class indices {}, not a target {}",
                                   to_string(z.shape()), to_string(z.shape().without(z.rank() - 1)),
                                   to_string(target.shape())));
    }
    const Tensor picked = where(detail::one_hot_of_target(target, z.dim(-1)), log_softmax(z, -1), 0.0);
    return reduced(-sum(picked), count, reduction);
  }
  if (target.rank() + 1 == z.rank()) {
    throw DTypeError(
        fmt::format("[CrossEntropy] the target {} beside logits {} holds class indices, which are int64, not {}: make "
                    "them with tensor(…, int64)",
                    to_string(target.shape()), to_string(z.shape()), to_string(target.dtype())));
  }
  require_alike("CrossEntropy", z, target);
  // 0 log 0 is 0: a class with the logit −∞ and no share in the target adds nothing.
  const Tensor terms = where(equal(target, 0.0), 0.0, target * log_softmax(z, -1));
  return reduced(-sum(terms), count, reduction);
}

Tensor BinaryCrossEntropy::operator()(const Tensor& z, const Tensor& y) const {
  const Scope scope{"BinaryCrossEntropy", Scope::Role::loss};
  require_alike("BinaryCrossEntropy", z, y);
  return reduced(sum(softplus(z) - y * z), samples("BinaryCrossEntropy", z), reduction);
}

Tensor MeanSquaredError::operator()(const Tensor& a, const Tensor& y) const {
  const Scope scope{"MeanSquaredError", Scope::Role::loss};
  require_alike("MeanSquaredError", a, y);
  const Tensor squares = square(a - y);
  return reduction == Reduction::sum ? sum(squares) : mean(squares);
}

double accuracy(const Tensor& outputs, const Tensor& labels) {
  require_defined("accuracy", "output", outputs);
  require_defined("accuracy", "tensor of labels", labels);
  if (outputs.rank() != 2 || labels.shape() != Shape{outputs.dim(0)}) {
    throw ShapeError(fmt::format("[accuracy] takes outputs (batch, classes) and labels (batch), not {} and {}",
                                 to_string(outputs.shape()), to_string(labels.shape())));
  }
  if (labels.dtype() != int64) {
    throw DTypeError(fmt::format("[accuracy] labels {} are {}; expected int64", to_string(labels.shape()),
                                 to_string(labels.dtype())));
  }
  if (outputs.size() == 0) {
    throw ValueError(fmt::format("[accuracy] there is nothing to judge: outputs are {}", to_string(outputs.shape())));
  }
  const std::span<const std::int64_t> classes = labels.data<std::int64_t>();
  const std::int64_t count = outputs.dim(1);
  const auto wrong = std::find_if(classes.begin(), classes.end(), [count](auto c) { return c < 0 || c >= count; });
  if (wrong != classes.end()) {
    throw ValueError(fmt::format("[accuracy] the label of row {} is {}; expected 0 to {} for outputs {}",
                                 wrong - classes.begin(), *wrong, count - 1, to_string(outputs.shape())));
  }
  const Tensor largest = max(outputs, -1);
  const Tensor finite_row = equal(largest, largest);  // false for NaN
  return mean(cast(logical_and(equal(argmax(outputs, -1), labels), finite_row), float64)).item();
}

}  // namespace xgrad::nn
