#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// What is reported of a model: numbers, not tensors. Each evaluates what it is given, and has no gradient. Wrong
/// shapes are a ShapeError, wrong dtypes a DTypeError, an index that is no class, and no samples, a ValueError.
namespace xgrad::nn {

/// The share of rows whose largest output is at the label. outputs (N, classes), labels int64 (N). Of several largest
/// the first counts; a row with a NaN is wrong.
[[nodiscard]] XGRAD_API double accuracy(const Tensor& outputs, const Tensor& labels);

/// The share of rows whose label is among the k largest outputs; of equal ones those of lower index come first. A row
/// with a NaN is wrong. Throws ValueError unless 1 ≤ k ≤ classes.
[[nodiscard]] XGRAD_API double top_k_accuracy(const Tensor& outputs, const Tensor& labels, std::int64_t k);

/// counts[i][j]: how many samples of class i were taken for class j. predictions and labels int64 (N), in [0, classes).
/// The classes of outputs are argmax(outputs, -1).
[[nodiscard]] XGRAD_API std::vector<std::vector<std::int64_t>> confusion_matrix(const Tensor& predictions,
                                                                                const Tensor& labels,
                                                                                std::int64_t classes);

/// Of what the numbers of several classes are made: `binary` is class 1 alone, of labels 0 and 1; `macro` the mean over
/// the classes that occur in labels or predictions; `micro` counts all classes together.
enum class Average : std::uint8_t { binary, macro, micro };

// Of predictions and labels int64 (N), none negative. A share of nothing, as the precision of a class that was never
// predicted, counts as 0.
/// Of the samples taken for a class, the share that is of it.
[[nodiscard]] XGRAD_API double precision(const Tensor& predictions, const Tensor& labels,
                                         Average average = Average::binary);
/// Of the samples of a class, the share that was taken for it.
[[nodiscard]] XGRAD_API double recall(const Tensor& predictions, const Tensor& labels,
                                      Average average = Average::binary);
/// 2 P R / (P + R) per class; macro is the mean of these.
[[nodiscard]] XGRAD_API double f1(const Tensor& predictions, const Tensor& labels, Average average = Average::binary);

/// The area under the receiver operating characteristic: the probability that a sample of class 1 scores higher than
/// one of class 0, ties counting half. By ranks: Mann and Whitney 1947. scores floating (N), labels int64 (N) of 0
/// and 1. Throws ValueError for a NaN score, which has no rank, and unless both classes occur.
[[nodiscard]] XGRAD_API double auc(const Tensor& scores, const Tensor& labels);

/// e to the mean cross-entropy, in float64, of logits (N, C) or (N, C, d₁, …) with labels int64 (N, d₁, …). NaN for
/// NaN.
[[nodiscard]] XGRAD_API double perplexity(const Tensor& logits, const Tensor& labels);

/// 1 − Σ (y − a)² / Σ (y − mean y)², of predictions a and targets y, floating (N) both. NaN for NaN. Throws ValueError
/// for equal targets, which have no variance.
[[nodiscard]] XGRAD_API double r_squared(const Tensor& predictions, const Tensor& targets);

/// Σ |a − y| / n over all elements of two tensors of one shape and floating dtype. NaN for NaN.
[[nodiscard]] XGRAD_API double mean_absolute_error(const Tensor& predictions, const Tensor& targets);

}  // namespace xgrad::nn
