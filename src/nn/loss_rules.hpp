#pragma once

#include <cstdint>
#include <optional>

#include "xgrad/nn/reduction.hpp"
#include "xgrad/tensor.hpp"

/// What losses have in common. Errors name the loss.
namespace xgrad::nn {

/// Throws ValueError for an undefined tensor, ShapeError unless the shapes are equal, DTypeError unless the dtypes are.
void require_alike(const char* loss, const char* first_role, const Tensor& first, const char* second_role,
                   const Tensor& second);
/// The same of a prediction and a target.
void require_alike(const char* loss, const Tensor& prediction, const Tensor& target);
/// Throws DTypeError unless it is float32 or float64.
void require_floating(const char* loss, const char* role, const Tensor& tensor);
/// Throws ValueError unless the condition holds: "[HuberLoss] delta -1; expected a positive number".
void require_option(const char* loss, const char* option, double value, bool holds, const char* expected);

/// The samples of a prediction whose last axis has the features; a vector is one sample. Throws ShapeError for a
/// scalar.
[[nodiscard]] std::int64_t samples(const char* loss, const Tensor& prediction);

/// A total over samples and features, as it is or per sample. One sample has no factor 1 in its formula. Of no samples
/// the mean is NaN, and a constant.
[[nodiscard]] Tensor reduced_total(const Tensor& total, std::int64_t count, Reduction reduction);

/// The losses of samples reduced. Weights may be undefined; `shares`, of the losses' shape, is how much each counts in
/// the mean, 1 if undefined. Throws ShapeError and DTypeError for weights that don't fit.
[[nodiscard]] Tensor reduced(const char* loss, const Tensor& losses, Reduction reduction, const Tensor& weights,
                             const Tensor& shares = {});

/// An axis of scores that has the classes; of a vector its only one. Throws ShapeError.
[[nodiscard]] std::size_t class_axis(const char* loss, const Tensor& scores, std::int64_t axis);
/// x with that axis as the last one.
[[nodiscard]] Tensor with_last(const Tensor& x, std::size_t axis);
/// Throws ShapeError and DTypeError unless the target has class indices for these scores.
void require_class_indices(const char* loss, const Tensor& scores, std::size_t axis, const Tensor& target);
/// bool, the indices' shape and an axis of classes: which class each is. Indices are checked when evaluated.
[[nodiscard]] Tensor chosen_classes(const char* loss, const Tensor& indices, std::int64_t classes);
/// Throws ShapeError and DTypeError unless it is one number of the scores' dtype per class.
void require_per_class(const char* loss, const char* role, const Tensor& numbers, const Tensor& scores,
                       std::size_t axis);
/// The target, which has to be −1 or 1 when evaluated.
[[nodiscard]] Tensor checked_signs(const char* loss, const Tensor& y);

}  // namespace xgrad::nn
