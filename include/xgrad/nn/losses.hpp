#pragma once

#include <cstdint>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Losses: scalars from a prediction and a target. A batch is (batch, features), a single sample (features); shapes
/// must be equal (ShapeError), nothing broadcasts.
namespace xgrad::nn {

/// Over the batch; over features a loss always adds up, but for MeanSquaredError.
enum class Reduction : std::uint8_t { mean, sum };

/// ½ Σ (a − y)².
struct XGRAD_API QuadraticLoss {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y) const;
};

/// −Σ y log softmax(z), from logits z. The target is a class index per sample (int64, of shape (batch) or ()), checked
/// when it is evaluated, or a distribution over the classes of z's shape (one-hot).
struct XGRAD_API CrossEntropy {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& z, const Tensor& target) const;
};

/// −Σ y log σ(z) + (1 − y) log(1 − σ(z)) = Σ softplus(z) − y z, from logits z; y in [0, 1].
struct XGRAD_API BinaryCrossEntropy {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& z, const Tensor& y) const;
};

/// (a − y)², its mean over all elements; `sum` adds them up.
struct XGRAD_API MeanSquaredError {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y) const;
};

/// The share of rows whose largest output is at the label. outputs (batch, classes), labels int64 (batch); a row with a
/// NaN is wrong. Evaluates. Throws ValueError for no rows, and for a label outside of [0, classes).
[[nodiscard]] XGRAD_API double accuracy(const Tensor& outputs, const Tensor& labels);

}  // namespace xgrad::nn
