// Losses, of predictions (in) or (N, in): a mean over samples, which isn't seen where there is one.
#include "xgrad/nn/losses.hpp"

#include <array>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

template <class L>
LayerCall of_numbers(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("a", inputs.row(inputs.in));
  const NamedTensor y = inputs.data("y", inputs.row(inputs.in));
  return {{a}, {"", L{}(a.tensor, y.tensor)}, {y}};
}

LayerCall poisson(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("a", inputs.row(inputs.in));
  const NamedTensor y = inputs.data("y", square(inputs.random.normal(inputs.row(inputs.in), 0, 1, inputs.dtype)));
  return {{a}, {"", nn::PoissonNLL{}(a.tensor, y.tensor)}, {y}};
}

LayerCall gaussian(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("a", inputs.row(inputs.in));
  const NamedTensor v = inputs.variable("v", exp(inputs.random.normal(inputs.row(inputs.in), 0, 1, inputs.dtype)));
  const NamedTensor y = inputs.data("y", inputs.row(inputs.in));
  return {{a, v}, {"", nn::GaussianNLL{}(a.tensor, y.tensor, v.tensor)}, {y}};
}

// Shares that add up to 1.
NamedTensor distribution(LayerInputs& inputs) {
  return inputs.data("y", softmax(inputs.random.normal(inputs.row(inputs.in), 0, 1, inputs.dtype)));
}

LayerCall divergence(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("a", inputs.row(inputs.in));
  const NamedTensor y = distribution(inputs);
  return {{a}, {"", nn::KLDivergence{}(a.tensor, y.tensor)}, {y}};
}

// () or (N)
Shape of_classes(const LayerInputs& inputs) {
  return inputs.of_samples({}, 1);
}

template <class L>
LayerCall of_logits(LayerInputs& inputs) {
  const NamedTensor z = inputs.variable("z", inputs.row(inputs.in));
  const NamedTensor y = inputs.classes("y", of_classes(inputs), inputs.in);
  return {{z}, {"", L{}(z.tensor, y.tensor)}, {y}};
}

LayerCall negative_log_likelihood(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("a", inputs.row(inputs.in));
  const NamedTensor y = inputs.classes("y", of_classes(inputs), inputs.in);
  return {{a}, {"", nn::NegativeLogLikelihood{}(a.tensor, y.tensor)}, {y}};
}

template <class L>
LayerCall of_bits(LayerInputs& inputs) {
  const NamedTensor z = inputs.variable("z", inputs.row(inputs.in));
  const NamedTensor y = inputs.bits("y", inputs.row(inputs.in));
  return {{z}, {"", L{}(z.tensor, y.tensor)}, {y}};
}

LayerCall dice(LayerInputs& inputs) {
  const NamedTensor p = inputs.variable("p", inputs.random.uniform(inputs.row(inputs.in), 0.1, 0.9, inputs.dtype));
  const NamedTensor y = inputs.bits("y", inputs.row(inputs.in));
  return {{p}, {"", nn::DiceLoss{}(p.tensor, y.tensor)}, {y}};
}

template <class L>
LayerCall of_signs(LayerInputs& inputs) {
  const NamedTensor z = inputs.variable("z", inputs.row(inputs.in));
  const NamedTensor y = inputs.signs("y", inputs.row(inputs.in));
  return {{z}, {"", L{}(z.tensor, y.tensor)}, {y}};
}

LayerCall ranking(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("a", inputs.row(inputs.in));
  const NamedTensor b = inputs.variable("b", inputs.row(inputs.in));
  const NamedTensor y = inputs.signs("y", inputs.row(inputs.in));
  return {{a, b}, {"", nn::MarginRankingLoss{.margin = 1}(a.tensor, b.tensor, y.tensor)}, {y}};
}

LayerCall triplet(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("a", inputs.row(inputs.in));
  const NamedTensor p = inputs.variable("p", inputs.row(inputs.in));
  const NamedTensor n = inputs.variable("n", inputs.row(inputs.in));
  return {{a, p, n}, {"", nn::TripletMarginLoss{.margin = 4}(a.tensor, p.tensor, n.tensor)}};
}

// Of pairs in a batch, so that y isn't one number, whose value would be part of the formula.
LayerCall contrastive(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("a", inputs.batch({inputs.in}, 2));
  const NamedTensor b = inputs.variable("b", inputs.batch({inputs.in}, 2));
  const NamedTensor y = inputs.bits("y", inputs.batch({}, 2));
  return {{a, b}, {"", nn::ContrastiveLoss{.margin = 4}(a.tensor, b.tensor, y.tensor)}, {y}};
}

LayerCall cosine(LayerInputs& inputs) {
  const NamedTensor a = inputs.variable("a", inputs.batch({inputs.in}, 2));
  const NamedTensor b = inputs.variable("b", inputs.batch({inputs.in}, 2));
  const NamedTensor y = inputs.signs("y", inputs.batch({}, 2));
  return {{a, b}, {"", nn::CosineEmbeddingLoss{}(a.tensor, b.tensor, y.tensor)}, {y}};
}

// Four frames of three classes, a target of two.
LayerCall ctc(LayerInputs& inputs) {
  const std::int64_t samples = inputs.samples.value_or(1);
  const NamedTensor a = inputs.variable("a", log_softmax(inputs.random.normal({4, samples, 3}, 0, 1, inputs.dtype), 2));
  const NamedTensor y = inputs.integers("y", {samples, 2}, 1, 2);
  const NamedTensor length = inputs.integers("S", {samples}, 1, 2);
  const Tensor needed = length.tensor * 2.0 - 1.0;  // with a blank between equal labels
  const NamedTensor frames = inputs.data("T", maximum(inputs.integers("T", {samples}, 1, 4).tensor, needed));
  return {{a}, {"", nn::CTCLoss{}(a.tensor, y.tensor, frames.tensor, length.tensor)}, {y, frames, length}};
}

constexpr std::array entries{
    LayerEntry{"QuadraticLoss", "½ Σ (a − y)²", of_numbers<nn::QuadraticLoss>},
    LayerEntry{"MeanSquaredError", "the mean of (a − y)²", of_numbers<nn::MeanSquaredError>},
    LayerEntry{"L1Loss", "the mean of |a − y|", of_numbers<nn::L1Loss>},
    LayerEntry{"SmoothL1Loss", "(a − y)² / 2 near 0, else |a − y| − ½", of_numbers<nn::SmoothL1Loss>},
    LayerEntry{"HuberLoss", "likewise, with another scale for another δ", of_numbers<nn::HuberLoss>},
    LayerEntry{"PoissonNLL", "eᵃ − y a", poisson},
    LayerEntry{"GaussianNLL", "½ (log v + (a − y)² / v)", gaussian},
    LayerEntry{"KLDivergence", "Σ y (log y − a), of log-probabilities a", divergence},
    LayerEntry{"CrossEntropy", "−log softmax(z) at the class y", of_logits<nn::CrossEntropy>},
    LayerEntry{"NegativeLogLikelihood", "−a at the class y, of log-probabilities a", negative_log_likelihood},
    LayerEntry{"BinaryCrossEntropy", "−Σ y log σ(z) + (1 − y) log σ(−z)", of_bits<nn::BinaryCrossEntropy>},
    LayerEntry{"FocalLoss", "−(1 − p)² log p, of p = softmax(z) at the class y", of_logits<nn::FocalLoss>},
    LayerEntry{"BinaryFocalLoss", "−Σ y σ(−z)² log σ(z) + (1 − y) σ(z)² log σ(−z)", of_bits<nn::BinaryFocalLoss>},
    LayerEntry{"DiceLoss", "1 − (2 Σ p y + 1) / (Σ p + Σ y + 1)", dice},
    LayerEntry{"HingeLoss", "max(0, 1 − y z)", of_signs<nn::HingeLoss>},
    LayerEntry{"SquaredHingeLoss", "max(0, 1 − y z)²", of_signs<nn::SquaredHingeLoss>},
    LayerEntry{"MultiMarginLoss", "Σ max(0, 1 − z_y + z_c) / C over the other classes c",
               of_logits<nn::MultiMarginLoss>},
    LayerEntry{"MarginRankingLoss", "max(0, 1 − y (a − b))", ranking},
    LayerEntry{"TripletMarginLoss", "max(0, ‖a − p‖ − ‖a − n‖ + 4)", triplet},
    LayerEntry{"ContrastiveLoss", "½ (1 − y) D² + ½ y max(0, 4 − D)², D = ‖a − b‖", contrastive},
    LayerEntry{"CosineEmbeddingLoss", "1 − cos(a, b) for y = 1, max(0, cos(a, b)) for y = −1", cosine},
    LayerEntry{"CTCLoss", "−log of the probability of all alignments of y with frames", ctc}};

}  // namespace

std::span<const LayerEntry> loss_entries() {
  return entries;
}

}  // namespace xgrad::cli
