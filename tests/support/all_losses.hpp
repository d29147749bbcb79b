#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

/// Every loss, of one prediction that is a vector of float64.
namespace all_losses {

using xgrad::Tensor;

struct Case {
  std::string name;                             ///< of the struct
  std::function<Tensor(const Tensor& a)> loss;  ///< a scalar
  std::int64_t size = 4;                        ///< of a
};

inline Tensor numbers(const xgrad::NestedList& values) {
  return xgrad::tensor(values, xgrad::float64).eval();
}

inline std::vector<Case> cases() {
  namespace nn = xgrad::nn;
  const Tensor y = numbers({0.3, -0.7, 1.9, 0.4});
  const Tensor p = numbers({0.1, 0.2, 0.3, 0.4});
  const Tensor signs = numbers({1, -1, -1, 1});
  const Tensor bits = numbers({1, 0, 0, 1});
  const Tensor third = xgrad::scalar(2, xgrad::int64);
  const Tensor other = numbers({-0.4, 0.9, 0.2, 1.3});
  const Tensor one = xgrad::scalar(1, xgrad::float64);
  const Tensor w = numbers({0.5, 2, 1.5, 1});
  const auto frames = [](const Tensor& a) { return xgrad::log_softmax(xgrad::reshape(a, {4, 1, 3}), 2); };
  const Tensor word = xgrad::tensor({{1, 1}}, xgrad::int64).eval();
  const auto length = [](std::int64_t n) { return xgrad::full({1}, static_cast<double>(n), xgrad::int64).eval(); };
  return {
      {"QuadraticLoss", [=](const Tensor& a) { return nn::QuadraticLoss{}(a, y); }},
      {"MeanSquaredError", [=](const Tensor& a) { return nn::MeanSquaredError{}(a, y); }},
      {"L1Loss", [=](const Tensor& a) { return nn::L1Loss{}(a, y); }},
      {"SmoothL1Loss", [=](const Tensor& a) { return nn::SmoothL1Loss{.beta = 0.8}(a, y); }},
      {"HuberLoss", [=](const Tensor& a) { return nn::HuberLoss{.delta = 0.8}(a, y); }},
      {"PoissonNLL", [=](const Tensor& a) { return nn::PoissonNLL{.full = true}(a, xgrad::square(y)); }},
      {"GaussianNLL", [=](const Tensor& a) { return nn::GaussianNLL{}(a, y, p); }},
      {"KLDivergence", [=](const Tensor& a) { return nn::KLDivergence{}(a, p); }},
      {"CrossEntropy", [=](const Tensor& a) { return nn::CrossEntropy{}(a, p); }},
      {"CrossEntropy", [=](const Tensor& a) { return nn::CrossEntropy{}(a, third); }},
      {"CrossEntropy",
       [=](const Tensor& a) {
         return nn::CrossEntropy{.class_weights = w, .ignore_index = -1, .label_smoothing = 0.1}(a, third);
       }},
      {"NegativeLogLikelihood", [=](const Tensor& a) { return nn::NegativeLogLikelihood{}(a, third); }},
      {"BinaryCrossEntropy", [=](const Tensor& a) { return nn::BinaryCrossEntropy{}(a, p); }},
      {"BinaryCrossEntropy", [=](const Tensor& a) { return nn::BinaryCrossEntropy{.pos_weight = w}(a, p); }},
      {"FocalLoss", [=](const Tensor& a) { return nn::FocalLoss{}(a, third); }},
      {"BinaryFocalLoss", [=](const Tensor& a) { return nn::BinaryFocalLoss{.alpha = 0.25}(a, bits); }},
      {"DiceLoss", [=](const Tensor& a) { return nn::DiceLoss{}(xgrad::square(a), bits); }},
      {"HingeLoss", [=](const Tensor& a) { return nn::HingeLoss{}(a, signs); }},
      {"SquaredHingeLoss", [=](const Tensor& a) { return nn::SquaredHingeLoss{}(a, signs); }},
      {"MultiMarginLoss", [=](const Tensor& a) { return nn::MultiMarginLoss{}(a, third); }},
      {"MarginRankingLoss", [=](const Tensor& a) { return nn::MarginRankingLoss{.margin = 0.5}(a, other, signs); }},
      {"TripletMarginLoss", [=](const Tensor& a) { return nn::TripletMarginLoss{.margin = 3}(a, y, other); }},
      {"ContrastiveLoss", [=](const Tensor& a) { return nn::ContrastiveLoss{.margin = 5}(a, other, one); }},
      {"CosineEmbeddingLoss", [=](const Tensor& a) { return nn::CosineEmbeddingLoss{}(a, other, one); }},
      {"CTCLoss", [=](const Tensor& a) { return nn::CTCLoss{}(frames(a), word, length(4), length(2)); }, 12},
  };
}

}  // namespace all_losses
